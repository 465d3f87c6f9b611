"""Sealing the audit chain."""

from celery import shared_task

from accounts import audit


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def seal_audit() -> None:
    """Chain the events written since the last seal."""
    audit.seal()
