"""Mail: a row in the same transaction as what it tells of, sent afterwards by a worker."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from feedforward.models import OutgoingMail

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
# Letters whose link lets somebody in: once sent, their text is forgotten (the demo sends none and keeps them).
SECRET_KINDS = frozenset({"invitation", "password_reset_key", "email_confirmation", "email_confirmation_signup"})
CLAIM_S = 120


def one_line(text: str) -> str:
    """Return ``text`` on one line: subjects and addresses with line breaks are how headers are injected."""
    return " ".join(text.split())


def queue_mail(
    *,
    kind: str,
    to: str,
    subject: str,
    template: str,
    context: dict[str, Any],
    user: Any = None,
    dedupe_key: str = "",
) -> OutgoingMail | None:
    """Write one mail to the outbox inside the caller's transaction; None when ``dedupe_key`` was told before.

    ``template`` names ``emails/<template>.txt`` and, where there is one, ``.html``. Links in the context are
    made from SITE_URL by the caller or with ``site_url`` in the template, never from the request's Host.
    """
    values = {"site_url": settings.SITE_URL, "site_name": settings.SITE_NAME, **context}
    text = render_to_string(f"emails/{template}.txt", values)
    html = render_to_string(f"emails/{template}.html", values)
    domain = settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    mail = OutgoingMail(
        kind=kind,
        user=user,
        to=one_line(to),
        subject=one_line(subject)[:200],
        text=text,
        html=html,
        dedupe_key=dedupe_key,
    )
    mail.message_id = f"<{mail.public_id}@{domain}>"
    try:
        with transaction.atomic():
            mail.save()
    except IntegrityError:
        if not dedupe_key:
            raise
        return None
    transaction.on_commit(_wake)
    return mail


def _wake() -> None:
    from feedforward.dispatch import enqueue
    from feedforward.tasks import send_mail

    enqueue(send_mail)


def send_due(*, now: datetime | None = None, limit: int = 100) -> int:
    """Send waiting mail, one claim at a time; returns how many left. A dead server delays, never loses."""
    now = now or timezone.now()
    stale = now - timedelta(seconds=CLAIM_S)
    # A worker that died between claim and sending: try again with the same Message-ID.
    OutgoingMail.objects.filter(status=OutgoingMail.Status.SENDING, claimed_at__lt=stale).update(
        status=OutgoingMail.Status.PENDING
    )
    due = OutgoingMail.objects.filter(status=OutgoingMail.Status.PENDING).exclude(not_before__gt=now)
    sent = 0
    connection = get_connection()
    for mail in due.order_by("pk")[:limit]:
        attempts = mail.attempts + 1
        if not mail.try_move(OutgoingMail.Status.SENDING, claimed_at=now, attempts=attempts):
            continue
        message = EmailMultiAlternatives(
            mail.subject,
            mail.text,
            settings.DEFAULT_FROM_EMAIL,
            [mail.to],
            connection=connection,
            headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        )
        if mail.html:
            message.attach_alternative(mail.html, "text/html")
        try:
            message.send()
        # Mail back ends raise whatever their transport raises; each becomes a later try or a visible failure.
        except Exception as error:
            words = type(error).__name__
            logger.warning("mail %s not sent: %s (attempt %s)", mail.pk, words, attempts)
            if attempts >= MAX_ATTEMPTS:
                mail.try_move(OutgoingMail.Status.FAILED, error=words)
            else:
                wait = timedelta(seconds=min(30 * 4 ** (attempts - 1), 3600))
                mail.try_move(OutgoingMail.Status.PENDING, error=words, not_before=now + wait)
        else:
            secret = mail.kind in SECRET_KINDS and not settings.DEMO
            forgotten: dict[str, Any] = {"text": "", "html": ""} if secret else {}
            mail.try_move(OutgoingMail.Status.SENT, sent_at=timezone.now(), error="", **forgotten)
            sent += 1
    return sent
