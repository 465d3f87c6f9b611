"""What the tests that search for words share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from feedforward.tests import canary


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The site's log as it would be written with LOG_LEVEL=DEBUG; the queues begin empty."""
    canary.empty_queues()
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    with canary.listening() as heard:
        yield heard
    root.setLevel(level)
