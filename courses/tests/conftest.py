"""The cast, made once per module and rolled back after it; each test gets copies and its own savepoint."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from courses.tests.cast import Cast
from courses.tests.cast import cast as make_cast


@pytest.fixture(scope="module")
def module_cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    frame = transaction.atomic()
    with django_db_blocker.unblock():
        frame.__enter__()
        made = make_cast()
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        frame.__exit__(None, None, None)


@pytest.fixture
def cast(module_cast: Cast, db: None) -> Cast:
    return copy.deepcopy(module_cast)
