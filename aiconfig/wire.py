"""What providers write on the wire that LiteLLM drops, invents or stumbles over. Pure: bytes in, values out."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

# Of an error only so much is looked at, and none of it is shown: some echo the key or the prompt.
ERROR_CHARACTERS = 2_000
# LiteLLM raises without these (Anthropic, Gemini) or counts tokens by a tokeniser of its own (Ollama); a zero is
# read as "not given".
USAGE_WHEN_MISSING: dict[str, dict[str, Any]] = {
    "anthropic": {"usage": {"input_tokens": 0, "output_tokens": 0}},
    "gemini": {"usageMetadata": {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0}},
    "ollama": {"prompt_eval_count": 0, "eval_count": 0},
}


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def amended(kind: str, body: bytes) -> bytes:
    """Return the body of an answer with missing token counts as 0 and content given in parts as one text."""
    values = _read(body)
    changed = False
    if values and "error" not in values:
        for name, value in USAGE_WHEN_MISSING.get(kind, {}).items():
            if values.get(name) is None:
                values[name] = value
                changed = True
    if kind in {"openai", "openai_compatible"}:
        for message in _messages(values):
            parts = message.get("content")
            if isinstance(parts, list):  # reasoning models of Mistral answer so
                message["content"] = "".join(str(p.get("text") or "") for p in parts if isinstance(p, dict))
                changed = True
    return json.dumps(values).encode() if changed else body


def _messages(values: dict[str, Any]) -> list[dict[str, Any]]:
    choices = values.get("choices")
    found = (
        [choice.get("message") for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    )
    return [message for message in found if isinstance(message, dict)]


def finish(body: bytes) -> str | None:
    """Return the finish reason LiteLLM loses: "refusal", or "length" for a full context. None: its own is right."""
    values = _read(body)
    if values.get("stop_reason") == "refusal":
        return "refusal"
    if values.get("stop_reason") == "model_context_window_exceeded":
        return "length"
    messages = _messages(values)
    if messages and messages[0].get("refusal") and not messages[0].get("content"):
        return "refusal"
    return None


def error_words(body: bytes) -> str:
    """Return what an error says of itself, in lower case, to look for marks in; never to be shown."""
    values = _read(body)
    error = values.get("error", values)
    if isinstance(error, dict) and error:
        named = (error.get(name) for name in ("message", "code", "type", "status", "detail", "details"))
        text = " ".join(str(value)[:ERROR_CHARACTERS] for value in named if value)
    else:
        text = str(error or body[:ERROR_CHARACTERS].decode("utf-8", "replace"))
    return text[:ERROR_CHARACTERS].lower()


def wait_s(retry_after: str, body: bytes) -> float | None:
    """Return the wait in seconds that was asked for: Retry-After (seconds or a date), or Gemini's ``retryDelay``."""
    text = retry_after.strip() or _retry_delay(body)
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _retry_delay(body: bytes) -> str:
    error = _read(body).get("error")
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and isinstance(detail.get("retryDelay"), str):
            return detail["retryDelay"].removesuffix("s")
    return ""


def storable(text: str) -> str:
    """Return ``text`` without NUL and lone surrogates, which no database and no request body takes."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
