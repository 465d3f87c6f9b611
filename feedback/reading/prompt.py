"""The words sent to one model for one reading of one draft.

Two messages, ``system`` and ``user``. The system message is the contract; the user message has one
regular, line-based form, so that a program (a test, a rule-based reviewer) can read it as well as a model.
Every section starts with a marker line of its own that holds the nonce of the call; ``<nonce>`` is ten
characters of ``[a-z0-9]``. One record is one line; records never contain a line break; ``|`` inside a value is
written ``/``::

    ⟦<nonce>·ASSIGNMENT⟧
    title | Free public transport
    <the assignment's own text, any number of lines>
    ⟦<nonce>·RUBRIC⟧
    criterion c1 | Argument | weight 2
    about | what the criterion looks at                   (only when it has a description)
    level 0 | Missing | descriptor
    level 1 | Emerging | descriptor
    aim | level 2                                         (only when the target is not the top level)
    criterion c2 | ...
    ⟦<nonce>·GOALS⟧                                       (only when there are goals)
    goal g1 | criterion c1 | the next step that was agreed
    comment | the comment it came from                    (only when there is one)
    before | one old sentence                             (none, one or more lines)
    ⟦<nonce>·INSTRUCTIONS⟧                                (only when the instructor wrote any)
    <any number of lines>
    ⟦<nonce>·DRAFT⟧
    ⟦<nonce>·P1.S1⟧ First sentence of the draft.
    ⟦<nonce>·P1.S2⟧ Second sentence.
    ⟦<nonce>·P2.S1⟧ ...
    ⟦<nonce>·END⟧
    <the reminder>

The last lines of the system message are records too::

    nonce | <nonce>
    canary | FFC-<12 hex>
    feedback language | en
    part | all            (all; comments: a part of a long draft, levels null; levels: no comments)

Sentences that were left out of a long draft are simply not there; the ids of the others do not change.
"""

from __future__ import annotations
