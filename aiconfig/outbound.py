"""Where calls to models may go: an HTTP transport that checks the address it connects to.

The address is resolved once, checked, and *that* address is connected to, so a name that resolves differently
a moment later (DNS rebinding) gains nothing. Redirects are never followed: a 307 would send the student's text
on. Proxies from the environment are not used. Answers over a size limit are cut off with an error.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpcore
import httpx


class AddressRefused(httpx.TransportError):
    """The address is not one this site sends drafts to."""


class AnswerTooLarge(httpx.TransportError):
    """The answer was longer than any real one."""


class Redirected(httpx.TransportError):
    """The server answered with a redirect, which is not followed."""


@dataclass
class CallTrace:
    """What the wire said of one call, whatever the library above makes of it."""

    status: int | None = None
    retry_after: str = ""
    received_bytes: int = 0
    refused: str = ""
    statuses: list[int] = field(default_factory=list)


trace: ContextVar[CallTrace | None] = ContextVar("call_trace", default=None)


@dataclass(frozen=True)
class AddressRules:
    """``hosts``: names https calls may go to; ``allow_local``: also http and private or loopback addresses."""

    hosts: frozenset[str]
    allow_local: bool

    def check_url(self, url: str) -> str:
        """Return a sentence why ``url`` may not be called, "" when it may. Looks nothing up."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in {"http", "https"} or not host:
            return "The address must start with https:// and name a server."
        if parts.username or parts.password:
            return "The address must not hold a name or password."
        if self.allow_local:
            return ""
        if parts.scheme != "https":
            return "The address must start with https://. Local servers need ALLOW_LOCAL_MODEL_SERVERS."
        if host not in self.hosts:
            return f"{host} is not on this site's list of model servers (MODEL_HOSTS)."
        return ""

    def check_address(self, address: str) -> bool:
        """Whether a resolved IP address may be connected to."""
        ip = ipaddress.ip_address(address.split("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
            # Link-local holds the metadata services of cloud machines; never a model.
            return False
        return True if self.allow_local else ip.is_global


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolve, check every address, connect to a checked one."""

    def __init__(self, rules: AddressRules) -> None:
        self.rules = rules
        self.inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"cannot resolve the server's name ({type(error).__name__})") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(self.rules.check_address(address) for address in addresses):
            raise AddressRefused("the server's address is not allowed")
        last: Exception = httpcore.ConnectError("no address")
        for address in dict.fromkeys(addresses):
            try:
                return await self.inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("unix sockets are not called")

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class _CappedStream(httpx.AsyncByteStream):
    """The body of an answer, cut off with an error past ``limit`` bytes."""

    def __init__(self, inner: httpx.AsyncByteStream, limit: int) -> None:
        self.inner = inner
        self.limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self.inner:
            seen += len(chunk)
            if seen > self.limit:
                current = trace.get()
                if current is not None:
                    current.refused = "too_large"
                raise AnswerTooLarge("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self.inner.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP to model servers under :class:`AddressRules`, with a size limit and a :class:`CallTrace`."""

    def __init__(self, rules: AddressRules, *, max_bytes: int, max_connections: int = 1000) -> None:
        self.rules = rules
        self.max_bytes = max_bytes
        limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=100)
        self.inner = httpx.AsyncHTTPTransport(limits=limits, trust_env=False, retries=0)
        self.inner._pool._network_backend = _CheckedBackend(rules)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        current = trace.get()
        words = self.rules.check_url(str(request.url))
        if words:
            if current is not None:
                current.refused = words
            raise AddressRefused(words)
        # Compressed answers could grow past any limit after it was checked.
        request.headers["accept-encoding"] = "identity"
        try:
            response = await self.inner.handle_async_request(request)
        except AddressRefused as error:
            if current is not None:
                current.refused = str(error)
            raise
        if current is not None:
            current.status = response.status_code
            current.statuses.append(response.status_code)
            current.retry_after = response.headers.get("retry-after", "")
        if 300 <= response.status_code < 400:
            await response.aclose()
            if current is not None:
                current.refused = "redirect"
            raise Redirected("the server answered with a redirect")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _CappedStream(response.stream, self.max_bytes)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()
