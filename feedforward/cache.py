"""A cache that a dead Redis only makes slower, never wrong."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class PatientRedisCache(RedisCache):
    """Redis, where a read that fails is a miss and a write that fails is forgotten.

    Sessions live in the database behind it (``cached_db``), so nobody is signed out when Redis is lost.
    ``add`` answers True on failure: a guard that cannot be kept must not lock everybody out.
    """

    def _try(self, name: str, fallback: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except (RedisError, OSError) as error:
            logger.warning("cache unavailable: %s (%s)", name, type(error).__name__)
            return fallback

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._try("add", True, *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._try("get", default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._try("set", None, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._try("touch", False, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._try("delete", False, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return self._try("get_many", {}, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        return self._try("set_many", [], *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._try("delete_many", None, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._try("has_key", False, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return self._try("incr", 1, *args, **kwargs)
