"""Keeping a handful of programs alive: start, prefix their output, restart with back-off, stop them all.

One thread, one loop: :meth:`Supervisor.step` waits for output or a signal, then looks after the dead. Each program
leads a process group of its own, so that a worker killed with -9 takes its pool with it, and so that Ctrl-C reaches
the process manager alone, which then stops everything in order. Nothing here knows what the programs do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
# A program that lived this long was healthy: its next restart is quick again.
HEALTHY_AFTER_S = 30.0
STOP_GRACE_S = 10.0
PR_SET_PDEATHSIG = 1
LINE_MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Program:
    """One thing to keep alive. ``stop_rank``: programs of a lower rank are stopped first."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    stop_rank: int = 0
    first_delay_s: float = FIRST_DELAY_S
    # Called with the number of quick deaths in a row before a restart: a place to mend what keeps it from starting.
    before_restart: Callable[[int], None] | None = None
    # A line with these words says that the program is at work; without any it is from its start.
    ready_words: str = ""
    # False: a job that runs once; :meth:`Supervisor.ended` has its exit code afterwards.
    keep: bool = True
    # Called with each line of output; True means that the line was for the caller and is not printed.
    hear: Callable[[str], bool] | None = None


@dataclass
class Child:
    """A program and its present process, if any."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    quick_deaths: int = 0
    restart_at: float | None = None
    exit_code: int | None = None
    ready: bool = False
    unfinished: bytes = b""
    last_lines: list[str] = field(default_factory=list)


class Supervisor:
    """Owner of every child process. Use as a context manager: leaving it stops all."""

    def __init__(self, *, out: IO[str] | None = None, leash: IO[bytes] | None = None) -> None:
        self.children: dict[str, Child] = {}
        self.asked_to_stop: str | None = None
        self._out = out or sys.stdout
        self._leash = leash
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._prctl = _load_prctl()

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop_all()

    # --- signals -------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Take over SIGINT, SIGTERM, SIGHUP (stop) and SIGCHLD (look at the children at once)."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, _frame: object) -> None:
        if self.asked_to_stop:  # the second time somebody means it
            for child in self.children.values():
                _signal_group(child, signal.SIGKILL)
        self.asked_to_stop = signal.Signals(number).name

    # --- life ----------------------------------------------------------------------------------------------

    def start(self, program: Program) -> None:
        """Start ``program`` and keep it alive from now on."""
        child = Child(program)
        self.children[program.name] = child
        self._spawn(child)

    def _spawn(self, child: Child) -> None:
        program = child.program
        child.restart_at = None
        child.started_at = time.monotonic()
        child.ready = not program.ready_words
        try:
            child.process = subprocess.Popen(
                list(program.command),
                cwd=program.folder,
                env=dict(program.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Runs between fork and exec; safe because this process has one thread.
                preexec_fn=self._die_with_parent if self._prctl else None,
            )
        except OSError as error:
            child.process, child.exit_code, child.ready = None, 127, False
            self._died(child, f"cannot be started: {error.strerror}")
            return
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)
        self._tell_leash(f"+{child.process.pid}\n")

    def _die_with_parent(self) -> None:
        if self._prctl:
            self._prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def step(self, timeout_s: float = 1.0) -> None:
        """Wait up to ``timeout_s`` for output or a signal, pass the output on, look after dead children."""
        due = [c.restart_at for c in self.children.values() if c.restart_at is not None]
        if due:
            timeout_s = max(0.0, min(timeout_s, min(due) - time.monotonic()))
        self._pump(timeout_s)
        self._bury()
        if self.asked_to_stop:
            return
        now = time.monotonic()
        for child in list(self.children.values()):
            if child.restart_at is not None and child.restart_at <= now:
                if child.program.before_restart:
                    child.program.before_restart(child.quick_deaths)
                self._spawn(child)

    def _bury(self) -> None:
        for child in self.children.values():
            if child.process is None or child.process.poll() is None:
                continue
            code = child.process.returncode
            _signal_group(child, signal.SIGKILL)  # what the leader left behind
            self._drain(child)
            self._tell_leash(f"-{child.process.pid}\n")
            child.process, child.exit_code, child.ready = None, code, False
            self._died(child, _ending(code))

    def _died(self, child: Child, how: str) -> None:
        if self.asked_to_stop or not child.program.keep:
            return
        lived_s = time.monotonic() - child.started_at
        child.quick_deaths = 1 if lived_s >= HEALTHY_AFTER_S else child.quick_deaths + 1
        delay_s = restart_delay_s(child.quick_deaths, first_s=child.program.first_delay_s)
        child.restart_at = time.monotonic() + delay_s
        self.say(f"{child.program.name} {how}; starting it again in {delay_s:.1f} s")

    def alive(self, name: str) -> bool:
        """Say whether the named program has a living process."""
        child = self.children.get(name)
        return bool(child and child.process and child.process.poll() is None)

    def ended(self, name: str) -> int | None:
        """Return the exit code of the named program's last process, None while it runs."""
        child = self.children[name]
        return None if child.process else child.exit_code

    def not_ready(self) -> list[str]:
        """Return the names of the programs that are down or have not yet said that they are at work."""
        return [name for name, child in self.children.items() if child.program.keep and not child.ready]

    def pid(self, name: str) -> int | None:
        """Return the process id of the named program, None while it is down."""
        child = self.children.get(name)
        return child.process.pid if child and child.process else None

    # --- the end -------------------------------------------------------------------------------------------

    def stop_all(self, *, grace_s: float = STOP_GRACE_S) -> None:
        """Stop every program, lower ranks first, with SIGTERM and after ``grace_s`` with SIGKILL."""
        self.asked_to_stop = self.asked_to_stop or "stop"
        for rank in sorted({c.program.stop_rank for c in self.children.values()}):
            wave = [c for c in self.children.values() if c.program.stop_rank == rank]
            for child in wave:
                child.restart_at = None
                if child.process:
                    with contextlib.suppress(ProcessLookupError):
                        child.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + grace_s
            while any(c.process for c in wave) and time.monotonic() < deadline:
                self._pump(0.1)
                self._bury()
            for child in wave:
                if child.process:
                    self.say(f"{child.program.name} did not stop within {grace_s:.0f} s and was killed")
                    _signal_group(child, signal.SIGKILL)
                    child.process.wait()
            self._bury()

    # --- output --------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Print a line of the process manager's own."""
        self._print("feedforward", text)

    def _pump(self, timeout_s: float) -> None:
        for key, _events in self._selector.select(timeout_s):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)
                continue
            self._read(key.data, key.fileobj)  # type: ignore[arg-type]

    def _read(self, child: Child, pipe: IO[bytes]) -> bool:
        try:
            data = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(pipe)
            pipe.close()
            return False
        *lines, child.unfinished = (child.unfinished + data).split(b"\n")
        if len(child.unfinished) > LINE_MAX_BYTES:
            lines, child.unfinished = [*lines, child.unfinished], b""
        for line in lines:
            self._pass_on(child, line)
        return True

    def _drain(self, child: Child) -> None:
        assert child.process is not None
        pipe = child.process.stdout
        while pipe and not pipe.closed and self._read(child, pipe):
            pass
        if child.unfinished:
            self._pass_on(child, child.unfinished)
            child.unfinished = b""
        if pipe and not pipe.closed:
            self._selector.unregister(pipe)
            pipe.close()

    def _pass_on(self, child: Child, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if child.program.ready_words and child.program.ready_words in text:
            child.ready = True
        if child.program.hear and child.program.hear(text):
            return
        child.last_lines = [*child.last_lines[-19:], text]
        self._print(child.program.name, text)

    def _print(self, name: str, text: str) -> None:
        # The terminal may be gone; that is no reason to stop serving.
        with contextlib.suppress(OSError, ValueError):
            self._out.write(f"{name:<11} | {text}\n")
            self._out.flush()

    def _tell_leash(self, message: str) -> None:
        if self._leash:
            with contextlib.suppress(OSError, ValueError):
                self._leash.write(message.encode())
                self._leash.flush()


def restart_delay_s(quick_deaths: int, *, first_s: float = FIRST_DELAY_S) -> float:
    """Return the pause before the next start after ``quick_deaths`` in a row: doubling, at most half a minute."""
    return min(LONGEST_DELAY_S, first_s * 2 ** (max(1, quick_deaths) - 1))


def _signal_group(child: Child, number: int) -> None:
    if child.process:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _load_prctl() -> Callable[..., int] | None:
    """Return Linux's prctl, loaded before any fork, or None where there is none."""
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, AttributeError):
        function: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
        return function
    return None
