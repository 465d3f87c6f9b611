"""Reading files in a worker."""

from celery import shared_task
from django.conf import settings

from submissions import reading

# A draft's files share their time limits; the rest is for the storage, the virus scanner and a busy machine.
SOFT_LIMIT_S = settings.EXTRACT_TIMEOUT_S + (settings.OCR_TIMEOUT_S if settings.TESSERACT else 0) + 90


@shared_task(ignore_result=True, soft_time_limit=SOFT_LIMIT_S, time_limit=SOFT_LIMIT_S + 30)
def extract(draft_id: int) -> None:
    """Read one draft's file."""
    reading.read_draft(draft_id)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def sweep() -> None:
    """Enqueue drafts whose message was lost."""
    reading.sweep()
