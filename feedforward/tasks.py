"""Sending mail from the outbox."""

from celery import shared_task

from feedforward import outbox


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=120)
def send_mail() -> None:
    """Send what is due now."""
    outbox.send_due()


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=120)
def sweep_mail() -> None:
    """Send what was left behind by a worker or broker that died."""
    outbox.send_due()
