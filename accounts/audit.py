"""The record of who did what. One row in the same transaction as the change; ids and field names only."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Count

from accounts.models import AuditEvent, AuditHead, AuditSeal, User
from feedforward.requests import client_address


def ip_class(address: str) -> str:
    """Return the network of an address (/24 or /48): enough to see a pattern, not a person."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    prefix = 24 if ip.version == 4 else 48
    return str(ipaddress.ip_network(f"{ip}/{prefix}", strict=False))


def record(
    *,
    actor: User | None,
    code: str,
    obj: models.Model | None = None,
    course_id: int | None = None,
    fields: Iterable[str] = (),
    counts: Mapping[str, int] | None = None,
) -> AuditEvent:
    """Append one event. ``code`` is namespaced (``draft.submitted``); never pass contents."""
    return _append(
        actor=actor,
        code=code,
        object_label=obj._meta.label if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        course_id=course_id,
        fields=sorted(fields),
        counts=dict(counts or {}),
        ip_class=ip_class(client_address.get()),
    )


def _append(**values: object) -> AuditEvent:
    event = AuditEvent(**values)
    nonce = secrets.token_hex(8)
    event.mac = f"{nonce}.{own_mac(event, nonce=nonce)}"
    event.save(force_insert=True)
    return event


def _keys() -> list[bytes]:
    """The key of the chain, and those before a change of SECRET_KEY."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hashlib.sha256(b"feedforward-audit/1" + secret.encode()).digest() for secret in secrets]


def _hmac(parts: list[str], key: bytes | None) -> str:
    return hmac.new(key or _keys()[0], "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def _contents(event: AuditEvent) -> list[str]:
    return [
        event.code,
        str(event.actor_id or ""),
        event.object_label,
        event.object_id,
        str(event.course_id or ""),
        ",".join(event.fields),
        ",".join(f"{k}={v}" for k, v in sorted(event.counts.items())),
        event.ip_class,
        event.created_at.isoformat(),
    ]


def own_mac(event: AuditEvent, *, nonce: str, key: bytes | None = None) -> str:
    """HMAC-SHA256 (hex) over the event alone: it shows that the site wrote it, before it has its place in the chain."""
    return _hmac(["event", nonce, *_contents(event)], key)


def event_mac(event: AuditEvent, *, sequence: int, previous: str, key: bytes | None = None) -> str:
    """HMAC-SHA256 (hex) over the event, its place in the chain and the mac before it."""
    own = [event.mac] if event.mac else []
    return _hmac([str(sequence), previous, str(event.pk), *_contents(event), *own], key)


def sign_head(head: AuditHead, *, key: bytes | None = None) -> str:
    """HMAC-SHA256 (hex) over where the chain ends."""
    return _hmac(["head", str(head.sequence), head.mac, str(head.unsigned_up_to)], key)


# Any number, the same in every process: who holds this lock seals.
SEALER_LOCK = 0x5EA1


def _am_the_sealer() -> bool:
    """Whether this transaction may seal. SQLite has one writer anyway; on PostgreSQL a lock until commit says."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        return bool(cursor.fetchone()[0])


def seal(*, limit: int = 5000) -> int:
    """Chain events that have no seal yet; returns how many. A second sealer at the same time does nothing."""
    with transaction.atomic():
        if not _am_the_sealer():
            return 0
        last = AuditSeal.objects.order_by("-sequence").first()
        sequence, previous = (last.sequence, last.mac) if last else _anchor()
        seals = []
        for event in AuditEvent.objects.filter(seal__isnull=True).order_by("pk")[:limit]:
            sequence += 1
            previous = event_mac(event, sequence=sequence, previous=previous)
            seals.append(AuditSeal(event=event, sequence=sequence, mac=previous))
        AuditSeal.objects.bulk_create(seals, batch_size=500)
        if seals:
            _move_head(sequence, previous)
    return len(seals)


def _move_head(sequence: int, mac: str) -> None:
    head = AuditHead.objects.first() or AuditHead()
    head.sequence, head.mac = sequence, mac
    head.signature = sign_head(head)
    head.save()


def _anchor() -> tuple[int, str]:
    """Where the chain begins or goes on without links: at the start, or after what was removed by age.

    Returns the last sequence number that was removed and its mac, "" where an older removal did not note it.
    """
    pruned = AuditEvent.objects.filter(code="audit.pruned").order_by("-pk").first()
    return (int(pruned.counts.get("last_sequence", 0)), pruned.object_id) if pruned else (0, "")


@dataclass(frozen=True)
class Verdict:
    """What checking the audit found.

    ``checked`` links; ``broken`` sequence numbers whose link does not fit; ``unsealed`` events that wait for theirs;
    ``foreign`` keys of events that the site did not write or that were changed; ``end`` says what is wrong with the
    end of the chain, "" when nothing is.
    """

    checked: int
    broken: tuple[int, ...]
    unsealed: int
    foreign: tuple[int, ...] = ()
    end: str = ""

    @property
    def whole(self) -> bool:
        """Whether nobody changed anything."""
        return not (self.broken or self.foreign or self.end)


def check_chain() -> Verdict:
    """Recompute everything: each event's own mac, each link, and where the chain ends."""
    keys = _keys()
    head = AuditHead.objects.first()
    old = head.unsigned_up_to if head and _signed(head, keys) else 0
    broken: list[int] = []
    foreign: list[int] = []
    expected, previous = _anchor()
    checked, forgiven = 0, expected > 0 and not previous
    for link in AuditSeal.objects.select_related("event").order_by("sequence").iterator(chunk_size=1000):
        expected += 1
        checked += 1
        macs = {event_mac(link.event, sequence=link.sequence, previous=previous, key=key) for key in keys}
        if link.sequence != expected or (link.mac not in macs and not forgiven):
            broken.append(link.sequence)
            expected = link.sequence
        if not _ours(link.event, keys, old=old):
            foreign.append(link.event_id)
        previous, forgiven = link.mac, False
    unsealed = 0
    for event in AuditEvent.objects.filter(seal__isnull=True).iterator(chunk_size=1000):
        unsealed += 1
        if not _ours(event, keys, old=old):
            foreign.append(event.pk)
    twice = AuditEvent.objects.exclude(mac="").values("mac").annotate(n=Count("pk")).filter(n__gt=1).values("mac")
    foreign += AuditEvent.objects.filter(mac__in=twice).values_list("pk", flat=True)
    end = _wrong_with_the_end(head, keys, checked=checked, last=expected, mac=previous)
    return Verdict(checked, tuple(broken), unsealed, tuple(sorted(set(foreign))), end)


def _ours(event: AuditEvent, keys: list[bytes], *, old: int) -> bool:
    """Whether the site wrote the event as it stands; those before there was a mac count up to ``old``."""
    if not event.mac:
        return event.pk <= old
    nonce, _, mac = event.mac.partition(".")
    return any(hmac.compare_digest(own_mac(event, nonce=nonce, key=key), mac) for key in keys)


def _signed(head: AuditHead, keys: list[bytes]) -> bool:
    return any(hmac.compare_digest(sign_head(head, key=key), head.signature) for key in keys)


def _wrong_with_the_end(head: AuditHead | None, keys: list[bytes], *, checked: int, last: int, mac: str) -> str:
    if head is None:
        return "the note of where the chain ends is gone" if checked else ""
    if not _signed(head, keys):
        return "the note of where the chain ends was changed"
    if checked and (last, mac) != (head.sequence, head.mac):
        return f"the chain ends at {last}, it should at {head.sequence}"
    if not checked and head.sequence > last:
        return f"the chain is empty, it should end at {head.sequence}"
    return ""


def still_holds(*, sequence: int, mac: str) -> bool | None:
    """Whether a link noted elsewhere is still there; None when it was old enough to be removed since."""
    if sequence <= _anchor()[0]:
        return None
    return AuditSeal.objects.filter(sequence=sequence, mac=mac).exists()


def verify() -> tuple[int, list[int]]:
    """Recompute the chain. Returns (events checked, sequence numbers whose link is broken); see :func:`check_chain`."""
    verdict = check_chain()
    return verdict.checked, list(verdict.broken)


def prune(*, before: datetime, limit: int = 5000) -> int:
    """Remove sealed events made before a moment, oldest first; returns how many. The database refuses young ones.

    Only a whole beginning of the chain goes, so that what is left can be checked.
    """
    with transaction.atomic():
        links = AuditSeal.objects.select_related("event").order_by("sequence")[:limit]
        old: list[AuditSeal] = []
        for link in links:
            if link.event.created_at >= before:
                break
            old.append(link)
        if not old:
            return 0
        AuditSeal.objects.filter(pk__in=[link.pk for link in old]).delete()
        AuditEvent.objects.filter(pk__in=[link.event_id for link in old]).delete()
        # With the last mac, so that what is left can be checked from its first link on.
        counts = {"removed": len(old), "last_sequence": old[-1].sequence}
        _append(actor=None, code="audit.pruned", object_id=old[-1].mac, counts=counts)
    return len(old)
