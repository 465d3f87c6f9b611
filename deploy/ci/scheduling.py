"""Which process tests what: loaded by ``python -m deploy.ci.suite`` with ``-p deploy.ci.scheduling``.

Importing LiteLLM costs some seconds of CPU, so all tests that call models stay in one process; they come first,
since they are the largest piece. The rest goes out file by file to whoever is free, the access table row by row.
"""

from __future__ import annotations

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

MODELS = "tests that call models"
CALLS_MODELS = re.compile(
    r"^(aiconfig/tests/test_llm|privacy/tests/test_|deploy/demo/tests/test_seeding|feedforward/tests/test_canary_pipeline"
    r"|feedback/tests/test_(?!agreement|merging|progress|reading|textcheck))"
)
ROW_BY_ROW = "feedforward/tests/test_access.py"


def scope_of(nodeid: str) -> str:
    """Return the name of the piece of work that the test belongs to."""
    if CALLS_MODELS.match(nodeid):
        return MODELS
    return nodeid if nodeid.startswith(ROW_BY_ROW) else nodeid.split("::", 1)[0]


class ByPiece(LoadScopeScheduling):
    """Pieces in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPiece:
    config.option.loadscopereorder = False
    return ByPiece(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What calls models first; single rows last, to fill up whichever process is ahead."""
    items.sort(key=lambda item: (scope_of(item.nodeid) != MODELS, item.nodeid.startswith(ROW_BY_ROW)))
