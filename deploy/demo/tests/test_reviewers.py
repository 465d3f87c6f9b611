"""The protocol: what a client of OpenAI's chat completions gets from the demo reviewers."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.demo import reviewers
from deploy.demo.tests.prompts import messages, sentences_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = reviewers.make_server(0, key="demo-key", longest_s=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def call(
    port: int, method: str, path: str, body: Any = None, *, key: str | None = "demo-key"
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    connection.request(method, path, data, headers)
    response = connection.getresponse()
    result = response.status, json.loads(response.read())
    connection.close()
    return result


def test_a_chat_completion(port: int) -> None:
    request = {
        "model": "demo-strict",
        "messages": messages(sentences_of("late-fees")),
        "temperature": 0.3,
        "response_format": {"type": "json_schema", "json_schema": {"name": "review", "schema": {"type": "object"}}},
    }
    status, body = call(port, "POST", "/v1/chat/completions", request)
    assert status == 200
    choice = body["choices"][0]
    assert choice["finish_reason"] == "stop" and choice["message"]["role"] == "assistant"
    assert json.loads(choice["message"]["content"])["schema_version"] == "ff.review/1"
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


def test_models_and_health(port: int) -> None:
    status, body = call(port, "GET", "/v1/models")
    assert status == 200
    assert [m["id"] for m in body["data"]] == ["demo-kind", "demo-balanced", "demo-strict"]
    assert call(port, "GET", "/healthz", key=None) == (200, {"status": "ok"})


def test_a_connection_test_gets_an_answer(port: int) -> None:
    request = {"model": "demo-kind", "messages": [{"role": "user", "content": "Say OK."}]}
    status, body = call(port, "POST", "/v1/chat/completions", request)
    assert status == 200 and "rules, not AI" in body["choices"][0]["message"]["content"]


def test_a_token_limit_is_kept_and_said(port: int) -> None:
    request = {"model": "demo-kind", "messages": messages(sentences_of("late-fees")), "max_tokens": 50}
    _, body = call(port, "POST", "/v1/chat/completions", request)
    assert body["choices"][0]["finish_reason"] == "length"
    assert len(body["choices"][0]["message"]["content"]) <= 200


@pytest.mark.parametrize(
    ("method", "path", "body", "key", "status", "code"),
    [
        ("POST", "/v1/chat/completions", {"model": "demo-kind"}, "wrong", 401, "invalid_api_key"),
        ("POST", "/v1/chat/completions", {"model": "demo-kind"}, None, 401, "invalid_api_key"),
        ("GET", "/v1/models", None, "wrong", 401, "invalid_api_key"),
        ("POST", "/v1/chat/completions", {"model": "gpt-9", "messages": []}, "demo-key", 404, "model_not_found"),
        ("POST", "/v1/chat/completions", {"model": "demo-kind", "messages": "no"}, "demo-key", 400, None),
        ("POST", "/v1/chat/completions", b"{not json", "demo-key", 400, None),
        ("POST", "/v1/chat/completions", [1], "demo-key", 400, None),
        ("POST", "/v1/embeddings", {}, "demo-key", 404, "unknown_url"),
        (
            "POST",
            "/v1/chat/completions",
            {"model": "demo-kind", "messages": [{"role": "user", "content": "x"}], "stream": True},
            "demo-key",
            400,
            "unsupported_value",
        ),
    ],
)
def test_errors_have_the_shape_of_the_protocol(
    port: int, method: str, path: str, body: Any, key: str | None, status: int, code: str | None
) -> None:
    got, answer = call(port, method, path, body, key=key)
    assert got == status
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert answer["error"]["code"] == code


def test_one_connection_serves_several_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/v1/models", headers={"Authorization": "Bearer demo-key"})
        assert connection.getresponse().read()
    connection.close()


def test_the_delay_is_natural_and_repeatable() -> None:
    delays = [reviewers.delay_s("demo-kind", f"prompt {n}", 4.0) for n in range(50)]
    assert all(1.0 <= delay <= 4.0 for delay in delays) and len(set(delays)) > 40
    assert delays[0] == reviewers.delay_s("demo-kind", "prompt 0", 4.0)
    assert reviewers.delay_s("demo-kind", "prompt", 0) == 0


def test_only_loopback_is_served() -> None:
    with pytest.raises(ValueError, match="this machine"):
        reviewers.make_server(0, host="0.0.0.0")


def test_the_process_is_small_and_ends_on_request() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.demo.reviewers", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "rules, not AI" in line
        port = int(line.rsplit(":", 1)[1].split("/")[0])
        assert call(port, "GET", "/healthz")[0] == 200
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            rss_kb = int(status.read_text().split("VmRSS:")[1].split()[0])
            assert rss_kb < 40_000
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_the_reviewers_know_nothing_of_the_product() -> None:
    probe = (
        "import sys, deploy.demo.reviewers; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'django', 'feedback', 'courses', 'submissions', 'aiconfig', 'accounts', 'litellm'}))"
    )
    output = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
