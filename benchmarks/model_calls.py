"""CPU time of one model call in the worker: through LiteLLM as the product calls it, and as the plain HTTP request beneath.

The difference is LiteLLM's own. The provider is a process of its own on loopback, so that its work is not counted.

Run: ``python -m benchmarks.model_calls [calls]``. Prints a Markdown table.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

AT_ONCE = 6
MODEL = "benchmark-model"
ANSWER = json.dumps({"words": "The passage fits the descriptor in part; two sentences show it. " * 60})
MESSAGES = [
    {"role": "system", "content": "You read drafts. " * 80},
    {"role": "user", "content": "A sentence of the draft that is to be read. " * 320},
]
BODY = json.dumps({
    "id": "x", "object": "chat.completion", "created": 1, "model": MODEL,
    "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 4000, "completion_tokens": 900, "total_tokens": 4900},
}).encode()  # fmt: skip


class _Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)


def _serve(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    told.send(server.server_port)
    server.serve_forever()


async def _cpu_ms(call: Callable[[], Awaitable[object]], calls: int) -> float:
    """CPU milliseconds of this process per call, ``AT_ONCE`` at a time; the first ones warm it up."""
    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    start = time.process_time()
    for _ in range(calls // AT_ONCE):
        await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    return (time.process_time() - start) * 1000 / (calls // AT_ONCE * AT_ONCE)


async def _measure(url: str, calls: int) -> dict[str, float]:
    import httpx

    from aiconfig import llm

    ours = llm.ModelCall(
        "openai_compatible", MODEL, MESSAGES, timeout_s=30, base_url=url, api_key="sk-benchmark", temperature=0.3
    )
    body = {"model": MODEL, "messages": MESSAGES, "temperature": 0.3, "max_tokens": 4096}
    async with httpx.AsyncClient(timeout=30) as client:

        async def plain() -> object:
            answer = await client.post(f"{url}/chat/completions", json=body, headers={"Authorization": "Bearer x"})
            return answer.json()

        # Taken in turn, so that the ratio stands even on a busy machine.
        found: dict[str, list[float]] = {"through LiteLLM": [], "plain HTTP": []}
        for _ in range(3):
            found["through LiteLLM"].append(await _cpu_ms(lambda: llm.complete(ours), calls // 3))
            found["plain HTTP"].append(await _cpu_ms(plain, calls // 3))
    return {name: min(values) for name, values in found.items()}


def main(arguments: Sequence[str]) -> int:
    calls = int(arguments[0]) if arguments else 180
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedforward.settings_test")
    os.environ["ALLOW_LOCAL_MODEL_SERVERS"] = "1"
    import django

    django.setup()
    told, tell = multiprocessing.Pipe(duplex=False)
    provider = multiprocessing.get_context("spawn").Process(target=_serve, args=(tell,), daemon=True)
    provider.start()
    try:
        found = asyncio.run(_measure(f"http://127.0.0.1:{told.recv()}/v1", calls))
    finally:
        provider.terminate()
        provider.join()
    print(f"One call of about 4,000 tokens in and 900 out, {AT_ONCE} at a time; {calls} calls each way.\n")
    print("| way | CPU per call, ms |\n|---|---|")
    for name, spent_ms in found.items():
        print(f"| {name} | {spent_ms:.1f} |")
    print(f"\nLiteLLM's own: {found['through LiteLLM'] - found['plain HTTP']:.1f} ms per call, six calls per draft.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
