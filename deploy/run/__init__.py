"""Starting all of FeedForward on one machine with one command: ``python -m deploy.run`` (``make run``)."""
