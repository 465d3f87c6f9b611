"""One draft from hand-in to desk, 3 models x 2 runs of 2 s each, on a real site; then again with many past drafts.

    python -m benchmarks.one_draft [PAST_DRAFTS]

Prints the seconds from hand-in to desk, what the slowest call took of it, and the ratio of the two sites. The whole
run ends by itself within a few minutes and talks to loopback only.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from feedback.tests.stub_reviewers import StubProvider
from feedback.tests.test_live import LiveSite

CALL_S = 2.0
TRIES = 5


def measure(site: LiveSite, *, before: int) -> list[float]:
    """Hand in ``TRIES`` drafts one after another; returns seconds from hand-in to desk of each."""
    for number in range(1, TRIES + 1):
        site.act("submit", "1")
        site.wait_for(before + number, 60)
    return site.status()["seconds"][-TRIES:]


def main(past: int) -> None:
    os.environ["ALLOW_LOCAL_MODEL_SERVERS"] = "1"
    provider = StubProvider()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        site = LiveSite(Path(folder) / "data")
        try:
            site.wait_until_ready()
            site.act("setup", provider.base_url, "slow-2", "slow-2b", "slow-2c")
            site.act("submit", "1")
            site.wait_for(1, 60)
            results["empty"] = measure(site, before=1)
            site.act("fill", str(past))
            results["full"] = measure(site, before=1 + TRIES)
        finally:
            site.close()
            provider.close()
    medians = {name: statistics.median(values) for name, values in results.items()}
    print(json.dumps({"seconds": results, "median": medians, "call_s": CALL_S, "past_drafts": past}, indent=1))
    print(
        f"beyond the slowest call: {medians['empty'] - CALL_S:.2f} s empty, {medians['full'] - CALL_S:.2f} s with {past}"
    )
    print(f"ratio full / empty: {medians['full'] / medians['empty']:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
