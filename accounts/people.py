"""Who has an account and which roles: the write functions and the directory's query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from feedforward.errors import DomainError

# Role -> the field that holds it. Roles add up.
ROLE_FIELDS: dict[str, str] = {
    "student": "is_student",
    "instructor": "is_instructor",
    "assistant": "is_assistant",
    "administrator": "is_administrator",
}


class NotAllowed(DomainError):
    """The actor may not do this; the sentence says why."""

    code = "not_allowed"


class AddressTaken(DomainError):
    """The address has an account already."""

    code = "address_taken"
    field = "email"


def roles_of(user: User) -> list[str]:
    """Names of the roles the person has."""
    return [role for role, field in ROLE_FIELDS.items() if getattr(user, field)]


def _role_values(roles: Iterable[str]) -> dict[str, bool]:
    wanted = set(roles)
    unknown = wanted - set(ROLE_FIELDS)
    if unknown:
        raise NotAllowed(_("There is no role “%(role)s”.") % {"role": min(unknown)})
    values = {field: role in wanted for role, field in ROLE_FIELDS.items()}
    # Django admin is for administrators and nobody else.
    values["is_staff"] = values["is_superuser"] = values["is_administrator"]
    return values


def add_person(
    *,
    email: str,
    name: str = "",
    password: str | None = None,
    roles: Iterable[str] = (),
    verified: bool = True,
    actor: User | None,
) -> User:
    """Make an account with its address; without ``password`` a link has to set one.

    Raises :class:`AddressTaken` when the address has an account. The password is hashed before the transaction.
    """
    hashed = make_password(password)
    user = User(email=email.strip().lower(), name=name.strip(), password=hashed, **_role_values(roles))
    try:
        with transaction.atomic():
            user.save()
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
            record(actor=actor or user, code="person.added", obj=user, fields=roles_of(user))
    except IntegrityError:
        raise AddressTaken(_("There is an account with this address already.")) from None
    return user


def require_administrator(actor: User) -> None:
    """Raise :class:`NotAllowed` unless the actor is an active administrator."""
    if not actor.is_active or not actor.is_administrator:
        raise NotAllowed(_("Only administrators may do this."))


def _lock_administrators() -> set[int]:
    """Ids of the active administrators, locked so that two of them cannot remove each other at once."""
    rows = User.objects.select_for_update().filter(is_administrator=True, is_active=True).order_by("pk")
    return set(rows.values_list("pk", flat=True))


def _still_administered(*, person: User, actor: User) -> None:
    administrators = _lock_administrators()
    if actor.pk not in administrators:
        raise NotAllowed(_("Only administrators may do this."))
    if person.pk == actor.pk:
        raise NotAllowed(_("You cannot take your own administrator role away; another administrator can."))
    if administrators <= {person.pk}:
        raise NotAllowed(_("This is the last administrator. Make another one first."))


def change_person(*, person: User, actor: User | None, code: str, end_sessions: bool, **values: object) -> None:
    """Set fields of a person with the audit event, and end all their sessions if asked. Inside a transaction."""
    updates: dict[str, object] = dict(values)
    if end_sessions:
        updates["session_epoch"] = models.F("session_epoch") + 1
    User.objects.filter(pk=person.pk).update(**updates)
    person.refresh_from_db()
    record(actor=actor, code=code, obj=person, fields=sorted(values))


def set_roles(*, person: User, roles: Iterable[str], actor: User) -> User:
    """Give the person exactly these roles; a change ends their sessions everywhere at once."""
    require_administrator(actor)
    values = _role_values(roles)
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=person.pk)
        changed = {field: value for field, value in values.items() if getattr(current, field) != value}
        if not changed:
            return person
        if changed.get("is_administrator") is False:
            _still_administered(person=person, actor=actor)
        change_person(person=person, actor=actor, code="person.roles_changed", end_sessions=True, **changed)
    return person


def deactivate(*, person: User, actor: User) -> User:
    """Close the account: signed out everywhere at once, no way in until it is opened again."""
    require_administrator(actor)
    with transaction.atomic():
        if person.pk == actor.pk:
            raise NotAllowed(_("You cannot close your own account here; another administrator can."))
        if person.is_administrator:
            _still_administered(person=person, actor=actor)
        change_person(person=person, actor=actor, code="person.deactivated", end_sessions=True, is_active=False)
    return person


def reactivate(*, person: User, actor: User) -> User:
    """Open a closed account again; old sessions stay ended."""
    require_administrator(actor)
    with transaction.atomic():
        change_person(person=person, actor=actor, code="person.reactivated", end_sessions=True, is_active=True)
    return person


def end_sessions(*, person: User, actor: User) -> User:
    """Sign the person out everywhere."""
    if actor.pk != person.pk:
        require_administrator(actor)
    with transaction.atomic():
        change_person(person=person, actor=actor, code="person.sessions_ended", end_sessions=True)
    return person


def decide_instructor(*, person: User, approve: bool, actor: User) -> User:
    """Answer somebody who asked to be an instructor."""
    require_administrator(actor)
    with transaction.atomic():
        if not User.objects.filter(pk=person.pk, instructor_requested=True).update(instructor_requested=False):
            raise NotAllowed(_("This has been answered already."))
        if approve:
            change_person(
                person=person, actor=actor, code="person.instructor_approved", end_sessions=True, is_instructor=True
            )
        else:
            change_person(person=person, actor=actor, code="person.instructor_declined", end_sessions=False)
    return person


def update_profile(*, person: User, name: str, time_zone: str, shortcuts: bool, actor: User) -> User:
    """Change what people may change about themselves; roles and address are not among it."""
    values: dict[str, object] = {"name": name.strip(), "time_zone": time_zone, "shortcuts": shortcuts}
    changed = {field: value for field, value in values.items() if getattr(person, field) != value}
    if changed:
        with transaction.atomic():
            change_person(person=person, actor=actor, code="person.profile_changed", end_sessions=False, **changed)
    return person


def touch_login(user: User, *, now: datetime | None = None) -> None:
    """Remember when somebody was last here."""
    User.objects.filter(pk=user.pk).update(last_login=now or timezone.now())


ROLE_CHOICES = (("", "All roles"), *((role, role.capitalize()) for role in ROLE_FIELDS))


def search(*, words: str = "", role: str = "", state: str = "") -> models.QuerySet[User]:
    """People by name, address or student number, with a role and in a state (active, closed, waiting)."""
    people = User.objects.all()
    for word in words.split()[:5]:
        people = people.filter(
            models.Q(name__icontains=word) | models.Q(email__icontains=word) | models.Q(student_number__icontains=word)
        )
    if role in ROLE_FIELDS:
        people = people.filter(**{ROLE_FIELDS[role]: True})
    if state == "active":
        people = people.filter(is_active=True)
    elif state == "closed":
        people = people.filter(is_active=False)
    elif state == "waiting":
        people = people.filter(instructor_requested=True)
    return people
