"""The record of who did what. One row in the same transaction as the change; ids and field names only."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, models, transaction

from accounts.models import AuditEvent, AuditSeal, User
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
    return AuditEvent.objects.create(
        actor=actor,
        code=code,
        object_label=obj._meta.label if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        course_id=course_id,
        fields=sorted(fields),
        counts=dict(counts or {}),
        ip_class=ip_class(client_address.get()),
    )


def _keys() -> list[bytes]:
    """The key of the chain, and those before a change of SECRET_KEY."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hashlib.sha256(b"feedforward-audit/1" + secret.encode()).digest() for secret in secrets]


def event_mac(event: AuditEvent, *, sequence: int, previous: str, key: bytes | None = None) -> str:
    """HMAC-SHA256 (hex) over the event, its place in the chain and the mac before it."""
    parts = [
        str(sequence),
        previous,
        str(event.pk),
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
    return hmac.new(key or _keys()[0], "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


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
    return len(seals)


def _anchor() -> tuple[int, str]:
    """Where a chain without links goes on: at the start, or after what was removed by age."""
    return _pruned_up_to(), ""


def _pruned_up_to() -> int:
    """The last sequence number that was removed by age; 0 when nothing was."""
    pruned = AuditEvent.objects.filter(code="audit.pruned").order_by("-pk").first()
    return int(pruned.counts.get("last_sequence", 0)) if pruned else 0


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found: events checked, sequence numbers with a broken link, events not sealed yet."""

    checked: int
    broken: tuple[int, ...]
    unsealed: int


def check_chain() -> Verdict:
    """Recompute the whole chain.

    The first link that is left after a removal by age cannot be recomputed (the link before is gone); it must
    follow the number which the event ``audit.pruned`` names.
    """
    keys = _keys()
    broken: list[int] = []
    expected = _pruned_up_to()
    previous, checked, first = "", 0, expected > 0
    for link in AuditSeal.objects.select_related("event").order_by("sequence").iterator(chunk_size=1000):
        expected += 1
        checked += 1
        macs = {event_mac(link.event, sequence=link.sequence, previous=previous, key=key) for key in keys}
        if link.sequence != expected or (link.mac not in macs and not first):
            broken.append(link.sequence)
            expected = link.sequence
        previous, first = link.mac, False
    return Verdict(checked, tuple(broken), AuditEvent.objects.filter(seal__isnull=True).count())


def verify() -> tuple[int, list[int]]:
    """Recompute the chain. Returns (events checked, sequence numbers whose link is broken)."""
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
        record(actor=None, code="audit.pruned", counts={"removed": len(old), "last_sequence": old[-1].sequence})
    return len(old)
