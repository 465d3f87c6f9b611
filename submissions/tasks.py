"""Reading files in a worker."""

from celery import shared_task

from submissions import reading


@shared_task(ignore_result=True, soft_time_limit=120, time_limit=150)
def extract(draft_id: int) -> None:
    """Read one draft's file."""
    reading.read_draft(draft_id)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def sweep() -> None:
    """Enqueue drafts whose message was lost."""
    reading.sweep()
