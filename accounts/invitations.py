"""Invitations: a way in, bound to an address and a role, used once, kept only as a hash."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.mails import Letter, send_letter, site_link
from accounts.models import Invitation, User
from accounts.people import change_person, require_administrator
from accounts.signals import invitation_accepted
from accounts.tokens import new_token, token_hash
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError

if TYPE_CHECKING:
    from courses.models import Course

LIFETIME = timedelta(days=7)
SITE_ROLES = frozenset({Invitation.Role.INSTRUCTOR, Invitation.Role.ADMINISTRATOR})


class InvitationRefused(DomainError):
    """The invitation cannot be sent or used; the sentence says why and what to do."""

    code = "invitation_refused"


class InvitationUnknown(InvitationRefused):
    """No invitation has this token."""

    code = "invitation_unknown"


class InvitationExpired(InvitationRefused):
    """It ran out."""

    code = "invitation_expired"


class InvitationUsed(InvitationRefused):
    """It was accepted before."""

    code = "invitation_used"


class InvitationWithdrawn(InvitationRefused):
    """Whoever sent it took it back."""

    code = "invitation_withdrawn"


class InvitationForSomebodyElse(InvitationRefused):
    """The signed-in person has another address."""

    code = "invitation_other_address"


def invite(
    *,
    email: str,
    name: str = "",
    role: str,
    course: Course | None = None,
    actor: User,
    now: datetime | None = None,
) -> Invitation:
    """Invite an address to a role; an open invitation to the same is sent again instead of doubled.

    Whether ``actor`` may invite to ``course`` is checked by the caller, which knows courses; roles of the site
    (instructor, administrator) are for administrators and that is checked here.
    Raises InvitationRefused, NotAllowed.
    """
    now = now or timezone.now()
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvitationRefused(
            _("“%(email)s” is not an email address.") % {"email": email[:80]}, field="email"
        ) from None
    if role not in Invitation.Role.values:
        raise InvitationRefused(_("There is no such role."), field="role")
    if (role in SITE_ROLES) != (course is None):
        raise InvitationRefused(_("This role and this course do not go together."), field="role")
    if role in SITE_ROLES:
        require_administrator(actor)
    same = Invitation.objects.filter(email=email, role=role, course=course, status=Invitation.Status.OPEN)
    existing = same.first()
    if existing is None:
        try:
            with transaction.atomic():
                invitation = Invitation(
                    email=email, name=name.strip()[:150], role=role, course=course, invited_by=actor
                )
                return _send(invitation, actor=actor, now=now, code="invitation.sent")
        except IntegrityError:
            existing = same.get()  # somebody else sent the same one in this moment
    return resend(invitation=existing, actor=actor, now=now)


def _send(invitation: Invitation, *, actor: User, now: datetime, code: str) -> Invitation:
    """Give the invitation a new token and queue its mail. Inside a transaction; earlier links stop working."""
    token = new_token()
    invitation.token_hash = token_hash(token)
    invitation.expires_at = now + LIFETIME
    invitation.sent_count = 1 if invitation.pk is None else invitation.sent_count + 1
    invitation.save()
    record(actor=actor, code=code, obj=invitation, course_id=invitation.course_id)
    send_letter(kind="invitation", to=invitation.email, letter=_letter(invitation, actor, token), name=invitation.name)
    return invitation


def _letter(invitation: Invitation, actor: User, token: str) -> Letter:
    values = {"who": actor.display_name, "role": invitation.get_role_display().lower(), "course": invitation.course}
    if invitation.course is not None:
        subject = _("You are invited to %(course)s") % values
        sentence = _("%(who)s invites you to %(course)s as %(role)s.") % values
    else:
        subject = _("You are invited")
        sentence = _("%(who)s invites you to take part as %(role)s.") % values
    return Letter(
        subject=subject,
        paragraphs=(sentence,),
        link=site_link("join", token=token),
        link_words=_("Read the invitation"),
        closing=_("The link works once, for this address, until %(day)s.")
        % {"day": date_format(timezone.localtime(invitation.expires_at), "j F Y")},
    )


def resend(*, invitation: Invitation, actor: User, now: datetime | None = None) -> Invitation:
    """Send an open invitation again with a new link and seven new days; the old link stops working."""
    now = now or timezone.now()
    if invitation.role in SITE_ROLES:
        require_administrator(actor)
    with transaction.atomic():
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if locked.status != Invitation.Status.OPEN:
            raise _reason(locked, now)
        return _send(locked, actor=actor, now=now, code="invitation.resent")


def withdraw(*, invitation: Invitation, actor: User) -> Invitation:
    """Take an open invitation back."""
    if invitation.role in SITE_ROLES:
        require_administrator(actor)
    with transaction.atomic():
        try:
            invitation.move(Invitation.Status.WITHDRAWN)
        except TransitionError as error:
            raise InvitationRefused(str(error)) from None
        record(actor=actor, code="invitation.withdrawn", obj=invitation, course_id=invitation.course_id)
    return invitation


def find(token: str) -> Invitation:
    """Return the invitation of a token, in whatever state; raises InvitationUnknown."""
    found = Invitation.objects.select_related("course", "invited_by").filter(token_hash=token_hash(token)).first()
    if found is None:
        raise InvitationUnknown(
            _("This link is not a valid invitation. Perhaps a newer one was sent; use the link of the latest mail.")
        )
    return found


def refuse_if_spent(invitation: Invitation, *, now: datetime) -> None:
    """Raise the reason why the invitation can no longer be used, if there is one."""
    if invitation.status != Invitation.Status.OPEN or invitation.expires_at <= now:
        raise _reason(invitation, now)


def _reason(invitation: Invitation, now: datetime) -> InvitationRefused:
    if invitation.status == Invitation.Status.ACCEPTED:
        return InvitationUsed(_("This invitation has been accepted already. Sign in to go on."))
    if invitation.status == Invitation.Status.WITHDRAWN:
        return InvitationWithdrawn(_("This invitation was withdrawn. Ask whoever invited you if that was meant."))
    day = date_format(timezone.localtime(invitation.expires_at), "j F Y")
    return InvitationExpired(
        _("This invitation ran out on %(day)s. Ask whoever invited you to send it again.") % {"day": day}
    )


def redeem(*, token: str, user: User, now: datetime | None = None) -> Invitation:
    """Accept an invitation: once, by the person it was sent to, in time.

    One conditional UPDATE decides between two at once. Gives the role, writes the audit event and sends
    ``invitation_accepted`` in the same transaction. Raises the InvitationRefused family.
    """
    now = now or timezone.now()
    invitation = find(token)
    refuse_if_spent(invitation, now=now)
    if not user.is_active or user.email.lower() != invitation.email.lower():
        raise InvitationForSomebodyElse(
            _("This invitation was sent to another address than the one you are signed in with.")
        )
    with transaction.atomic():
        try:
            invitation.spend(Invitation.Status.ACCEPTED, token=token, now=now, accepted_by=user, accepted_at=now)
        except TransitionError:
            raise _reason(Invitation.objects.get(pk=invitation.pk), now) from None
        _give_role(user, invitation.role)
        record(actor=user, code="invitation.accepted", obj=invitation, course_id=invitation.course_id)
        invitation_accepted.send(sender=Invitation, invitation=invitation, user=user, now=now)
    return invitation


def _give_role(user: User, role: str) -> None:
    """Add the role of an invitation. More rights end the other sessions; a student's place does not."""
    values: dict[str, object] = {}
    if role == Invitation.Role.STUDENT:
        values = {"is_student": True}
    elif role == Invitation.Role.ASSISTANT:
        values = {"is_assistant": True}
    elif role == Invitation.Role.CO_INSTRUCTOR and not user.is_instructor:
        # Staff of this course at once; founding courses of one's own is for an administrator to allow.
        values = {"is_assistant": True, "instructor_requested": True}
    elif role == Invitation.Role.INSTRUCTOR:
        values = {"is_instructor": True, "instructor_requested": False}
    elif role == Invitation.Role.ADMINISTRATOR:
        values = {"is_administrator": True, "is_staff": True, "is_superuser": True}
    changed = {field: value for field, value in values.items() if getattr(user, field) != value}
    if changed:
        more_rights = set(changed) != {"is_student"}
        change_person(person=user, actor=user, code="person.roles_changed", end_sessions=more_rights, **changed)


def waiting(*, course: Course | None = None, now: datetime | None = None) -> models.QuerySet[Invitation]:
    """Open invitations of a course (or of the site), newest first; those that ran out are among them."""
    return (
        Invitation.objects.filter(course=course, status=Invitation.Status.OPEN)
        .select_related("invited_by")
        .order_by("-created_at", "-pk")
    )
