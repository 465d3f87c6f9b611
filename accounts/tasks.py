"""Sealing the audit chain, forgetting what is over."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts import audit, expiry


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def seal_audit() -> None:
    """Chain the events written since the last seal."""
    audit.seal()


@shared_task(ignore_result=True, soft_time_limit=270, time_limit=300)
def forget_expired() -> None:
    """Remove spent links, old invitations and ended sessions."""
    expiry.forget_expired()


@shared_task(ignore_result=True, soft_time_limit=270, time_limit=300)
def prune_audit() -> None:
    """Remove audit events older than the audit is kept."""
    before = timezone.now() - timedelta(days=settings.AUDIT_KEPT_DAYS)
    while audit.prune(before=before):
        pass
