"""Every limited address refuses one too many, in words and with a time; and the documentation lists every limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import resolve, reverse

from feedforward import ratelimit
from feedforward.ratelimit import LIMITS, Limit
from feedforward.tests.access_table import ROWS
from feedforward.tests.cast import Scene
from feedforward.tests.cast import scene as make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


@pytest.mark.thorough
@time_machine.travel(1_800_000_000, tick=False)  # nothing fades while the test goes on
def test_every_limited_address_refuses_one_too_many(scene: Scene) -> None:
    seen: set[str] = set()
    for row in ROWS:
        url = reverse(row.name, kwargs=row.kwargs(scene))
        name, methods = getattr(resolve(url).func, "limited_by", ("", ()))
        if row.method not in methods or not row.allow:
            continue
        seen.add(name)
        user = scene.actor(sorted(row.allow - {"anonymous"})[0])
        cache.clear()
        for _ in range(LIMITS[name].amount):
            ratelimit.count(LIMITS[name], str(user.pk))
        client = Client()
        client.force_login(user)
        for headers in ({}, {"HX-Request": "true"}):
            answer = getattr(client, row.method.lower())(url, dict(row.data), headers=headers)
            assert answer.status_code == 429, f"{row.method} {row.name}: {answer.status_code}"
            assert int(answer["Retry-After"]) > 0 and "again in" in answer.content.decode(), row.name
    assert seen == set(LIMITS), f"limits that no address of the table has: {set(LIMITS) - seen}"


def all_limits() -> list[Limit]:
    return [*LIMITS.values(), *(value for value in vars(ratelimit).values() if isinstance(value, Limit))]


def test_the_documentation_lists_every_limit() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "limits.md").read_text(encoding="utf-8")
    for limit in all_limits():
        minutes = f"{limit.window_s // 60} min"
        assert f"| `{limit.name}` | {limit.amount} in {minutes} |" in text, f"{limit.name}: {limit.amount} in {minutes}"
