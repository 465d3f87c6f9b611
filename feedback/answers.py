"""Answers that were paid for and can be used again: the same input of the same draft is never paid twice.

What makes two inputs the same is everything that may change the answer on purpose: the model and where it runs, the
parameters as sent, the template, the draft's text, rubric, instructions, goals, language, the names that are replaced,
the criteria asked for, and which of the planned runs it is (place and repeat: two runs of one model are two samples).
Left out is what is drawn by lot for each call and means nothing: the nonce, the canary made from it, and the order of the
criteria. They are stored with the answer, so that the prompt it answers can be built again.

Answers belong to one request, so to one draft of one student; they go with the draft's content.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from aiconfig.llm import ModelAnswer
from feedback.contract import PromptInput
from feedback.models import FeedbackRequest, StoredAnswer
from feedback.reading.prompt import TEMPLATE_VERSION

# Raise it when the meaning of the fields changes.
VERSION = 1
DRAWN_BY_LOT = frozenset({"nonce", "seed"})


def input_hash(values: PromptInput, **asked: Any) -> str:
    """Return what identifies an input (sha256 hex). ``asked``: model, parameters, place and repeat of the run."""
    parts = {name: value for name, value in asdict(values).items() if name not in DRAWN_BY_LOT}
    parts["roster"] = sorted(values.roster)
    canonical = json.dumps([VERSION, TEMPLATE_VERSION, parts, asked], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def recall(request: FeedbackRequest, digest: str) -> StoredAnswer | None:
    """Return the answer to this input that was paid for already."""
    return StoredAnswer.objects.filter(request=request, input_hash=digest).first()


def keep(request: FeedbackRequest, digest: str, *, nonce: str, seed: int, answer: ModelAnswer) -> None:
    """Store an answer the moment it arrives; a later one to the same input (a repair) takes its place."""
    StoredAnswer.objects.update_or_create(
        request=request,
        input_hash=digest,
        defaults={
            "nonce": nonce,
            "seed": seed,
            "text": answer.text,
            "finish_reason": (answer.finish_reason or "")[:40],
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "latency_ms": answer.latency_ms,
            "parameters": {"sent": dict(answer.sent), "dropped": list(answer.dropped)},
        },
    )


def forget(request: FeedbackRequest, digest: str) -> None:
    """Drop an answer that could not be used: asking again is worth its price."""
    StoredAnswer.objects.filter(request=request, input_hash=digest).delete()


def as_answer(stored: StoredAnswer) -> ModelAnswer:
    """Return the stored answer as it came from the model."""
    return ModelAnswer(
        text=stored.text,
        finish_reason=stored.finish_reason or None,
        input_tokens=stored.input_tokens,
        output_tokens=stored.output_tokens,
        latency_ms=stored.latency_ms,
        sent=stored.parameters.get("sent", {}),
        dropped=tuple(stored.parameters.get("dropped", ())),
    )
