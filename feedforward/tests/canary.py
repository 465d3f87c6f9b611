"""Words that stand for what must never be told: a student's text and name, keys, links; and listening for them.

The suite listens to its own log all the time (conftest.py); test_canary.py forces the failures and searches the rest.
"""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from feedforward.logs import LineFormatter, ScrubFilter

# Of the essays and keys that the tests use everywhere: cast.py, feedback/tests/conftest.py, aiconfig/tests.
WORDS = (
    "quokka",
    "Everybody knows that cars are the main",
    "the tide came in at noon",
    "sk-stub-0123456789abcdef",
    "sk-live-0123456789abcdefghij",
    "sk-canary-key-0123456789abcdef",
)


class Ear(logging.Handler):
    """Keeps each record as the site would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.scrub, self.formatter = ScrubFilter(), LineFormatter()

    def emit(self, record: logging.LogRecord) -> None:
        kept = copy.copy(record)
        self.scrub.filter(kept)
        assert self.formatter is not None
        self.lines.append(self.formatter.format(kept))


@contextmanager
def listening() -> Iterator[list[str]]:
    """Hear what reaches the root of the log; gives the lines."""
    ear, root = Ear(), logging.getLogger()
    # First in the row: the console's filter changes the record itself.
    root.handlers.insert(0, ear)
    try:
        yield ear.lines
    finally:
        root.removeHandler(ear)


def told(lines: Iterable[str], words: Iterable[str] = WORDS) -> list[str]:
    """Return the lines that hold one of the words."""
    low = tuple(word.lower() for word in words)
    return [line[:300] for line in lines if any(word in line.lower() for word in low)]


# --- a search of everything, for the tests that force failures ------------------------------------------------------

DRAFT, NAME, EMAIL, PROMPT, ANSWER = "xylorimba", "Quillfeather", "zephyrine@example.edu", "sousaphone", "glockenspiel"
KEY = "sk-zyx-9876543210abcdefgh"
PASSWORD = "brassbanjo-of-the-12th"
RARE = (DRAFT, NAME, EMAIL, PROMPT, ANSWER, KEY, PASSWORD)
# Names and addresses of people stand in mails to them, and in sessions what a page is about to say.
NOT_OF_PEOPLE = (DRAFT, PROMPT, ANSWER, KEY, PASSWORD)
ESSAY = f"""The {DRAFT} is an instrument that hardly anybody has heard of, although it sounds better than most.

Many players say that the {DRAFT} is harder to learn than the piano. Its bars must be tuned every year by hand.

In conclusion, every orchestra should own one {DRAFT}, because nothing else sounds like it in the low notes."""


def held(text: str, words: Iterable[str] = RARE) -> list[str]:
    """Return the words that ``text`` holds."""
    low = text.lower()
    return [word for word in words if word.lower() in low]


def _messages() -> str:
    """Everything that waits in the queues of the test's broker, decoded."""
    from kombu.transport.memory import Channel

    found = []
    for queue in Channel.queues.values():
        for payload in list(queue.queue):
            raw = payload if isinstance(payload, str) else json.dumps(payload, default=str)
            found.append(raw)
            found.append(base64.b64decode(json.loads(raw).get("body", "")).decode("utf-8", "replace"))
    return "\n".join(found)


def empty_queues() -> None:
    """Forget what other tests enqueued."""
    from kombu.transport.memory import Channel

    for queue in Channel.queues.values():
        queue.queue.clear()


def _cached() -> str:
    """Every value of the cache in memory."""
    from django.core.cache import cache

    return "\n".join(repr(pickle.loads(value)) for value in cache._cache.values())


def table(model: Any) -> str:
    """Every row of a table as text."""
    return "\n".join(str(row) for row in model._base_manager.values())


def _audit() -> str:
    from accounts.models import AuditEvent

    return table(AuditEvent)


def _sessions() -> str:
    from django.contrib.sessions.models import Session

    return "\n".join(str(row.get_decoded()) for row in Session.objects.all())


def _mails() -> str:
    from django.core import mail

    from feedforward.models import OutgoingMail

    return table(OutgoingMail) + "".join(str(letter.message()) for letter in getattr(mail, "outbox", ()))


def _metrics() -> str:
    from prometheus_client import generate_latest

    return generate_latest().decode()


PLACES: tuple[tuple[str, Callable[[], str], tuple[str, ...]], ...] = (
    ("messages", _messages, RARE),
    ("cache", _cached, NOT_OF_PEOPLE),
    ("metrics", _metrics, RARE),
    ("audit", _audit, RARE),
    ("mails", _mails, NOT_OF_PEOPLE),
    ("sessions", _sessions, NOT_OF_PEOPLE),
)


def value_of(broker: Any, key: bytes) -> str:
    """What a Redis server holds under a key, as text; messages are unpacked."""
    kind = broker.type(key)
    reads: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: broker.get(key),
        b"list": lambda: broker.lrange(key, 0, -1),
        b"hash": lambda: broker.hgetall(key),
        b"set": lambda: broker.smembers(key),
        b"zset": lambda: broker.zrange(key, 0, -1),
    }
    said = repr(reads[kind]()) if kind in reads else ""
    inner = [base64.b64decode(body).decode("utf-8", "replace") for body in re.findall(r'"body": "([\w+/=]+)"', said)]
    return "\n".join([said, *inner])


def places_told(names: Iterable[str]) -> list[str]:
    """Return "place: words" for each of the named places that tells one."""
    wanted = set(names)
    chosen = [(name, read, words) for name, read, words in PLACES if name in wanted]
    return [f"{name}: {found}" for name, read, words in chosen if (found := held(read(), words))]


def search_everything(lines: Iterable[str], output: str) -> None:
    """Fail for the first place that tells a word: log, terminal, messages, cache, metrics, audit, mails, sessions, tables."""
    from django.apps import apps

    assert not (found := told(lines, RARE)), f"log: {found}"
    assert not (found := held(output)), f"terminal: {found}"
    assert not (found := places_told(name for name, *_ in PLACES)), found
    for model in apps.get_models():
        assert not (found := held(table(model), (KEY, PASSWORD))), f"table of {model._meta.label}: {found}"
