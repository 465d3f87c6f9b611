"""What one run asks, by its purpose: the messages, the form of the answer, and what is done with an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from aiconfig.llm import ModelAnswer, OutputMode
from feedback.contract import Prompt
from feedback.material import Material
from feedback.models import FeedbackRequest, ModelRun
from feedback.reading.answer import parse_answer, response_schema
from feedback.reading.evidence import verify
from feedback.reading.parts import TooManyParts, answer_room, prompt_for
from feedback.recording import record_reading
from feedback.rewording import wording_question


class CannotAsk(Exception):
    """This model cannot be asked this; ``words`` are fit for the instructor."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


@dataclass(frozen=True)
class Question:
    """One call to be made. ``keep`` stores an answer (and whether it was paid for before); it raises AnswerRejected for
    one that cannot count.

    ``schema`` None: the form is asked for in words alone. ``timeout_s`` None: the model's own.
    """

    messages: tuple[Mapping[str, str], ...] = field(repr=False)
    prompt_hash: str
    template_version: str
    schema: Mapping[str, Any] | None
    longest_answer_tokens: int
    keep: Callable[[ModelAnswer, bool], None]
    timeout_s: float | None = None


def plan_entry(request: FeedbackRequest, run: ModelRun) -> Mapping[str, Any]:
    """Return what the frozen plan says of the run's model; empty when it does not name it."""
    for entry in [*request.plan["models"], *request.plan["fallbacks"]]:
        if entry["ai_model"] == run.ai_model_id:
            return entry
    return {}


def limits_of(request: FeedbackRequest, run: ModelRun) -> tuple[int, int]:
    """Return the window of the run's model and its longest answer, in tokens, as the plan froze them."""
    entry, model = plan_entry(request, run), run.ai_model
    # Plans frozen before windows were part of them take the model's own.
    longest = entry.get("longest_answer_tokens") or entry.get("max_output_tokens") or model.max_output_tokens
    return entry.get("context_tokens") or model.context_tokens, longest


def question_for(
    request: FeedbackRequest, material: Material, run: ModelRun, *, mode: OutputMode, nonce: str
) -> Question:
    """Return what ``run`` asks. A long draft's first question makes the rows of its parts. Raises :class:`CannotAsk`."""
    if run.purpose == ModelRun.Purpose.WORDING:
        return _wording(request, material, run, mode=mode, nonce=nonce)
    window, longest = limits_of(request, run)
    source = material.prompt_input(
        nonce=nonce, seed=run.seed, only_criteria=tuple(run.only_criteria), left_out=tuple(run.left_out)
    )
    try:
        prompt, parts = prompt_for(source, context_tokens=window, part=run.part, output_mode=mode)
    except TooManyParts:
        raise CannotAsk("too_long", "The draft is far longer than this model can read, even in parts.") from None
    except IndexError:
        raise CannotAsk("no_such_part", "The draft is not cut at this place any more.") from None
    if parts and run.purpose == ModelRun.Purpose.READING:
        ask_parts(run, parts)

    def keep(answer: ModelAnswer, reused: bool) -> None:
        _keep_reading(material, run, prompt, answer, parts=parts, reused=reused)

    return Question(
        messages=prompt.messages,
        prompt_hash=prompt.prompt_hash,
        template_version=prompt.template_version,
        schema=None if mode == "prompt" else response_schema(material.rubric, prompt),
        longest_answer_tokens=answer_room(context_tokens=window, longest_answer_tokens=longest) if parts else longest,
        keep=keep,
    )


def _wording(request: FeedbackRequest, material: Material, run: ModelRun, *, mode: OutputMode, nonce: str) -> Question:
    from feedback.combining import combine_runs

    runs = list(request.runs.filter(round=run.round).prefetch_related("scores", "comments"))
    notes = combine_runs(request, material, runs).notes
    if notes is None:
        raise CannotAsk("interrupted", "There is nothing to word any more.")
    return wording_question(material, run, notes, mode=mode, nonce=nonce)


def _keep_reading(
    material: Material, run: ModelRun, prompt: Prompt, answer: ModelAnswer, *, parts: int, reused: bool
) -> None:
    parsed = parse_answer(answer.text, finish_reason=answer.finish_reason, prompt=prompt, rubric=material.rubric)
    reading = verify(
        parsed,
        text=material.text,
        sentences=material.sentences,
        redactions=prompt.redactions,
        rubric=material.rubric,
    )
    if parts and run.purpose == ModelRun.Purpose.READING:
        reading = replace(reading, parts=parts)
    record_reading(run=run, reading=reading, answer=answer, now=timezone.now(), reused=reused)


def ask_parts(run: ModelRun, parts: int) -> None:
    """Make the rows of the parts that have none yet: once, however often the run is taken up again."""
    place = {"request_id": run.request_id, "round": run.round, "slot": run.slot, "repeat": run.repeat}
    with transaction.atomic():
        # Only who holds the run may add to its place.
        if not ModelRun.objects.filter(pk=run.pk, fence=run.fence).select_for_update().exists():
            return
        made = set(
            ModelRun.objects.filter(**place, purpose=ModelRun.Purpose.PART, ai_model_id=run.ai_model_id).values_list(
                "part", flat=True
            )
        )
        ModelRun.objects.bulk_create(
            ModelRun(
                **place,
                purpose=ModelRun.Purpose.PART,
                part=number,
                ai_model_id=run.ai_model_id,
                model_name=run.model_name,
                display_name=run.display_name,
                fallback_step=run.fallback_step,
                is_extra=run.is_extra,
                only_criteria=run.only_criteria,
                seed=run.seed,
            )
            for number in range(1, parts + 1)
            if number not in made
        )


def drop_parts(run: ModelRun, *, stand_in: bool) -> None:
    """End what waits of a reading whose model gave up. ``stand_in``: another model reads from the start, so that nobody
    would use these parts; without one they failed like their reading and can be repeated with it."""
    waiting = ModelRun.objects.filter(
        request_id=run.request_id,
        round=run.round,
        slot=run.slot,
        repeat=run.repeat,
        purpose=ModelRun.Purpose.PART,
        ai_model_id=run.ai_model_id,
        status=ModelRun.Status.PENDING,
    )
    now = timezone.now()
    for part in waiting:
        if stand_in:
            part.try_move(ModelRun.Status.CANCELLED, finished_at=now)
        else:
            words = "The reading this part belongs to failed."
            part.try_move(ModelRun.Status.FAILED, error_code="reading_failed", error_words=words, finished_at=now)
