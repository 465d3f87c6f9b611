"""The record of who did what. One row in the same transaction as the change; ids and field names only."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db import models, transaction

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


def event_mac(event: AuditEvent, *, sequence: int, previous: str) -> str:
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
    key = hashlib.sha256(b"feedforward-audit/1" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


def seal(*, limit: int = 5000) -> int:
    """Chain events that have no seal yet; returns how many. One sealer at a time wins each sequence number."""
    sealed = 0
    with transaction.atomic():
        last = AuditSeal.objects.order_by("-sequence").first()
        sequence, previous = (last.sequence, last.mac) if last else (0, "")
        for event in AuditEvent.objects.filter(seal__isnull=True).order_by("pk")[:limit]:
            sequence += 1
            previous = event_mac(event, sequence=sequence, previous=previous)
            AuditSeal.objects.create(event=event, sequence=sequence, mac=previous)
            sealed += 1
    return sealed


def verify() -> tuple[int, list[int]]:
    """Recompute the chain. Returns (events checked, sequence numbers whose link is broken)."""
    broken: list[int] = []
    previous, expected, checked = "", 0, 0
    for link in AuditSeal.objects.select_related("event").order_by("sequence").iterator(chunk_size=1000):
        expected += 1
        checked += 1
        if link.sequence != expected or link.mac != event_mac(link.event, sequence=link.sequence, previous=previous):
            broken.append(link.sequence)
            expected = link.sequence
        previous = link.mac
    return checked, broken
