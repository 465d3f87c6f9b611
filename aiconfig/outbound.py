"""Where calls to models may go: an HTTP transport that checks the address it connects to.

The address is resolved once, checked, and *that* address is connected to, so a name that resolves differently
a moment later (DNS rebinding) gains nothing. Redirects are never followed: a 307 would send the student's text
on. Proxies from the environment are not used. Answers over a size limit are cut off with an error, compressed
ones are refused: 400 kB can hold 400 MB.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
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


class Compressed(httpx.TransportError):
    """The server compressed its answer although it was asked not to."""


class Unreachable(httpx.TransportError):
    """The connection failed or broke.

    Not httpx's own error: LiteLLM answers ``ConnectError`` and ``RemoteProtocolError`` by sending the call again
    and then closing this transport, which breaks every other call under way.
    """


@dataclass
class CallTrace:
    """What the wire said of one call, whatever the library above makes of it.

    ``amend`` may change the body of an answer (status 200) before the library reads it.
    """

    status: int | None = None
    retry_after: str = ""
    refused: str = ""
    body: bytes = field(default=b"", repr=False)
    amend: Callable[[bytes], bytes] | None = field(default=None, repr=False)


trace: ContextVar[CallTrace | None] = ContextVar("call_trace", default=None)

# Addresses that hold a cloud machine's credentials and are not link-local (AWS over IPv6, Alibaba).
METADATA = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})
# An IPv4 address behind a translator (RFC 6052): its last 32 bits are what is reached.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class AddressRules:
    """``hosts``: names https calls may go to; ``allow_local``: also http and private or loopback addresses."""

    hosts: frozenset[str]
    allow_local: bool

    def check_url(self, url: str) -> str:
        """Return a sentence why ``url`` may not be called, "" when it may. Looks nothing up."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return "The address cannot be read."
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
        if isinstance(ip, ipaddress.IPv6Address):
            ip = _embedded(ip) or ip
        if ip.is_loopback:  # before the ranges below: ::1 lies in a reserved one
            return self.allow_local
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved or ip in METADATA:
            # Link-local holds the metadata services of cloud machines; never a model.
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local:
            return self.allow_local
        return True if self.allow_local else ip.is_global


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address an IPv6 one leads to: mapped, 6to4 or NAT64."""
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


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


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP to model servers under :class:`AddressRules`, with a size limit and a :class:`CallTrace`."""

    def __init__(self, rules: AddressRules, *, max_bytes: int, max_connections: int = 1000) -> None:
        self.rules = rules
        self.max_bytes = max_bytes
        limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=100)
        self.inner = httpx.AsyncHTTPTransport(limits=limits, trust_env=False, retries=0)
        self.inner._pool._network_backend = _CheckedBackend(rules)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        current = trace.get() or CallTrace()
        words = self.rules.check_url(str(request.url))
        if words:
            current.refused = words
            raise AddressRefused(words)
        request.headers["accept-encoding"] = "identity"
        try:
            response = await self.inner.handle_async_request(request)
            try:
                current.status = response.status_code
                current.retry_after = response.headers.get("retry-after", "")
                content = await self._read(response, current)
            finally:
                await response.aclose()
        except AddressRefused as error:
            current.refused = str(error)
            raise
        except (httpx.NetworkError, httpx.ProtocolError) as error:
            raise Unreachable(type(error).__name__) from None
        current.body = content
        if current.amend is not None and response.status_code == 200:
            content = current.amend(content)
        framing = {"content-length", "transfer-encoding", "content-encoding"}
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in framing]
        return httpx.Response(response.status_code, headers=headers, content=content, request=request)

    async def _read(self, response: httpx.Response, current: CallTrace) -> bytes:
        """Return the whole body. Raises for a redirect, a compressed and a too large answer, and says so in the trace."""
        if 300 <= response.status_code < 400:
            current.refused = "redirect"
            raise Redirected("the server answered with a redirect")
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            current.refused = "compressed"
            raise Compressed("the server compressed its answer")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        content = bytearray()
        async for chunk in response.stream:
            content += chunk
            if len(content) > self.max_bytes:
                current.refused = "too_large"
                raise AnswerTooLarge("the answer is too large")
        return bytes(content)

    async def aclose(self) -> None:
        await self.inner.aclose()
