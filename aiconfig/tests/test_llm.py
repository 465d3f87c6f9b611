"""Calls to models over real HTTP: what is sent, what is understood, what each fault becomes."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from aiconfig import llm, wire
from aiconfig.llm import ModelAnswer, ModelCall, ModelCallError
from aiconfig.tests import provider_server as shapes
from aiconfig.tests.provider_server import MODELS, REVIEW, SECRET_WORDS, ProviderServer, Reply, error_body, plain_body
from feedforward.loop import submit

KEY = "sk-live-0123456789abcdefghij"
KINDS = list(MODELS)
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["criteria"],
    "properties": {"criteria": {"type": "array", "items": {"type": "string"}}},
}
MESSAGES = ({"role": "system", "content": "You review."}, {"role": "user", "content": f"Draft: {SECRET_WORDS}."})
BASE_DIR = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _library_loaded() -> None:
    llm.warm_up()


@pytest.fixture(scope="module")
def running() -> Iterator[ProviderServer]:
    with shapes.provider_server() as made:
        yield made


@pytest.fixture
def server(running: ProviderServer) -> ProviderServer:
    running.seen.clear()
    running.reply = Reply()
    return running


def call_for(kind: str, base_url: str, **values: Any) -> ModelCall:
    defaults: dict[str, Any] = {
        "model": MODELS[kind],
        "messages": MESSAGES,
        "timeout_s": 5.0,
        "api_key": KEY,
        "temperature": 0.3,
        "max_output_tokens": 777,
    }
    return ModelCall(kind=kind, base_url=base_url, **{**defaults, **values})


def ask(server: ProviderServer, kind: str, **values: Any) -> ModelAnswer:
    return submit(llm.complete(call_for(kind, server.base_url(kind), **values))).result(timeout=20)


def fault(server: ProviderServer, kind: str, **values: Any) -> ModelCallError:
    with pytest.raises(ModelCallError) as caught:
        ask(server, kind, **values)
    return caught.value


# --- what is sent and what comes back ---------------------------------------------------------------------------

PATHS = {
    "openai": "/v1/chat/completions",
    "openai_compatible": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "/models/gemini-2.5-flash:generateContent",
    "ollama": "/api/chat",
}
KEY_HEADERS = {"anthropic": ("x-api-key", KEY), "gemini": ("x-goog-api-key", KEY)}


def limits_of(kind: str, body: dict[str, Any]) -> tuple[Any, Any]:
    """Return (longest answer, temperature) where this provider has them."""
    if kind == "gemini":
        return body["generationConfig"]["max_output_tokens"], body["generationConfig"]["temperature"]
    if kind == "ollama":
        return body["options"]["num_predict"], body["options"]["temperature"]
    return body["max_tokens"], body["temperature"]


def system_of(kind: str, body: dict[str, Any]) -> str:
    if kind == "anthropic":
        return str(body["system"][0]["text"])
    if kind == "gemini":
        return str(body["system_instruction"]["parts"][0]["text"])
    return next(str(message["content"]) for message in body["messages"] if message["role"] == "system")


def schema_of(kind: str, body: dict[str, Any]) -> Any:
    """Return the schema in this provider's own form, None without one."""
    if kind == "anthropic":
        return (body.get("output_format") or {}).get("schema")
    if kind == "gemini":
        return body["generationConfig"].get("response_json_schema")
    if kind == "ollama":
        return body.get("format")
    return ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")


def tool_of(kind: str, body: dict[str, Any]) -> str | None:
    """Return the name of the tool offered, None without one."""
    tools = body.get("tools")
    if not tools:
        return None
    if kind == "anthropic":
        assert body["tool_choice"] == {"type": "tool", "name": llm.TOOL_NAME}
        return str(tools[0]["name"])
    if kind == "gemini":
        assert body["toolConfig"]["functionCallingConfig"]["allowed_function_names"] == [llm.TOOL_NAME]
        return str(tools[0]["function_declarations"][0]["name"])
    if kind != "ollama":  # which has no way to insist
        assert body["tool_choice"]["function"]["name"] == llm.TOOL_NAME
    return str(tools[0]["function"]["name"])


@pytest.mark.parametrize("mode", ["schema", "tool", "prompt"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sent_and_what_is_understood(server: ProviderServer, kind: str, mode: Any) -> None:
    body = shapes.tool_body(kind, llm.TOOL_NAME, REVIEW) if mode == "tool" else plain_body(kind)
    server.reply = Reply(body=body)
    answer = ask(server, kind, schema=SCHEMA, output_mode=mode)

    assert json.loads(answer.text) == json.loads(REVIEW)
    assert answer.finish_reason == ("tool_calls" if mode == "tool" else "stop")
    assert (answer.input_tokens, answer.output_tokens) == (11, 7)
    assert answer.sent == {"max_tokens": 777, "temperature": 0.3, "output": mode}
    assert answer.dropped == () and 0 <= answer.latency_ms < 5000

    [seen] = server.seen
    assert seen.path == PATHS[kind]
    name, value = KEY_HEADERS.get(kind, ("authorization", f"Bearer {KEY}"))
    assert seen.headers[name] == value and KEY not in json.dumps(seen.body)
    assert seen.headers["accept-encoding"] == "identity"
    assert limits_of(kind, seen.body) == (777, 0.3)
    assert system_of(kind, seen.body) == "You review."
    assert schema_of(kind, seen.body) == (SCHEMA if mode == "schema" else None)
    assert tool_of(kind, seen.body) == (llm.TOOL_NAME if mode == "tool" else None)
    assert json.dumps(seen.body).count(SECRET_WORDS) == 1
    if kind == "anthropic" and mode == "schema":
        assert "structured-outputs" in seen.headers["anthropic-beta"]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_token_counts_are_not_given(server: ProviderServer, kind: str) -> None:
    server.reply = Reply(body=plain_body(kind, usage=False))
    answer = ask(server, kind)
    assert (answer.text, answer.input_tokens, answer.output_tokens) == (REVIEW, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_nul_and_lone_surrogates_neither_leave_nor_arrive(server: ProviderServer, kind: str) -> None:
    server.reply = Reply(body=plain_body(kind, "a\0b\ud800c \U0001f600"))
    answer = ask(server, kind, messages=[{"role": "user", "content": "x\0y\udfffz"}])
    assert answer.text == "ab\ufffdc \U0001f600"
    assert "xy\ufffdz" in json.dumps(server.seen[0].body, ensure_ascii=False)


@pytest.mark.parametrize(
    ("kind", "model", "dropped"),
    [
        ("openai", "gpt-4o", ()),
        ("openai", "o3-mini", ("temperature",)),
        ("openai", "gpt-5", ("temperature",)),
        ("anthropic", "claude-opus-4-7", ("temperature",)),
    ],
)
def test_what_a_model_does_not_take_is_left_out_and_named(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch, kind: str, model: str, dropped: tuple[str, ...]
) -> None:
    monkeypatch.setattr(llm, "_own_temperature", set())
    server.reply = Reply(body=plain_body(kind))
    for _ in range(2):
        answer = ask(server, kind, model=model, schema=SCHEMA, output_mode="schema")
        assert (answer.text, answer.dropped) == (REVIEW, dropped)
        body = server.seen[-1].body
        assert ("temperature" in body) == (not dropped)
        assert body.get("max_tokens", body.get("max_completion_tokens")) == 777
    assert len(server.seen) == 2


@pytest.mark.parametrize("kind", ["openai", "openai_compatible", "anthropic"])
def test_a_provider_that_refuses_the_temperature_is_asked_without(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(llm, "_own_temperature", set())
    words = "Unsupported value: 'temperature' does not support 0.3 with this model."

    def picky(handler: Any) -> None:
        refuses = "temperature" in server.seen[-1].body
        content = json.dumps(error_body(kind, words) if refuses else plain_body(kind)).encode()
        handler.wfile.write(b"HTTP/1.1 400 Bad Request\r\n" if refuses else b"HTTP/1.1 200 OK\r\n")
        handler.wfile.write(f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n".encode())
        handler.wfile.write(content)

    server.reply = Reply(raw=picky)
    answer = ask(server, kind, schema=SCHEMA, output_mode="schema")
    assert (answer.text, answer.dropped, len(server.seen)) == (REVIEW, ("temperature",), 2)
    assert schema_of(kind, server.seen[-1].body) == SCHEMA
    ask(server, kind)
    assert len(server.seen) == 3  # remembered

    server.reply = Reply(400, error_body(kind, words))
    assert fault(server, kind).code == "bad_request"
    assert len(server.seen) == 4


THOUGHT = {"type": "thinking", "thinking": "Hm, " + SECRET_WORDS, "signature": "s"}
ANSWERS: list[tuple[str, str, Any, str, str | None]] = [
    ("refusal", "openai", shapes.openai_body(None, message={"refusal": "I cannot."}), "", "refusal"),
    ("filter", "openai", shapes.openai_body("", finish="content_filter"), "", "content_filter"),
    ("cut off", "openai", shapes.openai_body('{"a', finish="length"), '{"a', "length"),
    ("no content", "openai_compatible", shapes.openai_body(None), "", "stop"),
    ("reasoning", "openai_compatible", shapes.openai_body(message={"reasoning_content": "Hm"}), REVIEW, "stop"),
    (
        "content in parts",
        "openai_compatible",
        shapes.openai_body(
            message={"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": REVIEW}]}
        ),
        REVIEW,
        "stop",
    ),
    ("refusal", "anthropic", shapes.anthropic_body(stop="refusal"), "", "refusal"),
    ("cut off", "anthropic", shapes.anthropic_body(shapes.text_block('{"a'), stop="max_tokens"), '{"a', "length"),
    (
        "context full",
        "anthropic",
        shapes.anthropic_body(shapes.text_block('{"a'), stop="model_context_window_exceeded"),
        '{"a',
        "length",
    ),
    ("thinking", "anthropic", shapes.anthropic_body(THOUGHT, shapes.text_block()), REVIEW, "stop"),
    ("empty", "anthropic", shapes.anthropic_body(), "", "stop"),
    (
        "blocked",
        "gemini",
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 11}},
        "",
        "content_filter",
    ),
    ("safety", "gemini", shapes.gemini_body(finish="SAFETY"), "", "content_filter"),
    ("recitation", "gemini", shapes.gemini_body(finish="RECITATION"), "", "content_filter"),
    ("cut off", "gemini", shapes.gemini_body({"text": '{"a'}, finish="MAX_TOKENS"), '{"a', "length"),
    ("cut off in thought", "gemini", shapes.gemini_body(finish="MAX_TOKENS"), "", "length"),
    ("thinking", "gemini", shapes.gemini_body({"text": "Hm", "thought": True}, {"text": REVIEW}), REVIEW, "stop"),
    ("cut off", "ollama", shapes.ollama_body('{"a', done_reason="length"), '{"a', "length"),
    ("thinking", "ollama", shapes.ollama_body(message={"thinking": "Hm"}), REVIEW, "stop"),
    ("empty", "ollama", shapes.ollama_body(""), "", "stop"),
]


@pytest.mark.parametrize(
    ("kind", "body", "text", "finish"), [case[1:] for case in ANSWERS], ids=[f"{c[1]}: {c[0]}" for c in ANSWERS]
)
def test_answers_that_are_not_plain(
    server: ProviderServer, kind: str, body: Any, text: str, finish: str | None
) -> None:
    server.reply = Reply(body=body)
    answer = ask(server, kind)
    assert (answer.text, answer.finish_reason) == (text, finish)
    assert len(server.seen) == 1


# --- faults -----------------------------------------------------------------------------------------------------


def refused(status: int, words: str, *, code: str = "error", headers: dict[str, str] | None = None) -> Any:
    """Return a maker of error replies; the words echo the key and the draft, as some providers do."""
    return lambda kind: Reply(
        status, error_body(kind, f"{words} [{KEY}] [{SECRET_WORDS}]", code=code, status=status), headers or {}
    )


def answered(content: Any, headers: dict[str, str] | None = None) -> Any:
    return lambda kind: Reply(200, content, headers or {})


def raw(act: Any) -> Any:
    return lambda kind: Reply(raw=act)


IN_A_MINUTE = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
BOMB = gzip.compress(b" " * 60_000_000)
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
    ("429 date", refused(429, "slow down", headers={"retry-after": IN_A_MINUTE}), "busy", "wait", (1, 60)),
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


@pytest.mark.parametrize("kind", KINDS)
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
    assert time.monotonic() - started < 1.5
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


# --- the library itself -----------------------------------------------------------------------------------------


def in_a_process(code: str) -> str:
    """Run ``code`` in a fresh Python with the tests' settings; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "feedforward.settings_test", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_the_web_process_never_imports_the_library() -> None:
    code = (
        "import sys, feedforward.wsgi\n"
        "from django.urls import get_resolver\n"
        "def walk(r): return sum(walk(p) if hasattr(p, 'url_patterns') else 1 for p in r.url_patterns)\n"
        "print(walk(get_resolver()) > 50, [n for n in ('litellm', 'openai') if n in sys.modules])\n"
    )
    assert in_a_process(code) == "True []"


def test_importing_the_library_calls_nobody() -> None:
    code = (
        "import socket, sys\n"
        "called = []\n"
        "def note(kind):\n"
        "    def refuse(*a, **k):\n"
        "        called.append((kind, str(a[-1] if kind == 'connect' else a[0])))\n"
        "        raise OSError('no network here')\n"
        "    return refuse\n"
        "socket.socket.connect = note('connect')\n"
        "socket.socket.connect_ex = note('connect')\n"
        "socket.getaddrinfo = note('resolve')\n"
        "import django; django.setup()\n"
        "from aiconfig import llm\n"
        "before = 'litellm' in sys.modules\n"
        "llm.warm_up(); llm.supported_output('openai', 'gpt-4o')\n"
        "print(before, 'litellm' in sys.modules, called)\n"
    )
    assert in_a_process(code) == "False True []"
