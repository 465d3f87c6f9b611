"""The cast of the courses' tests, and a provider to call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiconfig.tests import provider_server as shapes
from aiconfig.tests.provider_server import ProviderServer, Reply
from courses.tests.conftest import cast, module_cast

__all__ = ["cast", "module_cast"]


@pytest.fixture(scope="module")
def running() -> Iterator[ProviderServer]:
    with shapes.provider_server() as made:
        yield made


@pytest.fixture
def server(running: ProviderServer) -> ProviderServer:
    running.seen.clear()
    running.reply = Reply()
    return running
