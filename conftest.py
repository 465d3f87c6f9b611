"""What every test shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Rate limits and cached sessions of one test are none of the next one's business."""
    cache.clear()
    yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Tests with real transactions empty all tables, which the audit's triggers refuse; its own tests install them."""
    from django.db import connection

    from accounts import append_only

    with django_db_blocker.unblock():
        append_only.drop(connection)
    yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The live site first: it mostly waits, and nobody shall wait for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("live") is None)
