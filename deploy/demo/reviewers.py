"""Demo reviewers (rules, not AI): a small server on loopback that speaks the OpenAI chat protocol.

``python -m deploy.demo.reviewers --port 8765``. Three models of differing strictness (``demo-kind``, ``demo-balanced``,
``demo-strict``) answer the real prompt with observations about the real text. It stands where a provider outside would
stand: it knows nothing of the product but the prompt. Environment:

``DEMO_REVIEWER_KEY``      the bearer key asked for; "demo-key" when unset
``DEMO_REVIEWER_DELAY_S``  the longest delay of an answer in seconds (default 4; each takes a quarter of it at least; 0: none)
"""

from __future__ import annotations

import argparse
import hmac
import ipaddress
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deploy.demo.rules import answer
from deploy.demo.rules.levels import chance
from deploy.demo.rules.task import UnreadablePrompt, read

DEFAULT_KEY = "demo-key"
LARGEST_REQUEST = 4_000_000  # bytes
SLOWEST_S = 4.0


class RequestError(Exception):
    """A request that cannot be answered, with what OpenAI's protocol says about such."""

    def __init__(self, status: int, message: str, kind: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.code = status, message, kind, code

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.kind, "param": None, "code": self.code}}


def delay_s(model: str, prompt: str, longest_s: float) -> float:
    """How long ``model`` takes for ``prompt``: between a quarter of ``longest_s`` and all of it, always the same."""
    return longest_s * (0.25 + 0.75 * chance(model, prompt)) if longest_s > 0 else 0.0


def tokens(text: str) -> int:
    """A token count as good as any for words that nobody pays for: four characters each."""
    return max(1, len(text) // 4)


def complete(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one chat completion request. Raises RequestError for what the protocol calls an error."""
    model = request.get("model")
    if not isinstance(model, str) or model not in answer.MODELS:
        known = ", ".join(answer.MODELS)
        raise RequestError(
            404,
            f"The model {str(model)[:80]!r} does not exist. There are: {known}.",
            "invalid_request_error",
            "model_not_found",
        )
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, Mapping) for m in messages):
        raise RequestError(400, "'messages' must be a list of messages with role and content.", "invalid_request_error")
    if request.get("stream"):
        raise RequestError(
            400, "These reviewers answer at once and do not stream.", "invalid_request_error", "unsupported_value"
        )
    prompt = "\n".join(json.dumps(m.get("content"), ensure_ascii=False) for m in messages)
    try:
        task = read(messages)
    except UnreadablePrompt as problem:
        # A connection test says hello; a person would answer too.
        content = f"Demo reviewer (rules, not AI), ready. {problem}"
    else:
        seed = f"{task.nonce}:{request.get('seed', '')}"
        content = json.dumps(answer.write(task, answer.MODELS[model], seed), ensure_ascii=False)
    used, made = tokens(prompt), tokens(content)
    most = request.get("max_completion_tokens") or request.get("max_tokens")
    cut = isinstance(most, int) and made > most
    return {
        "id": f"chatcmpl-demo-{int(chance(model, prompt) * 10**12):012d}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": content[: most * 4] if cut and isinstance(most, int) else content,
                    "refusal": None,
                },
                "logprobs": None,
                "finish_reason": "length" if cut else "stop",
            }
        ],
        "usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made},
    }


class Handler(BaseHTTPRequestHandler):
    """One connection. Kept open between requests, as clients expect; closed when idle for a minute."""

    protocol_version = "HTTP/1.1"
    server_version = "DemoReviewers"
    sys_version = ""
    timeout = 60
    key = DEFAULT_KEY
    longest_s = SLOWEST_S

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._send(200, {"status": "ok"})
            return
        self._answer("/v1/models", lambda _body: {"object": "list", "data": [_model(name) for name in answer.MODELS]})

    def do_POST(self) -> None:
        def slowly(body: Mapping[str, Any]) -> dict[str, Any]:
            begun = time.monotonic()
            result = complete(body)
            wait_s = delay_s(result["model"], json.dumps(body.get("messages")), self.longest_s)
            time.sleep(max(0.0, wait_s - (time.monotonic() - begun)))
            return result

        self._answer("/v1/chat/completions", slowly)

    def _answer(self, path: str, respond: Any) -> None:
        try:
            body = self._body()
            self._check_key()
            if self.path.split("?")[0].rstrip("/") != path:
                raise RequestError(
                    404, f"There is nothing at {self.path[:100]}.", "invalid_request_error", "unknown_url"
                )
            self._send(200, respond(body))
        except RequestError as error:
            self._send(error.status, error.body())
        except Exception as error:  # the rules met a text they cannot read: say so as a provider does, and go on
            print(f"reviewers: {type(error).__name__} in a rule", file=sys.stderr, flush=True)
            self._send(500, RequestError(500, "The rules stumbled over this text.", "server_error").body())

    def _body(self) -> Mapping[str, Any]:
        if self.command == "GET":
            return {}
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            raise RequestError(411, "Content-Length is needed.", "invalid_request_error")
        if int(length) > LARGEST_REQUEST:
            self.close_connection = True
            raise RequestError(413, "The request is too large.", "invalid_request_error")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise RequestError(400, "The body is not JSON.", "invalid_request_error") from None
        if not isinstance(body, dict):
            raise RequestError(400, "The body must be a JSON object.", "invalid_request_error")
        return body

    def _check_key(self) -> None:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, self.key.encode()):
            raise RequestError(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key")

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up waiting

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a log of requests has no reader here, and prompts hold students' words."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_788_000_000, "owned_by": "demo (rules, not AI)"}


def make_server(port: int, *, key: str = DEFAULT_KEY, longest_s: float = SLOWEST_S, host: str = "127.0.0.1") -> Server:
    """A server bound to loopback, not yet serving. ``port`` 0 takes a free one. ValueError for any other address."""
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError("Demo reviewers serve this machine only.")
    handler = type("ConfiguredHandler", (Handler,), {"key": key, "longest_s": longest_s})
    return Server((host, port), handler)


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy.demo.reviewers", description="Demo reviewers (rules, not AI)")
    parser.add_argument("--port", type=int, default=8765)
    port = parser.parse_args().port
    try:
        longest_s = max(0.0, float(os.environ.get("DEMO_REVIEWER_DELAY_S", SLOWEST_S)))
    except ValueError:
        print("DEMO_REVIEWER_DELAY_S must be a number of seconds.", file=sys.stderr)
        return 2
    try:
        server = make_server(port, key=os.environ.get("DEMO_REVIEWER_KEY") or DEFAULT_KEY, longest_s=longest_s)
    except OSError as problem:
        print(f"Demo reviewers cannot listen on port {port}: {problem.strerror}.", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever(), which runs in this very thread: it needs another.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    threading.stack_size(512 * 1024)
    print(f"Demo reviewers (rules, not AI) on http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
