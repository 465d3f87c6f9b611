"""Reviewers for tests: a real HTTP server on loopback that speaks the OpenAI protocol.

The model's name says how it behaves: ``honest-2`` gives level 2 with real quotations, ``other-2`` in other words; ``lenient``, ``harsh``,
``random``, ``gullible``, ``hallucinating``, ``refusing``, ``partial`` (reads no part of a long draft but the first), ``truncating``, ``html``, ``wrong-nonce``, ``busy``,
``broken``, ``unauthorised``, ``slow``. It reads the real prompt, as a provider would.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LINE = re.compile(r"⟦([a-z0-9]{10})·(P\d+\.S\d+)⟧ (.*)")
CRITERION = re.compile(r"^criterion (\S+) \|", re.M)
LEVEL = re.compile(r"^level (\d+) \|", re.M)
GOAL = re.compile(r"^goal (\S+) \|", re.M)


def parse(messages: list[dict[str, str]]) -> dict[str, Any]:
    """Return nonce, sentences, criteria with their level counts and goals of a prompt."""
    text = "\n".join(m["content"] for m in messages if m["role"] == "user")
    lines = LINE.findall(text)
    rubric = text.split("·RUBRIC⟧", 1)[1].split("⟦", 1)[0]
    counts: dict[str, int] = {}
    for block in re.split(r"(?=^criterion )", rubric, flags=re.M):
        found = CRITERION.search(block)
        if found:
            counts[found.group(1)] = len(LEVEL.findall(block))
    return {
        "nonce": lines[0][0] if lines else "",
        "sentences": [(identifier, words) for _, identifier, words in lines],
        "criteria": counts,
        "goals": GOAL.findall(text),
    }


def long_enough(sentences: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(i, w) for i, w in sentences if len(w) >= 20 and len(w.split()) >= 4] or sentences


def review(prompt: dict[str, Any], level_of: dict[str, int], *, invented: bool = False) -> dict[str, Any]:
    """Return a valid review with real quotations (or invented ones)."""
    places = long_enough(prompt["sentences"])
    identifier, words = places[len(places) // 2]
    first_id, first_words = places[0]
    quote = "An entirely invented sentence that is nowhere in the text." if invented else words[:200]
    first_quote = "Another invented sentence that nobody ever wrote here." if invented else first_words[:200]
    criteria = [
        {
            "criterion_id": key,
            "evidence": [
                {"sentence_id": identifier, "quote": quote},
                {"sentence_id": first_id, "quote": first_quote},
            ],
            "reasoning": "The descriptor fits what the quoted sentences do.",
            "level": min(level_of[key], count - 1),
            "not_assessable_reason": None,
            "confidence": "medium",
        }
        for key, count in prompt["criteria"].items()
    ]
    key = next(iter(sorted(prompt["criteria"])))
    items = [
        {
            "item_id": "i1",
            "criterion_id": key,
            "kind": "issue",
            "tag": "evidence",
            "focus": "task",
            "evidence": [{"sentence_id": identifier, "quote": quote}],
            "absence": False,
            "comment": "This claim stands alone: the sentence gives no source or example that would let a reader check it.",
            "why": "Readers believe a claim they can check.",
            "next_step": "Add one source or a concrete example right after this sentence.",
            "severity": 2,
        },
        {
            "item_id": "i2",
            "criterion_id": key,
            "kind": "strength",
            "tag": "thesis",
            "focus": "task",
            "evidence": [{"sentence_id": first_id, "quote": first_quote}],
            "absence": False,
            "comment": "The opening says plainly what the text is about, so a reader knows what to expect from it.",
            "why": "A clear opening guides the reader.",
            "next_step": "Keep this sentence where it is.",
            "severity": 1,
        },
    ]
    return {
        "schema_version": "ff.review/1",
        "echo": {"nonce": prompt["nonce"], "last_sentence_id": prompt["sentences"][-1][0]},
        "draft_check": {
            "language": "en",
            "on_task": "yes",
            "text_addressed_to_reviewer": [],
            "student_concern": "none",
        },
        "criteria": criteria,
        "items": items,
        "priority_item_ids": ["i1"],
        "goal_progress": [
            {
                "goal_id": goal,
                "evidence": [{"sentence_id": identifier, "quote": quote}],
                "note": "The text near it changed.",
                "status": "addressed",
            }
            for goal in prompt["goals"]
        ],
    }


def captured(prompt: dict[str, Any], level_of: dict[str, int], phrases: tuple[str, ...]) -> dict[str, Any]:
    """Return the review of a reviewer that obeys: top levels on real quotations, praise, the message handed on."""
    said = review(prompt, level_of)
    identifier, words = next((i, w) for i, w in prompt["sentences"] if any(phrase in w for phrase in phrases))
    said["items"] = [
        {**said["items"][1], "comment": f"The draft rightly says: {words}"[:350]},
        {
            **said["items"][1],
            "item_id": "i3",
            "tag": "evidence",
            "evidence": [{"sentence_id": identifier, "quote": words[:200]}],
            "comment": "The draft is convincing here and leaves nothing to be wished for.",
        },
    ]
    said["priority_item_ids"] = []
    return said


GROUP = re.compile(r"^group (n\d+)$", re.M)
WORDED = "This claim stands alone: no source or example lets a reader check it."


def worded(messages: list[dict[str, str]], wording: str) -> tuple[int, dict[str, str], bytes, float]:
    """Return an answer to a request to word notes: ``good``, or with what ``wording`` names."""
    nonce = messages[0]["content"].rsplit("nonce | ", 1)[1].strip()
    texts = {
        "good": WORDED,
        "novel": "Consult three peer-reviewed journals published after the harvest festival before writing anything.",
        "grade": "This claim stands alone, which costs a better grade.",
    }
    notes = [
        {"cluster_id": key, "text": texts.get(wording, WORDED), "used": [7] if wording == "citation" else [0, 1]}
        for key in GROUP.findall(messages[-1]["content"])
    ]
    content = "I would rather not." if wording == "refusal" else json.dumps({"nonce": nonce, "notes": notes})
    if wording == "broken":
        return 503, {}, b'{"error":{"message":"overloaded"}}', 0
    return 200, {}, completion("worded", content), 5.0 if wording == "slow" else 0.0


def completion(model: str, content: str, finish: str = "stop") -> bytes:
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200},
    }
    return json.dumps(body).encode()


def answer(
    model: str, messages: list[dict[str, str]], phrases: tuple[str, ...] = ("highest level",), wording: str = "good"
) -> tuple[int, dict[str, str], bytes, float]:
    """Return status, headers, body and delay of ``model``'s answer. ``phrases``: what a gullible one obeys."""
    if GROUP.search(messages[-1]["content"]):
        return worded(messages, wording)
    prompt = parse(messages)
    counts = prompt["criteria"]
    kind, _, suffix = model.partition("-")
    number = "".join(character for character in suffix if character.isdigit())
    finish = "stop"
    delay = 0.0
    if kind == "busy":
        return 429, {"Retry-After": number or "1"}, b'{"error":{"message":"slow down","type":"rate_limit"}}', 0
    if kind == "broken":
        return 503, {}, b'{"error":{"message":"overloaded"}}', 0
    if kind == "bad":
        return 400, {}, b'{"error":{"message":"tools and response_format are not supported"}}', 0
    if kind == "unauthorised":
        return 401, {}, b'{"error":{"message":"Incorrect API key provided: sk-canary-key-0123456789abcdef"}}', 0
    if kind == "html":
        return 200, {"Content-Type": "text/html"}, b"<html><body>Bad gateway</body></html>", 0
    if kind == "empty":
        return (
            200,
            {},
            json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": model, "choices": []}).encode(),
            0,
        )
    top = {key: count - 1 for key, count in counts.items()}
    if kind == "honest":
        content = json.dumps(review(prompt, dict.fromkeys(counts, int(number or 2))))
    elif kind == "plain":  # takes no structured output
        content = json.dumps(review(prompt, dict.fromkeys(counts, int(number or 1))))
    elif kind == "other":
        said = review(prompt, dict.fromkeys(counts, int(number or 1)))
        said["items"][0]["comment"] = "No source or example lets a reader check the claim in this sentence at all."
        content = json.dumps(said)
    elif kind == "lenient":
        content = json.dumps(review(prompt, top))
    elif kind == "harsh":
        content = json.dumps(review(prompt, dict.fromkeys(counts, 0)))
    elif kind == "random":
        draw = random.Random(prompt["nonce"])
        content = json.dumps(review(prompt, {key: draw.randrange(count) for key, count in counts.items()}))
    elif kind == "gullible":
        obeys = any(phrase in words for phrase in phrases for _, words in prompt["sentences"])
        own = dict.fromkeys(counts, int(number or 1))
        content = json.dumps(captured(prompt, top, phrases) if obeys else review(prompt, own))
    elif kind == "hallucinating":
        content = json.dumps(review(prompt, dict.fromkeys(counts, 2), invented=True))
    elif kind == "partial" and "part | comments" in messages[0]["content"] and prompt["sentences"][0][0] != "P1.S1":
        content = "I'm sorry, but I can't help with that."
    elif kind == "partial":
        content = json.dumps(review(prompt, dict.fromkeys(counts, 1)))
    elif kind == "refusing":
        content = "I'm sorry, but I can't help with that."
    elif kind == "truncating":
        content, finish = json.dumps(review(prompt, dict.fromkeys(counts, 2)))[:300], "length"
    elif kind == "wrong":
        said = review(prompt, dict.fromkeys(counts, 2))
        said["echo"]["nonce"] = "aaaaaaaaaa"
        content = json.dumps(said)
    elif kind == "slow":
        delay = float(number or 2)
        content = json.dumps(review(prompt, dict.fromkeys(counts, 1)))
    else:
        return 404, {}, b'{"error":{"message":"no such model"}}', 0
    return 200, {}, completion(model, content, finish), delay


class Server(ThreadingHTTPServer):
    """Takes many calls in the same instant: with the default of five, waiting ones time out on a busy machine."""

    request_queue_size = 256
    daemon_threads = True


class StubProvider:
    """The server; ``calls`` counts by model, ``prompts`` keeps what was sent."""

    def __init__(self) -> None:
        provider = self
        self.calls: Counter[str] = Counter()
        self.prompts: list[tuple[str, list[dict[str, str]]]] = []
        self.scale = 1.0
        self.phrases: tuple[str, ...] = ("highest level",)
        self.wording = "good"
        self.refused = 0

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                model = body["model"]
                provider.calls[model] += 1
                provider.prompts.append((model, body["messages"]))
                if model.startswith("plain") and ("tools" in body or "response_format" in body):
                    provider.refused += 1
                    model = "bad-request"
                status, headers, payload, delay = answer(model, body["messages"], provider.phrases, provider.wording)
                time.sleep(delay * provider.scale)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(payload)))
                    self.end_headers()
                    self.wfile.write(payload)
                except BrokenPipeError:
                    pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
