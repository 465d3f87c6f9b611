"""The leash: ends every process group when the process manager itself is killed with -9.

Started by the manager with a pipe on standard input. Lines ``+pgid`` and ``-pgid`` keep its list; ``bye`` lets it
go. End of input without ``bye`` means that the manager is gone: SIGTERM to all groups, SIGKILL after a while.
Uses the standard library's lightest modules only: it lives as long as the site does.
"""

import os
import signal
import sys
import time

GRACE_S = 8.0


def main() -> None:
    # Ctrl-C and the like are the manager's business; the end of the pipe is the only thing that counts.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = set()
    for line in sys.stdin:
        word = line.strip()
        if word == "bye":
            return
        if word.startswith("+"):
            groups.add(int(word[1:]))
        elif word.startswith("-"):
            groups.discard(int(word[1:]))
    end(groups)


def end(groups: "set[int]") -> None:
    """Ask every group to stop, then make it."""
    deadline = time.monotonic() + GRACE_S
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in sorted(groups):
            try:
                os.killpg(group, number)
            except (ProcessLookupError, PermissionError):
                groups.discard(group)
        while groups and number == signal.SIGTERM and time.monotonic() < deadline:
            time.sleep(0.1)
            groups = {group for group in groups if _exists(group)}


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
