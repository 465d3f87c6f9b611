"""The hourly removal."""

from celery import shared_task

from privacy import cleanup


@shared_task(ignore_result=True, soft_time_limit=1500, time_limit=1600)
def remove_content() -> None:
    """Remove content whose time is over."""
    cleanup.remove_due()
