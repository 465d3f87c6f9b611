"""The programs one FeedForward is made of, and how each is started on a single machine."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.run.health import EVERY_INTERFACE
from deploy.run.supervisor import Program
from feedforward.broker import Broker

# Ranks of stopping: who makes work, who does it, who carries it.
FRONT, WORK, QUEUE = 0, 0, 1
# A broker that dies at once this often has a file it cannot read.
BROKER_GIVES_UP_AFTER = 3
# What the broker says at every start and stop, and about a kernel setting that only matters to its snapshots.
BROKER_ROUTINE = (
    *("is starting", "version=", "Configuration loaded", "Server initialized", "Memory overcommit", "Ready to accept"),
    *("scheduling shutdown", "User requested shutdown", "ready to exit"),
)
# The end of the line with which Celery's worker says that it takes tasks.
WORKER_READY = "ready."
# gunicorn makes its heartbeat files there, without a name.
SHARED_MEMORY = Path("/dev/shm")  # nosec B108


@dataclass(frozen=True)
class Site:
    """One running site: where its code and data are, where it listens, with which variables."""

    base_dir: Path
    data_dir: Path
    host: str
    port: int
    environ: Mapping[str, str]
    broker: Broker
    demo: bool
    reviewer_port: int | None = None

    @property
    def address(self) -> str:
        """Return the address to open in a browser."""
        shown = "localhost" if self.host in {"127.0.0.1", "::1", *EVERY_INTERFACE} else self.host
        return self.environ.get("SITE_URL", "").rstrip("/") or f"http://{shown}:{self.port}"


def broker_program(site: Site, *, say: Callable[[str], None]) -> Program | None:
    """Return the embedded broker, or None when ``REDIS_URL`` names one that somebody else runs."""
    command = site.broker.command
    if command is None:
        return None

    def set_aside_unreadable_queue(quick_deaths: int) -> None:
        folder = site.broker.folder
        if quick_deaths == BROKER_GIVES_UP_AFTER and folder and folder.exists():
            aside = folder.with_name(f"{folder.name}.unreadable-{int(time.time())}")
            with contextlib.suppress(OSError):
                folder.rename(aside)
                folder.mkdir(mode=0o700)
                say(
                    f"the queue's file could not be read; it is now {aside}. The tables hold the work, it is queued again"
                )

    return Program(
        "broker",
        command,
        _clean(site),
        site.base_dir,
        stop_rank=QUEUE,
        first_delay_s=0.1,
        before_restart=set_aside_unreadable_queue,
        hear=lambda line: any(words in line for words in BROKER_ROUTINE),
    )


def preparation(site: Site, *, hear: Callable[[str], bool]) -> Program:
    """Return the job that checks, migrates and seeds (deploy/run/prepare.py); ``hear`` gets its lines."""
    command = [sys.executable, "-m", "deploy.run.prepare"]
    environ = {**site.environ, "PYTHONUNBUFFERED": "1"}
    return Program("prepare", command, environ, site.base_dir, keep=False, hear=hear)


def demo_stories(site: Site) -> Program:
    """Return the job that carries the demo's stories on as drafts are read: releases, second drafts."""
    command = [sys.executable, "manage.py", "seed_demo", "--finish"]
    return Program("demo", command, {**site.environ, "PYTHONUNBUFFERED": "1"}, site.base_dir, keep=False)


def site_programs(site: Site) -> list[Program]:
    """Return the programs that serve and work, without the broker, in the order to start them."""
    python = [sys.executable, "-m"]
    environ = {
        **site.environ,
        "PYTHONUNBUFFERED": "1",
        # Threads of glibc otherwise keep a heap each: 60 MB more in the worker that awaits the models.
        "MALLOC_ARENA_MAX": "2",
        # Ctrl-C and deploys: a running task gets a few seconds, then its lease lets another worker take over.
        "REMAP_SIGTERM": "SIGQUIT",
        # The preparation has run them; again in every worker they load all pages' code, 30 MB each.
        "CELERY_SKIP_CHECKS": "true",
        # Celery's twelve lines about root at every start: in a container there is often nobody else.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    celery = [*python, "celery", "--app", "feedforward", "--quiet"]
    clock = [*python, "celery", "--app", "feedforward.clock", "--quiet"]
    worker = ["worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    web_threads = environ.get("WEB_THREADS", "8")
    web = [
        *python,
        "gunicorn",
        "feedforward.wsgi:application",
        *("--config", "python:deploy.run.web"),
        *("--bind", f"[{site.host}]:{site.port}" if ":" in site.host else f"{site.host}:{site.port}"),
        *("--worker-class", "gthread"),
        *("--workers", environ.get("WEB_CONCURRENCY", str(min(4, max(2, os.cpu_count() or 2))))),
        *("--threads", web_threads),
        "--no-control-socket",
        "--preload",
        *("--keep-alive", "5"),
        *("--timeout", "60"),
        *("--graceful-timeout", "5"),
        *("--log-level", "warning"),
        *(("--worker-tmp-dir", str(SHARED_MEMORY)) if os.access(SHARED_MEMORY, os.W_OK) else ()),
    ]
    programs = [
        Program("web", web, environ, site.base_dir, stop_rank=FRONT),
        Program(
            "runs",
            [
                *(*celery, *worker, "-n", "runs@%h", "-Q", "runs", "-P", "threads"),
                *("-c", environ.get("RUN_WORKER_THREADS", "150")),
            ],
            environ,
            site.base_dir,
            stop_rank=WORK,
            ready_words=WORKER_READY,
        ),
        Program(
            "worker",
            [
                *(*celery, *worker, "-n", "main@%h", "-Q", "extract,mail,maintenance", "-P", "prefork"),
                *("--autoscale", f"{environ.get('WORKER_CONCURRENCY', '2')},1"),
            ],
            environ,
            site.base_dir,
            stop_rank=WORK,
            ready_words=WORKER_READY,
        ),
        Program(
            "beat",
            [*clock, "beat", "--loglevel", "WARNING", "--pidfile=", "-s", str(site.data_dir / "beat-schedule")],
            environ,
            site.base_dir,
            stop_rank=FRONT,
        ),
    ]
    if site.demo:
        reviewers = [*python, "deploy.demo.reviewers", "--port", str(site.reviewer_port)]
        programs.insert(0, Program("reviewers", reviewers, environ, site.base_dir, stop_rank=QUEUE))
    return programs


def _clean(site: Site) -> dict[str, str]:
    """Return an environment without keys: the broker has no business with them."""
    return {k: v for k, v in site.environ.items() if not k.endswith(("_KEY", "_URL", "_PASSWORD"))}
