"""The only door to provider keys."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.db import transaction

from accounts import audit
from accounts.models import User
from aiconfig.fields import KeyField, SealedKey
from aiconfig.models import KeyCanary, Provider
from feedforward.errors import DomainError

CANARY = "feedforward-key-canary/1"


class KeyUnreadable(DomainError):
    """The stored key was encrypted with a SECRET_KEY or SALT_KEY this process does not have."""

    code = "key_unreadable"


def _field() -> KeyField:
    field = Provider._meta.get_field("api_key")
    assert isinstance(field, KeyField)
    return field


def read_key(provider: Provider) -> str:
    """Return the provider's key in plain text, "" when it has none. Raises :class:`KeyUnreadable`."""
    sealed = provider.api_key
    if not sealed:
        return ""
    if not isinstance(sealed, SealedKey):  # just set on this object and not yet read back
        return str(sealed)
    try:
        return _field().open(sealed)
    except InvalidToken:
        raise KeyUnreadable(
            f"The key of {provider.name} cannot be read with this site's secret. Enter the key again, "
            "or start the site with the secret it was saved under."
        ) from None


def set_key(*, provider: Provider, key: str, actor: User) -> None:
    """Store ``key`` (empty: remove it)."""
    with transaction.atomic():
        provider.api_key = key.strip()  # type: ignore[assignment]  # the library's field has no types
        provider.save(update_fields=["api_key"])
        provider.refresh_from_db(fields=["api_key"])
        audit.record(actor=actor, code="provider.key_set" if key.strip() else "provider.key_removed", obj=provider)


def ensure_canary() -> None:
    """Write the canary once; raises :class:`KeyUnreadable` when the one there cannot be read.

    Keys saved before there was a canary count: none is written that would vouch for a secret they do not fit.
    """
    row = KeyCanary.objects.order_by("pk").first()
    try:
        if row is None:
            for provider in Provider.objects.alive().exclude(api_key=""):
                read_key(provider)
            KeyCanary.objects.create(value=CANARY)
            return
        if _field().open(row.value) == CANARY:
            return
    except (InvalidToken, KeyUnreadable):
        pass
    raise KeyUnreadable(
        "The provider keys in this database were saved under another SECRET_KEY or SALT_KEY. "
        "Start with those, or list the old SECRET_KEY in SECRET_KEY_FALLBACKS. If they are lost for good, "
        "run manage.py rotate_keys --forget-unreadable and enter the keys again."
    )


def rotate_all(*, dry_run: bool) -> tuple[int, int]:
    """Re-encrypt every key with the first SECRET_KEY/SALT_KEY. Returns (readable, unreadable) counts."""
    field = _field()
    done = failed = 0
    for model, name in ((Provider, "api_key"), (KeyCanary, "value")):
        for row in model._default_manager.all():
            sealed = getattr(row, name)
            if not sealed:
                continue
            try:
                rotated = field.rotate(sealed)
            except InvalidToken:
                failed += 1
                continue
            done += 1
            if not dry_run:
                model._default_manager.filter(pk=row.pk, **{name: sealed}).update(**{name: rotated})
    return done, failed


def forget_unreadable() -> int:
    """Empty every key that this site's secrets cannot read, for a site that lost them. Returns how many."""
    forgotten = 0
    with transaction.atomic():
        for provider in Provider.objects.exclude(api_key=""):
            try:
                read_key(provider)
            except KeyUnreadable:
                Provider.objects.filter(pk=provider.pk).update(api_key="")
                audit.record(actor=None, code="provider.key_removed", obj=provider)
                forgotten += 1
        for row in KeyCanary.objects.all():
            try:
                _field().open(row.value)
            except InvalidToken:
                row.delete()
        ensure_canary()
    return forgotten
