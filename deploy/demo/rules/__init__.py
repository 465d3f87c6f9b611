"""The rules of the demo reviewers: what a patient reader can see in a text without understanding it.

``task`` reads the prompt, ``draft`` finds the parts of the text, the rule modules (``claim``, ``sources``,
``views``, ``order``, ``wording``, ``experiment``) collect observations and signals, ``levels`` turns signals into
levels, ``goals`` looks at what became of the last round, and ``answer`` writes it all down as ``ff.review/1``.
Nothing here imports the product: it stands for a provider outside.
"""
