"""The second and last domain signal of the house (docs/architecture.md, floors).

``invitation_accepted`` is sent by :func:`accounts.invitations.redeem` inside its transaction, once per
invitation: ``sender=Invitation, invitation=Invitation, user=User, now=datetime``. What an acceptance means for a
course is for ``courses.receivers`` to do; an exception there undoes the acceptance.
"""

from django.dispatch import Signal

invitation_accepted = Signal()
