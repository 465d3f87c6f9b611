"""Calls to models over real HTTP: what is sent, what is understood, and what the library does when loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aiconfig import llm
from aiconfig.tests import provider_server as shapes
from aiconfig.tests.calling import KEY, KINDS, SCHEMA, ask, fault
from aiconfig.tests.provider_server import REVIEW, SECRET_WORDS, ProviderServer, Reply, error_body, plain_body

BASE_DIR = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _library_loaded() -> None:
    llm.warm_up()


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


@pytest.mark.thorough
def test_the_web_process_never_imports_the_library() -> None:
    code = (
        "import sys, feedforward.wsgi\n"
        "from django.urls import get_resolver\n"
        "def walk(r): return sum(walk(p) if hasattr(p, 'url_patterns') else 1 for p in r.url_patterns)\n"
        "print(walk(get_resolver()) > 50, [n for n in ('litellm', 'openai') if n in sys.modules])\n"
    )
    assert in_a_process(code) == "True []"


@pytest.mark.thorough
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
