"""What this floor announces to the floors above."""

from django.dispatch import Signal

# Sent inside the transaction that redeems an invitation, with ``invitation`` and ``user``; received only by
# courses/receivers.py, which enrols the student or adds to the staff. The second signal of the house.
invitation_accepted = Signal()
