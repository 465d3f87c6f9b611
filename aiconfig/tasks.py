"""Work of the models app that runs in a worker."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from aiconfig.models import Provider


@shared_task(name="aiconfig.tasks.test_provider", ignore_result=True, soft_time_limit=60, time_limit=90, expires=300)
def test_provider(provider_id: int) -> None:
    """Try one provider and store what came of it; safe to run twice."""
    from aiconfig.testing import store_result, try_provider

    provider = Provider.objects.alive().filter(pk=provider_id).first()
    if provider is not None:
        store_result(provider=provider, result=try_provider(provider))


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def settle_charges() -> None:
    """Book the calls of workers that died."""
    from aiconfig.charges import settle_expired

    settle_expired(now=timezone.now())


# pytest collects functions called test_*; this one is a task.
test_provider.__test__ = False  # type: ignore[attr-defined]
