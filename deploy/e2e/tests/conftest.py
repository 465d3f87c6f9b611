"""One site and one Chromium for all browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from deploy.e2e.chromium import NoChromium, Visitor, chromium
from deploy.e2e.site import RunningSite, running_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as started:
            yield started
    except NoChromium as missing:
        pytest.skip(str(missing))


@pytest.fixture
def arrive(browser: Browser, site: RunningSite) -> Iterator[Callable[[str], Visitor]]:
    """Let people come; in the end they go, and what they found wrong fails the test."""
    visitors: list[Visitor] = []

    def come(name: str) -> Visitor:
        visitors.append(Visitor.arrive(browser, site, name))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()
    faults = [fault for visitor in visitors for fault in visitor.faults]
    assert not faults, f"{len(faults)} fault(s) on the pages:\n  " + "\n  ".join(faults)
