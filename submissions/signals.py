"""The one domain signal of this floor: a draft's text is there. Received only by feedback/receivers.py."""

from django.dispatch import Signal

# Sent after the commit that made the draft READY, with ``draft_id``. A lost one is found by the sweeper.
draft_ready = Signal()
