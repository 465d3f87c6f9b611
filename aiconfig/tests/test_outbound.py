"""Where calls may go: the rules by address, and the transport that holds to them on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import anyio
import httpx
import pytest

from aiconfig import outbound
from aiconfig.outbound import AddressRefused, AddressRules, CallTrace, GuardedTransport
from aiconfig.tests.provider_server import ProviderServer, Reply

HOSTS = frozenset({"api.openai.com", "127.0.0.1"})
STRICT = AddressRules(hosts=HOSTS, allow_local=False)
LOCAL = AddressRules(hosts=HOSTS, allow_local=True)


@pytest.mark.parametrize(
    ("url", "strict", "local"),
    [
        ("https://api.openai.com/v1/chat", True, True),
        ("https://API.OpenAI.com:8443/v1", True, True),
        ("http://api.openai.com/v1", False, True),
        ("http://127.0.0.1:11434/api/chat", False, True),
        ("http://localhost:8000/v1", False, True),
        ("https://localhost/v1", False, True),
        ("https://example.org/v1", False, True),
        ("https://api.openai.com.example.org/v1", False, True),
        ("https://api.openai.com./v1", False, True),
        ("https://evil-api.openai.com/v1", False, True),
        ("https://api.openai.com@example.org/v1", False, False),
        ("https://user:word@api.openai.com/v1", False, False),
        ("https://user@api.openai.com/v1", False, False),
        ("ftp://api.openai.com/v1", False, False),
        ("file:///etc/passwd", False, False),
        ("gopher://127.0.0.1:6379/_", False, False),
        ("javascript:alert(1)", False, False),
        ("//api.openai.com/v1", False, False),
        ("api.openai.com/v1", False, False),
        ("https:///v1", False, False),
        ("https://[::1", False, False),
        ("", False, False),
    ],
)
def test_addresses_as_typed(url: str, strict: bool, local: bool) -> None:
    for rules, allowed in ((STRICT, strict), (LOCAL, local)):
        words = rules.check_url(url)
        assert (words == "") == allowed, (rules, words)
        assert "word@" not in words


@pytest.mark.parametrize(
    ("address", "strict", "local"),
    [
        ("93.184.216.34", True, True),
        ("2606:4700:4700::1111", True, True),
        ("::ffff:93.184.216.34", True, True),
        ("64:ff9b::5db8:d822", True, True),  # 93.184.216.34 behind NAT64
        ("127.0.0.1", False, True),
        ("127.8.8.8", False, True),
        ("::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),  # 6to4 of 127.0.0.1
        ("10.0.0.7", False, True),
        ("172.16.0.1", False, True),
        ("192.168.1.1", False, True),
        ("100.64.0.1", False, True),
        ("198.18.0.1", False, True),
        ("fd12:3456::1", False, True),
        ("fec0::1", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("240.0.0.1", False, False),
        ("255.255.255.255", False, False),
    ],
)
def test_addresses_as_resolved(address: str, strict: bool, local: bool) -> None:
    assert (STRICT.check_address(address), LOCAL.check_address(address)) == (strict, local)


# --- on the wire ------------------------------------------------------------------------------------------------


@pytest.fixture
def server(running: ProviderServer) -> ProviderServer:
    running.seen.clear()
    running.reply = Reply(body={"ok": True})
    return running


def post(url: str, *, rules: AddressRules = LOCAL, max_bytes: int = 10_000) -> tuple[httpx.Response, CallTrace]:
    """Post once through a transport of its own."""

    async def run() -> tuple[httpx.Response, CallTrace]:
        record = CallTrace()
        outbound.trace.set(record)
        async with httpx.AsyncClient(transport=GuardedTransport(rules, max_bytes=max_bytes), timeout=3) as client:
            return await client.post(url, json={"text": "draft"}), record

    return asyncio.run(run())


class Names:
    """A resolver that answers from a list, the last answer for ever; notes what was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int, **kwargs: Any) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def test_localhost_is_reached_where_it_is_allowed(server: ProviderServer) -> None:
    response, record = post(server.address.replace("127.0.0.1", "localhost"))
    assert (response.json(), record.status, record.refused) == ({"ok": True}, 200, "")


def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when checked and private a moment later gains nothing: it is looked up once."""
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    connected: list[str] = []

    async def connect(self: Any, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        connected.append(host)
        raise outbound.httpcore.ConnectError("stopped here")

    monkeypatch.setattr(anyio, "getaddrinfo", names)
    monkeypatch.setattr(outbound.httpcore.AnyIOBackend, "connect_tcp", connect)
    with pytest.raises(outbound.Unreachable):
        post("https://api.openai.com/v1", rules=STRICT)
    assert connected == ["93.184.216.34"] and names.asked == ["api.openai.com"]


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["169.254.169.254"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"], []]
)
def test_a_name_that_leads_inside_is_refused_before_a_connection(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    async def connect(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("connected")

    monkeypatch.setattr(anyio, "getaddrinfo", Names(found))
    monkeypatch.setattr(outbound.httpcore.AnyIOBackend, "connect_tcp", connect)
    with pytest.raises(AddressRefused):
        post("https://api.openai.com/v1", rules=STRICT)


def test_a_local_address_is_refused_before_it_is_looked_up(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(["127.0.0.1"])
    monkeypatch.setattr(anyio, "getaddrinfo", names)
    with pytest.raises(AddressRefused, match="https://"):
        post(server.address, rules=STRICT)
    assert names.asked == [] and server.seen == []


def test_a_name_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", unknown)
    with pytest.raises(outbound.Unreachable):
        post("https://api.openai.com/v1", rules=STRICT)


def test_the_next_address_of_a_name_is_tried(server: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:  # nothing listens there: 127.0.0.2 has no server on this port
        probe.bind(("127.0.0.2", 0))
    monkeypatch.setattr(anyio, "getaddrinfo", Names(["127.0.0.2", "127.0.0.1"]))
    response, _ = post(server.address.replace("127.0.0.1", "two.example"))
    assert response.status_code == 200


@pytest.mark.parametrize(("size", "fits"), [(9_998, True), (9_999, False), (50_000, False)])
def test_the_limit_of_an_answer(server: ProviderServer, size: int, fits: bool) -> None:
    server.reply = Reply(body="a" * size)  # and two quotation marks
    if fits:
        assert len(post(server.address)[0].content) == 10_000
        return
    with pytest.raises(outbound.AnswerTooLarge):
        post(server.address)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"])
def test_a_compressed_answer_is_refused(server: ProviderServer, encoding: str) -> None:
    server.reply = Reply(body=b"\x1f\x8b", headers={"content-encoding": encoding})
    with pytest.raises(outbound.Compressed):
        post(server.address)
    assert server.seen[0].headers["accept-encoding"] == "identity"


def test_unix_sockets_are_not_called() -> None:
    backend = outbound._CheckedBackend(LOCAL)
    with pytest.raises(AddressRefused):
        asyncio.run(backend.connect_unix_socket("/run/docker.sock"))


# --- taken away ---------------------------------------------------------------------------------------------------


def test_without_pinning_the_second_answer_of_a_resolver_is_connected_to(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked and then connected to by name, as a client of its own would: the name has moved inside by then."""
    local = server.address.removeprefix("http://127.0.0.1:")
    names, connect = Names(["93.184.216.34"], ["127.0.0.1"]), outbound.httpcore.AnyIOBackend.connect_tcp
    monkeypatch.setattr(anyio, "getaddrinfo", names)

    async def by_name(self: Any, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        found = await anyio.getaddrinfo(host, port)
        assert all(self.rules.check_address(entry[4][0]) for entry in found)
        again = await anyio.getaddrinfo(host, port)
        return await connect(self.inner, again[0][4][0], int(local))

    monkeypatch.setattr(AddressRules, "check_url", lambda self, url: "")
    monkeypatch.setattr(outbound._CheckedBackend, "connect_tcp", by_name)
    assert post("http://api.openai.com/v1", rules=STRICT)[0].status_code == 200
    assert len(server.seen) == 1 and names.asked == ["api.openai.com"] * 2


def test_without_the_wall_a_307_carries_the_text_on(server: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own client follows redirects; ours does not, and the transport would refuse if it did."""
    server.reply = lambda seen: (
        Reply(body={"ok": True}) if seen.path == "/elsewhere" else Reply(307, b"", {"location": "/elsewhere"})
    )

    def texts() -> list[Any]:
        async def run() -> None:
            transport = GuardedTransport(LOCAL, max_bytes=10_000)
            async with httpx.AsyncClient(transport=transport, timeout=3, follow_redirects=True) as client:
                await client.post(server.address, json={"text": "draft"})

        server.seen.clear()
        with contextlib.suppress(outbound.Redirected):
            asyncio.run(run())
        return [seen.body for seen in server.seen if seen.path == "/elsewhere"]

    assert texts() == []

    async def any_answer(self: Any, response: httpx.Response, current: CallTrace) -> bytes:
        return await response.aread()

    monkeypatch.setattr(GuardedTransport, "_read", any_answer)
    assert texts() == [{"text": "draft"}]
