"""Watching what a request writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.I)
SAVEPOINT = re.compile(r"\s*(ROLLBACK TO )?SAVEPOINT\s+(\S+)", re.I)


@contextmanager
def writes(*, but: Collection[str]) -> Iterator[list[str]]:
    """Collect the statements that change anything and stay; those that name something in ``but`` are left out.

    What a savepoint takes back did not happen.
    """
    found: list[str] = []
    marks: dict[str, int] = {}

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        point = SAVEPOINT.match(sql)
        if point and point.group(1):
            del found[marks.get(point.group(2), 0) :]
        elif point:
            marks[point.group(2)] = len(found)
        elif WRITE.match(sql) and not any(part in sql for part in but):
            found.append(sql[:160])
        return result

    with connection.execute_wrapper(watch):
        yield found
