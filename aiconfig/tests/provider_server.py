"""A model provider on loopback: the four wire formats with the shapes providers really send, and their faults."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REVIEW = '{"criteria": [{"id": "c1", "level": 2}]}'
# What a draft would look like in an answer: no error may repeat it.
SECRET_WORDS = "the tide came in at noon"
MODELS = {
    "openai": "gpt-4o",
    "openai_compatible": "local-model",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3",
}


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Any
    peer: str


@dataclass
class Reply:
    """What the server does with a request; ``raw`` takes the connection over."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class ProviderServer:
    """A running server. ``reply`` answers every request, as it is or made from it; ``seen`` holds what arrived."""

    address: str
    seen: list[Seen] = field(default_factory=list)
    reply: Reply | Callable[[Seen], Reply] = field(default_factory=Reply)
    closing: threading.Event = field(default_factory=threading.Event)

    def base_url(self, kind: str) -> str:
        return self.address + ("/v1" if kind in {"openai", "openai_compatible"} else "")


@contextmanager
def provider_server() -> Iterator[ProviderServer]:
    """Run one for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.path, headers, json.loads(body or b"null"), self.client_address[0])
            made.seen.append(seen)
            reply = made.reply(seen) if callable(made.reply) else made.reply
            self.close_connection = True
            try:
                if reply.raw is not None:
                    reply.raw(self)
                    return
                content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in {
                    "content-type": "application/json",
                    "content-length": str(len(content)),
                    "connection": "close",
                    **reply.headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the caller hung up, which is what some tests are about

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 256  # dozens call in the same instant; five may wait by default

    server = Server(("127.0.0.1", 0), Handler)
    made = ProviderServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=2)


# --- bodies -----------------------------------------------------------------------------------------------


def openai_body(
    text: str | None = REVIEW, *, finish: str = "stop", message: Mapping[str, Any] | None = None, usage: bool = True
) -> dict[str, Any]:
    """Return a chat completion; 11 tokens in, 7 out."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1767225600,
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, **(message or {})},
                "logprobs": None,
                "finish_reason": finish,
            }
        ],
        "system_fingerprint": "fp_1",
    }
    if usage:
        body["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return body


def anthropic_body(*blocks: Mapping[str, Any], stop: str = "end_turn", usage: bool = True) -> dict[str, Any]:
    """Return a message; without blocks one text block holding the review."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        **({"usage": {"input_tokens": 11, "output_tokens": 7}} if usage else {}),
    }


def gemini_body(*parts: Mapping[str, Any], finish: str = "STOP", usage: bool = True) -> dict[str, Any]:
    """Return a generateContent answer; without parts the content has none, as after SAFETY."""
    content: dict[str, Any] = {"role": "model"}
    if parts:
        content["parts"] = list(parts)
    return {
        "candidates": [{"content": content, "finishReason": finish, "index": 0}],
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r1",
        **(
            {"usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}}
            if usage
            else {}
        ),
    }


def ollama_body(
    text: str = REVIEW, *, done_reason: str = "stop", message: Mapping[str, Any] | None = None, usage: bool = True
) -> dict[str, Any]:
    """Return an /api/chat answer that was not streamed."""
    return {
        "model": "llama3",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text, **(message or {})},
        "done": True,
        "done_reason": done_reason,
        "total_duration": 5_000_000,
        **({"prompt_eval_count": 11, "eval_count": 7} if usage else {}),
    }


def text_block(text: str = REVIEW) -> dict[str, Any]:
    return {"type": "text", "text": text}


def openai_tool_call(name: str, arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}]}


def plain_body(kind: str, text: str = REVIEW, *, usage: bool = True) -> dict[str, Any]:
    """Return the ordinary answer of a provider of this kind."""
    if kind == "anthropic":
        return anthropic_body(text_block(text), usage=usage)
    if kind == "gemini":
        return gemini_body({"text": text}, usage=usage)
    if kind == "ollama":
        return ollama_body(text, usage=usage)
    return openai_body(text, usage=usage)


def tool_body(kind: str, name: str, arguments: str) -> dict[str, Any]:
    """Return an answer given as a call of the tool ``name``."""
    values = json.loads(arguments)
    if kind == "anthropic":
        return anthropic_body({"type": "tool_use", "id": "t1", "name": name, "input": values}, stop="tool_use")
    if kind == "gemini":
        return gemini_body({"functionCall": {"name": name, "args": values}})
    if kind == "ollama":
        return ollama_body("", message={"tool_calls": [{"function": {"name": name, "arguments": values}}]})
    return openai_body(None, finish="tool_calls", message=openai_tool_call(name, arguments))


def error_body(kind: str, words: str, *, code: str = "error", status: int = 400) -> dict[str, Any]:
    """Return an error as a provider of this kind words it."""
    if kind == "anthropic":
        return {"type": "error", "error": {"type": code, "message": words}, "request_id": "req_1"}
    if kind == "gemini":
        return {"error": {"code": status, "message": words, "status": code.upper()}}
    if kind == "ollama":
        return {"error": words}
    return {"error": {"message": words, "type": "invalid_request_error", "param": None, "code": code}}


# --- faults of the wire -----------------------------------------------------------------------------------


def truncated(handler: BaseHTTPRequestHandler) -> None:
    """Promise 5,000 bytes, send 40, hang up."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n")
    handler.wfile.write(json.dumps(openai_body(SECRET_WORDS)).encode()[:40])


def huge(handler: BaseHTTPRequestHandler) -> None:
    """Send 3 MB without saying so beforehand."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
    handler.wfile.write(b'{"choices": [{"message": {"content": "')
    for _ in range(48):
        handler.wfile.write(b"a" * 65_536)


def slow_drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte every 0.1 s: no single read ever takes long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close without a word."""


def never_answer(handler: BaseHTTPRequestHandler) -> None:
    """Hold the connection without a byte."""
    time.sleep(5)
