"""Sealing the audit chain, forgetting what is over."""

from celery import shared_task

from accounts import audit, expiry


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def seal_audit() -> None:
    """Chain the events written since the last seal."""
    audit.seal()


@shared_task(ignore_result=True, soft_time_limit=270, time_limit=300)
def forget_expired() -> None:
    """Remove spent links, old invitations and ended sessions."""
    expiry.forget_expired()
