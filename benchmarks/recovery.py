"""From ``kill -9`` of the worker in mid-run to the draft on the desk, against the same draft left in peace.

    python -m benchmarks.recovery [TIMES]

3 models x 2 runs of 2 s each on a real site of this machine. Prints the seconds from the kill to the desk of each
time, the limit, and the ratio to an undisturbed draft; ends with 1 when a draft came later than the limit, or with
more or fewer than six runs and one feedback. Loopback only; ends by itself within some minutes.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from feedback.tests.stub_reviewers import StubProvider
from feedback.tests.test_live import RUNS, LiveSite

LIMIT_S = 45.0
TIMES = 3


def undisturbed(site: LiveSite, drafts: int) -> float:
    """Hand in a draft as number ``drafts`` and return the seconds until it is on the desk."""
    started = time.monotonic()
    site.act("submit", "1")
    site.wait_for(drafts, 120)
    return time.monotonic() - started


def after_a_kill(site: LiveSite, provider: StubProvider, drafts: int) -> float:
    """Kill the worker while the calls of draft number ``drafts`` are under way; return the seconds until the desk."""
    calls = sum(provider.calls.values())
    site.act("submit", "1")
    deadline = time.monotonic() + 60
    while sum(provider.calls.values()) < calls + RUNS:
        if time.monotonic() > deadline:
            raise TimeoutError("the calls did not begin")
        time.sleep(0.05)
    os.kill(site.site.children()["runs@"], signal.SIGKILL)
    killed = time.monotonic()
    site.wait_for(drafts, 240)
    return time.monotonic() - killed


def main(times: int) -> int:
    os.environ["ALLOW_LOCAL_MODEL_SERVERS"] = "1"
    provider = StubProvider()
    with tempfile.TemporaryDirectory() as folder:
        site = LiveSite(Path(folder) / "data")
        try:
            site.wait_until_ready()
            site.act("setup", provider.base_url, "slow-2", "slow-2b", "slow-2c")
            undisturbed(site, 1)  # the first draft pays for what workers load once
            calm = undisturbed(site, 2)
            found = [after_a_kill(site, provider, number) for number in range(3, 3 + times)]
            said = site.status()
        finally:
            site.close()
            provider.close()
    once = said["runs"] == {"succeeded": RUNS * (times + 2)} and said["feedback"] == times + 2
    print(f"undisturbed: {calm:.1f} s; after kill -9: {', '.join(f'{each:.1f}' for each in found)} s")
    print(f"median {statistics.median(found):.1f} s, slowest {max(found):.1f} s of {LIMIT_S:.0f} allowed")
    print(f"ratio to undisturbed: {statistics.median(found) / calm:.1f}; each draft read once: {once}")
    return 0 if once and max(found) <= LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
