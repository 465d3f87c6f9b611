"""``/healthz``: 200 when the web process, the database and the broker answer, 503 with the part that does not."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError


def broker_answers(*, timeout_s: float = 1.0) -> bool:
    """Whether the broker answers a PING within ``timeout_s``."""
    try:
        with Redis.from_url(
            settings.BROKER.client_url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s
        ) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def database_answers() -> bool:
    """Whether the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    parts = {"web": True, "database": database_answers(), "broker": broker_answers()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)
