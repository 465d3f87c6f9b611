"""What each fault of a provider becomes: over real HTTP, in time, without a hidden retry, without a word of the draft."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from aiconfig import llm, wire
from aiconfig.tests import provider_server as shapes
from aiconfig.tests.calling import KEY, KINDS, SCHEMA, ask, call_for, fault
from aiconfig.tests.provider_server import REVIEW, SECRET_WORDS, ProviderServer, Reply, error_body, plain_body
from feedforward.loop import submit


@pytest.fixture(scope="module", autouse=True)
def _library_loaded() -> None:
    llm.warm_up()


def refused(status: int, words: str, *, code: str = "error", headers: dict[str, str] | None = None) -> Any:
    """Return a maker of error replies; the words echo the key and the draft, as some providers do."""
    return lambda kind: Reply(
        status, error_body(kind, f"{words} [{KEY}] [{SECRET_WORDS}]", code=code, status=status), headers or {}
    )


def answered(content: Any, headers: dict[str, str] | None = None) -> Any:
    return lambda kind: Reply(200, content, headers or {})


def raw(act: Any) -> Any:
    return lambda kind: Reply(raw=act)


# Hours ahead: between collecting and testing some minutes may pass.
IN_TWO_HOURS = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
BOMB = gzip.compress(b" " * 5_000_000)
GEMINI_BUSY = {
    "error": {
        "code": 429,
        "message": "You exceeded your current quota.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s"}],
    }
}
# name, reply, code, remedy, wait in seconds (low, high)
FAULTS: list[tuple[str, Any, str, str, tuple[float, float] | None]] = [
    ("401", refused(401, "Incorrect API key provided", code="invalid_api_key"), "wrong_key", "next_model", None),
    ("403", refused(403, "Forbidden"), "wrong_key", "next_model", None),
    ("400 key", refused(400, "API key not valid. Please pass a valid one."), "wrong_key", "next_model", None),
    ("404", refused(404, "model not found"), "not_found", "next_model", None),
    ("400 format", refused(400, "response_format is not supported"), "structure_refused", "prompt_mode", None),
    (
        "400 context",
        refused(400, "This model's maximum context length is 8192 tokens", code="context_length_exceeded"),
        "too_long",
        "next_model",
        None,
    ),
    ("400 prompt", refused(400, "prompt is too long: 210000 tokens > 200000"), "too_long", "next_model", None),
    ("400 tokens", refused(400, "exceeds the maximum number of tokens allowed (1)"), "too_long", "next_model", None),
    ("413", refused(413, "too large"), "too_long", "next_model", None),
    ("400 filter", refused(400, "refused by our content policy"), "filtered", "next_model", None),
    ("429 seconds", refused(429, "slow down", headers={"retry-after": "7"}), "busy", "wait", (7, 7)),
    ("429 date", refused(429, "slow down", headers={"retry-after": IN_TWO_HOURS}), "busy", "wait", (3600, 7200)),
    ("429 day", refused(429, "slow down", headers={"retry-after": "86400"}), "busy", "wait", (86400, 86400)),
    ("429 nonsense", refused(429, "slow down", headers={"retry-after": "inf"}), "busy", "wait", None),
    ("429 bare", refused(429, "slow down"), "busy", "wait", None),
    ("429 gemini", lambda kind: Reply(429, GEMINI_BUSY), "busy", "wait", (27, 27)),
    ("429 quota", refused(429, "quota exceeded", code="insufficient_quota"), "quota", "next_model", None),
    ("400 credit", refused(400, "Your credit balance is too low"), "quota", "next_model", None),
    ("402", refused(402, "Insufficient Balance"), "quota", "next_model", None),
    ("500", refused(500, "oops"), "server_error", "retry", None),
    ("503", refused(503, "busy", headers={"retry-after": "3"}), "server_error", "retry", (3, 3)),
    ("529", refused(529, "overloaded", code="overloaded_error"), "server_error", "retry", None),
    ("HTML error", lambda kind: Reply(502, b"<html>Bad gateway</html>"), "server_error", "retry", None),
    (
        "HTML",
        answered(f"<html>{SECRET_WORDS}</html>".encode(), {"content-type": "text/html"}),
        "not_understood",
        "retry",
        None,
    ),
    ("a list", answered([]), "not_understood", "retry", None),
    ("a number", answered(b"5"), "not_understood", "retry", None),
    ("nothing", answered(b""), "not_understood", "retry", None),
    ("truncated", raw(shapes.truncated), "not_understood", "retry", None),
    ("huge", raw(shapes.huge), "too_large", "next_model", None),
    ("bomb", answered(BOMB, {"content-encoding": "gzip"}), "not_understood", "next_model", None),
    ("hang up", raw(shapes.hang_up), "unreachable", "retry", None),
    ("redirect", lambda kind: Reply(307, b"", {"location": "/elsewhere"}), "redirected", "next_model", None),
]


@pytest.mark.parametrize("kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.thorough) for kind in KINDS[1:])])
@pytest.mark.parametrize(("name", "reply", "code", "remedy", "wait"), FAULTS, ids=[case[0] for case in FAULTS])
def test_faults(
    server: ProviderServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    kind: str,
    name: str,
    reply: Any,
    code: str,
    remedy: str,
    wait: tuple[float, float] | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.reply = reply(kind)
    started = time.monotonic()
    error = fault(server, kind, schema=SCHEMA, output_mode="schema")
    assert time.monotonic() - started < 5

    assert (error.code, error.remedy) == (code, remedy)
    if wait is None:
        assert error.retry_after_s is None
    else:
        assert error.retry_after_s is not None and wait[0] <= error.retry_after_s <= wait[1]
    assert len(server.seen) == 1, "a retry of the library's own"
    assert error.__suppress_context__
    said = f"{error} {error!r} {error.words} {error.args}"
    assert KEY not in said and SECRET_WORDS not in said
    output = "".join(capfd.readouterr()) + caplog.text
    assert KEY not in output and SECRET_WORDS not in output


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("act", [shapes.slow_drip, shapes.never_answer], ids=["slow drip", "never answers"])
def test_the_whole_call_ends_in_time(server: ProviderServer, kind: str, act: Any) -> None:
    server.reply = Reply(raw=act)
    started = time.monotonic()
    error = fault(server, kind, timeout_s=0.5)
    assert (error.code, error.remedy) == ("timeout", "retry")
    assert time.monotonic() - started < 8, "the limit is half a second; the server would go on for longer"
    assert len(server.seen) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_connection(kind: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = ProviderServer(f"http://127.0.0.1:{probe.getsockname()[1]}")
    assert fault(closed, kind).code == "unreachable"


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_sends_nothing_on(server: ProviderServer, kind: str) -> None:
    with shapes.provider_server() as other:
        other.reply = Reply(body=plain_body(kind))
        for status in (301, 302, 307, 308):
            server.reply = Reply(status, b"", {"location": other.base_url(kind) + "/chat/completions"})
            assert fault(server, kind).code == "redirected"
        assert other.seen == []
    assert len(server.seen) == 4


def test_one_broken_provider_does_not_break_calls_to_another(server: ProviderServer) -> None:
    """LiteLLM closes the client all calls share when one connection fails."""

    def after_a_moment(handler: Any) -> None:
        time.sleep(0.6)
        content = json.dumps(plain_body("openai")).encode()
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ")
        handler.wfile.write(str(len(content)).encode() + b"\r\n\r\n" + content)

    server.reply = Reply(raw=after_a_moment)
    under_way = [submit(llm.complete(call_for("openai", server.base_url("openai")))) for _ in range(5)]
    with shapes.provider_server() as broken, ThreadPoolExecutor(3) as threads:
        broken.reply = Reply(raw=shapes.hang_up)
        time.sleep(0.1)
        errors = list(threads.map(lambda kind: fault(broken, kind).code, ["openai", "anthropic", "gemini"]))
    assert errors == ["unreachable"] * 3
    assert [future.result(timeout=10).text for future in under_way] == [REVIEW] * 5


def test_a_call_that_is_given_up_leaves_the_loop_usable(server: ProviderServer) -> None:
    server.reply = Reply(raw=shapes.never_answer)

    async def given_up() -> str:
        task = asyncio.ensure_future(llm.complete(call_for("openai", server.base_url("openai"))))
        await asyncio.sleep(0.1)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled"
        return "answered"

    assert submit(given_up()).result(timeout=5) == "cancelled"
    server.reply = Reply(body=plain_body("openai"))
    assert ask(server, "openai").text == REVIEW


def test_no_choices_is_an_empty_answer(server: ProviderServer) -> None:
    for kind, body in (
        ("openai", {**shapes.openai_body(), "choices": []}),
        ("gemini", {**shapes.gemini_body(), "candidates": []}),
    ):
        server.reply = Reply(body=body)
        error = fault(server, kind)
        assert (error.code, error.remedy) == ("empty", "retry")


@pytest.mark.parametrize("key", ["sk-live–with-a-dash-from-a-text", "sk-two\nlines"])
def test_a_key_that_fits_in_no_header_is_a_wrong_key(server: ProviderServer, key: str) -> None:
    assert fault(server, "openai", api_key=key).code == "wrong_key"
    assert server.seen == []


def test_the_prompt_mode_does_not_ask_for_itself(server: ProviderServer) -> None:
    server.reply = Reply(400, error_body("openai", "no such field"))
    assert fault(server, "openai", output_mode="prompt").code == "bad_request"


def test_local_servers_are_refused_before_a_connection(
    server: ProviderServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_LOCAL_MODEL_SERVERS = False
    monkeypatch.setattr(llm, "_clients", type(llm._clients)())
    for kind in KINDS:
        assert fault(server, kind).code == "address_refused"
    assert server.seen == []


@pytest.mark.parametrize("kind", ["openai", "anthropic", "ollama"])
def test_proxies_of_the_environment_are_not_used(
    server: ProviderServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shapes.provider_server() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        monkeypatch.setattr(llm, "_clients", type(llm._clients)())
        server.reply = Reply(body=plain_body(kind))
        assert ask(server, kind).text == REVIEW
        assert proxy.seen == []


def test_neither_call_nor_answer_shows_the_draft_or_the_key(server: ProviderServer) -> None:
    server.reply = Reply(body=plain_body("openai", SECRET_WORDS))
    call = call_for("openai", server.base_url("openai"))
    answer = ask(server, "openai")
    assert KEY not in repr(call) and SECRET_WORDS not in repr(call) + repr(answer)


@pytest.mark.parametrize(
    ("kind", "model", "mode"),
    [
        ("openai", "gpt-4o", "schema"),
        ("anthropic", "claude-sonnet-4-5", "schema"),
        ("gemini", "gemini-2.5-flash", "schema"),
        ("openai", "gpt-4", "tool"),
        ("openai", "nobody-knows-this-one", "prompt"),
        ("ollama", "llama3", "schema"),
        ("openai_compatible", "any", "schema"),
    ],
)
def test_the_best_output_a_model_is_known_for(kind: str, model: str, mode: str) -> None:
    assert llm.supported_output(kind, model) == mode


@pytest.mark.parametrize(
    ("header", "body", "wait_s"),
    [
        ("", b"", None),
        ("2.5", b"", 2.5),
        ("-3", b"", 0.0),
        ("nan", b"", None),
        ("1e400", b"", None),
        ("tomorrow", b"", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", b"", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", b"", 0.0),
        ("5", json.dumps(GEMINI_BUSY).encode(), 5.0),
        ("", json.dumps(GEMINI_BUSY).encode(), 27.0),
        ("", b'{"error": {"details": [7, {"retryDelay": 3}]}}', None),
        ("", b"[" * 200_000, None),
    ],
)
def test_waits(header: str, body: bytes, wait_s: float | None) -> None:
    assert wire.wait_s(header, body) == wait_s
