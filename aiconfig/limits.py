"""How many calls a provider is asked at once and in a minute, counted for all workers together (docs/adr/0013).

The counts live in the shared Redis: one script per call, so that two workers never take the same place. A place that
is not given back (its worker died) is free again when its call can no longer be running. When Redis is away each
worker process keeps the limits by itself: drafts go on, and a provider is asked at most so many times as often as
there are worker processes.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import redis
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WINDOW_S = 60.0
# Those who find every place taken look again after a time around this.
LOOK_AGAIN_S = 4.0
# After a failure nobody waits for Redis for this long.
LEFT_ALONE_S = 5.0

# KEYS: places held, calls of the last minute. ARGV: now, token, held until, most at once, most per minute, most tokens
# per minute (-1: no limit), this call's tokens, 1 to count a follow-up without asking. Answers "" or the wait in seconds, -1: until
# a place is given back. Members of the second set end in "/tokens".
SCRIPT = """
local now = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60)
local at_once, calls, tokens, mine = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local wait = 0
if ARGV[8] == '0' then
  if at_once >= 0 and redis.call('ZCARD', KEYS[1]) >= at_once then return '-1' end
  local made = redis.call('ZCARD', KEYS[2])
  if calls >= 0 and made >= calls then
    wait = tonumber(redis.call('ZRANGE', KEYS[2], made - calls, made - calls, 'WITHSCORES')[2]) + 60 - now
  end
  if tokens >= 0 then
    local rows, sum = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES'), 0
    for i = 1, #rows, 2 do sum = sum + tonumber(string.match(rows[i], '/(%d+)$')) end
    for i = 1, #rows, 2 do
      if sum + mine <= tokens then break end
      sum = sum - tonumber(string.match(rows[i], '/(%d+)$'))
      wait = math.max(wait, tonumber(rows[i + 1]) + 60 - now)
    end
  end
  if wait > 0 then return tostring(wait) end
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
  redis.call('EXPIREAT', KEYS[1], math.ceil(tonumber(ARGV[3])) + 60)
end
redis.call('ZADD', KEYS[2], now, ARGV[2] .. '/' .. ARGV[7])
redis.call('EXPIRE', KEYS[2], 120)
return ''
"""


@dataclass(frozen=True)
class Limits:
    """What a provider may be asked by all workers together; None: no limit."""

    at_once: int | None = None
    per_minute: int | None = None
    tokens_per_minute: int | None = None

    @property
    def none(self) -> bool:
        return self.at_once is None and self.per_minute is None and self.tokens_per_minute is None


@dataclass(frozen=True)
class Place:
    """One call's place among those a provider is asked at once."""

    provider_id: int
    token: str


class Counter(Protocol):
    """Where the calls are counted."""

    def take(
        self, provider_id: int, limits: Limits, *, token: str, tokens: int, hold_s: float, now: float, force: bool
    ) -> float | None:
        """Count a call and return None, or return the wait in seconds; -1: until a place is given back."""

    def give_back(self, provider_id: int, token: str) -> None: ...


class SharedCounter:
    """Counts in Redis, for every process that knows the address. Raises RedisError when it is away."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
        self.script = self.client.register_script(SCRIPT)

    def take(
        self, provider_id: int, limits: Limits, *, token: str, tokens: int, hold_s: float, now: float, force: bool
    ) -> float | None:
        most = [-1 if most is None else most for most in (limits.at_once, limits.per_minute, limits.tokens_per_minute)]
        answer: Any = self.script(
            keys=[f"ff:places:{provider_id}", f"ff:calls:{provider_id}"],
            args=[repr(now), token, repr(now + hold_s), *most, tokens, int(force)],
        )
        return float(answer) if answer else None

    def give_back(self, provider_id: int, token: str) -> None:
        self.client.zrem(f"ff:places:{provider_id}", token)


@dataclass
class OwnCounter:
    """Counts of this process alone, for when the shared ones cannot be had."""

    places: dict[int, dict[str, float]] = field(default_factory=dict)
    calls: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self, provider_id: int, limits: Limits, *, token: str, tokens: int, hold_s: float, now: float, force: bool
    ) -> float | None:
        with self.lock:
            held = {t: until for t, until in self.places.get(provider_id, {}).items() if until > now}
            made = [(at, used) for at, used in self.calls.get(provider_id, []) if at > now - WINDOW_S]
            self.places[provider_id], self.calls[provider_id] = held, made
            if not force:
                if limits.at_once is not None and len(held) >= limits.at_once:
                    return -1.0
                wait = self._wait(limits, made, tokens, now)
                if wait > 0:
                    return wait
                held[token] = now + hold_s
            made.append((now, tokens))
            return None

    @staticmethod
    def _wait(limits: Limits, made: list[tuple[float, int]], tokens: int, now: float) -> float:
        wait = 0.0
        if limits.per_minute is not None and len(made) >= limits.per_minute:
            wait = made[len(made) - limits.per_minute][0] + WINDOW_S - now
        if limits.tokens_per_minute is not None:
            used = sum(count for _at, count in made)
            # A call larger than the whole limit goes out alone.
            for at, count in made:
                if used + tokens <= limits.tokens_per_minute:
                    break
                used -= count
                wait = max(wait, at + WINDOW_S - now)
        return wait

    def give_back(self, provider_id: int, token: str) -> None:
        with self.lock:
            self.places.get(provider_id, {}).pop(token, None)


_own = OwnCounter()
_left_alone_until = 0.0


@cache
def _shared(url: str) -> SharedCounter:
    return SharedCounter(url)


def _counter() -> Counter:
    cache_settings = settings.CACHES["default"]
    if "Redis" not in cache_settings["BACKEND"] or time.monotonic() < _left_alone_until:
        return _own
    return _shared(str(cache_settings["LOCATION"]))


def take(provider_id: int, limits: Limits, *, tokens: int, hold_s: float, now: float) -> Place | float:
    """Take a place for one call of about ``tokens`` tokens that runs at most ``hold_s``, or say how many seconds to wait."""
    place = Place(provider_id, uuid.uuid4().hex)
    wait = _take(provider_id, limits, token=place.token, tokens=tokens, hold_s=hold_s, now=now, force=False)
    if wait is None:
        return place
    return LOOK_AGAIN_S * (0.5 + random.random()) if wait < 0 else wait + random.random()


def count(provider_id: int, limits: Limits, *, tokens: int, now: float) -> None:
    """Count a call that follows at once on one that has its place, such as a repair; it is never refused."""
    if not limits.none:
        _take(provider_id, limits, token=uuid.uuid4().hex, tokens=tokens, hold_s=0, now=now, force=True)


def _take(provider_id: int, limits: Limits, **call: Any) -> float | None:
    global _left_alone_until
    try:
        return _counter().take(provider_id, limits, **call)
    except (RedisError, OSError) as error:
        _left_alone_until = time.monotonic() + LEFT_ALONE_S
        logger.warning("limits are kept by each worker for now: %s", type(error).__name__)
        return _own.take(provider_id, limits, **call)


def give_back(place: Place) -> None:
    """The call is over: the next one may have its place."""
    # Taken while Redis was away, or given back while it is: each is forgotten where it stands, the other by its time.
    _own.give_back(place.provider_id, place.token)
    try:
        counter = _counter()
        if counter is not _own:
            counter.give_back(place.provider_id, place.token)
    except (RedisError, OSError) as error:
        logger.warning("a place is given back by its time only: %s", type(error).__name__)
