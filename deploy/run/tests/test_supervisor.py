"""Children are restarted, heard, and all gone at the end: with real processes."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.run.supervisor import Program, Supervisor, restart_delay_s

BASE_DIR = Path(__file__).resolve().parents[3]


def shell(name: str, script: str, **extra) -> Program:
    return Program(name, ["sh", "-c", script], dict(os.environ), Path("/"), first_delay_s=0.05, **extra)


def step_until(supervisor: Supervisor, condition, limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        supervisor.step(0.05)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def wait_gone(pids: list[int], limit_s: float = 12.0) -> None:
    deadline = time.monotonic() + limit_s
    while any(exists(pid) for pid in pids):
        assert time.monotonic() < deadline, f"left behind: {[p for p in pids if exists(p)]}"
        time.sleep(0.05)


def test_killed_child_is_started_again_and_its_offspring_ended():
    out = io.StringIO()
    with Supervisor(out=out) as supervisor:
        supervisor.start(shell("worker", "sleep 300 & echo pool $!; wait"))
        step_until(supervisor, lambda: "pool" in out.getvalue())
        first = supervisor.pid("worker")
        pool = int(out.getvalue().split("pool ")[1].split()[0])
        os.kill(first, signal.SIGKILL)
        step_until(supervisor, lambda: supervisor.pid("worker") not in {None, first})
        wait_gone([first, pool])
        assert "worker      | pool" in out.getvalue()
        assert "worker was ended by SIGKILL; starting it again" in out.getvalue()
        second = supervisor.pid("worker")
    wait_gone([second])


def test_delays_double_up_to_half_a_minute():
    assert [restart_delay_s(n, first_s=0.5) for n in (1, 2, 3, 4, 10)] == [0.5, 1, 2, 4, 30]
    assert restart_delay_s(1, first_s=0.1) == 0.1


def test_program_that_cannot_start_backs_off_and_asks_to_be_mended():
    out = io.StringIO()
    asked: list[int] = []
    with Supervisor(out=out) as supervisor:
        supervisor.start(shell("broken", "echo no good; exit 3", before_restart=asked.append))
        step_until(supervisor, lambda: len(asked) >= 3)
        assert asked[:3] == [1, 2, 3]
        assert "broken      | no good" in out.getvalue()
        assert "ended with code 3; starting it again in 0.1 s" in out.getvalue()
        assert supervisor.children["broken"].last_lines[-1] == "no good"


def test_missing_program_is_a_line_not_a_traceback():
    out = io.StringIO()
    with Supervisor(out=out) as supervisor:
        supervisor.start(Program("ghost", ["/nonexistent/program"], {}, Path("/")))
        supervisor.step(0.05)
    assert "ghost cannot be started: No such file or directory" in out.getvalue()


def test_program_is_ready_when_it_says_so_and_not_when_it_is_down():
    with Supervisor(out=io.StringIO()) as supervisor:
        supervisor.start(shell("at-once", "exec sleep 300"))
        supervisor.start(shell("later", "sleep 0.3; echo all set; exec sleep 300", ready_words="all set"))
        supervisor.step(0.05)
        assert supervisor.not_ready() == ["later"]
        step_until(supervisor, lambda: not supervisor.not_ready())
        os.kill(supervisor.pid("later"), signal.SIGKILL)
        step_until(supervisor, lambda: supervisor.not_ready() == ["later"])
        step_until(supervisor, lambda: not supervisor.not_ready())


def test_job_runs_once_and_its_words_go_to_who_asked():
    out, heard = io.StringIO(), []
    with Supervisor(out=out) as supervisor:
        supervisor.start(
            shell("job", "echo secret; echo loud; exit 4", keep=False, hear=lambda s: heard.append(s) or s == "secret")
        )
        step_until(supervisor, lambda: supervisor.ended("job") is not None)
        supervisor.step(0.2)
        assert supervisor.ended("job") == 4 and not supervisor.alive("job") and supervisor.not_ready() == []
    assert heard == ["secret", "loud"] and out.getvalue() == "job         | loud\n"


def test_stubborn_child_is_killed_after_its_grace_and_ranks_are_kept():
    out = io.StringIO()
    supervisor = Supervisor(out=out)
    supervisor.start(
        shell("carrier", "trap 'echo carrier stops; exit 0' TERM; echo up; while :; do sleep 0.05; done", stop_rank=1)
    )
    supervisor.start(shell("front", "trap 'echo front stops; exit 0' TERM; echo up; while :; do sleep 0.05; done"))
    supervisor.start(shell("stubborn", "trap '' TERM; echo up; while :; do sleep 0.05; done"))
    step_until(supervisor, lambda: out.getvalue().count("up\n") == 3)
    pids = [supervisor.pid(name) for name in ("carrier", "front", "stubborn")]
    supervisor.stop_all(grace_s=0.5)
    said = out.getvalue()
    assert said.index("front stops") < said.index("stubborn did not stop within") < said.index("carrier stops")
    wait_gone(pids)


MANAGER = """
import sys, os
sys.path.insert(0, {base!r})
from pathlib import Path
from deploy.run.manager import _leash
from deploy.run.supervisor import Program, Supervisor
with _leash() as leash, Supervisor(leash=leash) as supervisor:
    supervisor.listen()
    for n in range(2):
        script = "trap '' HUP; sleep 300 & echo pids $$ $!; wait"
        supervisor.start(Program(f"child{{n}}", ["sh", "-c", script], dict(os.environ), Path("/")))
    while not supervisor.asked_to_stop:
        supervisor.step()
"""


@pytest.mark.thorough
@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_process_outlives_the_manager(number):
    manager = subprocess.Popen(
        [sys.executable, "-c", MANAGER.format(base=str(BASE_DIR))],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids: list[int] = []
    while len(pids) < 4:
        line = manager.stdout.readline()
        assert line
        if "pids" in line:
            pids += [int(word) for word in line.split("pids ")[1].split()]
    assert all(exists(pid) for pid in pids)
    os.kill(manager.pid, number)
    manager.wait(15)
    wait_gone(pids)
    manager.stdout.close()
