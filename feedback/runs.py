"""Carrying out runs: claim what is due, ask the models all at once, store each answer as it arrives.

The task's own thread does the database work; the calls wait together on the process's one event loop. Between
answers the thread holds no database connection.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from aiconfig import admission, circuit, llm
from aiconfig.charges import BudgetRefusal
from aiconfig.keys import KeyUnreadable, read_key
from aiconfig.models import AIModel, Charge
from feedback import answers, spending
from feedback.asking import CannotAsk, Question, limits_of, plan_entry, question_for
from feedback.combining import try_aggregate
from feedback.leases import claim_runs, held, let_go
from feedback.material import Material, load_material
from feedback.models import FeedbackRequest, ModelRun, RunTranscript
from feedback.reading.answer import AnswerRejected, repair_request
from feedback.reading.prompt import new_nonce
from feedback.requests import cancel, is_withdrawn
from feedback.setbacks import PATIENCE, backoff_s, give_up_model, put_back
from feedforward.dispatch import enqueue
from feedforward.loop import submit

logger = logging.getLogger(__name__)

# Failures that lie with the provider, not with this call.
PROVIDER_TROUBLE = frozenset({"timeout", "unreachable", "server_error", "busy", "not_understood"})
# The provider is at work; it only does not answer this call.
PROVIDER_ANSWERS = frozenset({"not_found", "quota", "too_long", "filtered", "bad_request", "structure_refused"})
# Money set aside for calls under way comes back when they end: look again after a time around this.
BUDGET_LOOK_S = 6.0


@dataclass
class Attempt:
    """One call under way: its run, what it asks, the call as sent and the money set aside for it.

    ``digest`` says what is asked (feedback/answers.py); ``stored`` is an answer to it that was paid for before.
    """

    run: ModelRun
    question: Question
    call: llm.ModelCall
    digest: str
    nonce: str
    stored: llm.ModelAnswer | None = None
    charge: Charge | None = None


def execute(request_id: int, *, now: datetime | None = None) -> None:
    """Do all that is due for one request. Safe to run twice, at once, late or after the request ended."""
    now = now or timezone.now()
    request = FeedbackRequest.objects.with_text().filter(pk=request_id).first()
    if request is None or request.status != FeedbackRequest.Status.OPEN:
        return
    if is_withdrawn(request):
        cancel(request=request, reason="withdrawn")
        return
    runs = claim_runs(request, now=now)
    if runs:
        # Should this process die, the sweeper looks again once the leases have run out.
        _look_again(request, now + timedelta(seconds=settings.RUN_LEASE_S + 1))
        tickets = _admitted(request, runs, now=now)
        try:
            material = load_material(request) if tickets else None
            if tickets and material is None:
                cancel(request=request, reason="content removed")
                return
            if material is not None:
                _carry_out(request, material, [run for run in runs if run.pk in tickets], tickets)
        finally:
            for ticket in tickets.values():
                admission.dismiss(ticket)
    if not try_aggregate(request_id):
        _schedule_next(request_id)


def _look_again(request: FeedbackRequest, at: datetime) -> None:
    FeedbackRequest.objects.filter(pk=request.pk, status=FeedbackRequest.Status.OPEN).update(due_at=at)


def _admitted(request: FeedbackRequest, runs: list[ModelRun], *, now: datetime) -> dict[int, admission.Ticket]:
    """Return a ticket for each run whose provider takes a call now; the others are put back and lose no attempt."""
    # Before the prompt is built: its length by that of the draft is near enough for a limit.
    source = request.trial or getattr(request.draft, "content", None)
    tokens = 2000 + len(getattr(source, "text", "")) // 3
    tickets: dict[int, admission.Ticket] = {}
    for run in runs:
        answer_tokens = limits_of(request, run)[1]
        found = admission.admit(
            run.ai_model.provider, tokens=tokens + answer_tokens, call_s=_time_limit_s(run.ai_model), now=now
        )
        if isinstance(found, admission.NotNow):
            put_back(request, run, not_before=found.until, code="paused", words=found.words)
        else:
            tickets[run.pk] = found
    return tickets


def _carry_out(
    request: FeedbackRequest, material: Material, runs: list[ModelRun], tickets: dict[int, admission.Ticket]
) -> None:
    """Ask for all ``runs`` at once; a ticket is handed back as soon as its run needs no more calls."""
    under_way: dict[Future[llm.ModelAnswer], Attempt] = {}

    def go_on(run: ModelRun, attempt: Attempt | None) -> None:
        if attempt is not None:
            under_way[_start(attempt)] = attempt
        else:
            let_go(run)
            admission.dismiss(tickets.pop(run.pk))

    with held(runs):
        for run in runs:
            go_on(run, _guarded(request, run, partial(_prepare, request, material, run)))
        while under_way:
            connection.close()
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                settled = under_way.pop(future)
                step = partial(_settle, request, material, settled, future)
                go_on(settled.run, _guarded(request, settled.run, step))


def _start(attempt: Attempt) -> Future[llm.ModelAnswer]:
    """Send the call; an answer that was paid for before is there at once."""
    if attempt.stored is None:
        return submit(llm.complete(attempt.call))
    ready: Future[llm.ModelAnswer] = Future()
    ready.set_result(attempt.stored)
    return ready


def _paid(request: FeedbackRequest, attempt: Attempt, *, purpose: str = "") -> Attempt | None:
    """Return the attempt with the money for its call set aside; None where the budgets have no room for it."""
    run = attempt.run
    try:
        charge = spending.set_aside(request, run, attempt.call, purpose=purpose or run.purpose)
    except BudgetRefusal as refusal:
        if refusal.may_wait:
            soon = timezone.now() + timedelta(seconds=BUDGET_LOOK_S * (0.5 + random.random()))
            put_back(request, run, not_before=soon, code=refusal.code, words=refusal.words)
        else:
            give_up_model(request, run, code=refusal.code, words=refusal.words)
        return None
    return replace(attempt, charge=charge)


def _follow_up(request: FeedbackRequest, attempt: Attempt, *, purpose: str = "", **changes: Any) -> Attempt | None:
    """Return the next call of a run that follows at once on its last one."""
    run = attempt.run
    call = replace(attempt.call, **changes)
    admission.follow_up(run.ai_model.provider, tokens=call.max_output_tokens, now=timezone.now())
    return _paid(request, replace(attempt, call=call, stored=None, charge=None), purpose=purpose)


def _guarded(request: FeedbackRequest, run: ModelRun, step: Callable[[], Attempt | None]) -> Attempt | None:
    """Do one step of one run; a fault in it ends this run by name and leaves its siblings' answers alone."""
    try:
        return step()
    except DatabaseError as error:
        # The lease runs out and the run is taken up again.
        logger.error("run %s: not stored (%s)", run.pk, type(error).__name__)
    # Any fault of ours in one run would otherwise drop the paid answers of all the others.
    except Exception:
        logger.exception("run %s failed unexpectedly", run.pk)
        give_up_model(request, run, code="internal", words="Something went wrong on our side.")
    return None


def _prepare(
    request: FeedbackRequest, material: Material, run: ModelRun, *, mode: llm.OutputMode | None = None
) -> Attempt | None:
    """Build the prompt and the call; None when the run already ended (model switched off, key unreadable).

    ``mode``: how the answer's form is asked for; None: as the model supports.
    """
    model = run.ai_model
    if not (model.is_active and model.provider.is_active):
        give_up_model(request, run, code="model_off", words=f"{model.display_name} has been switched off.")
        return None
    mode = mode or output_mode_of(model)
    temperature = plan_entry(request, run).get("temperature")
    temperature = model.temperature if temperature is None else temperature
    nonce = new_nonce()
    digest = answers.input_hash(
        material.prompt_input(nonce=nonce, seed=run.seed, only_criteria=tuple(run.only_criteria)),
        model=[model.provider.kind, model.provider.base_url, model.pk, model.name],
        parameters=[mode, temperature, *limits_of(request, run)],
        sample=[run.purpose, run.slot, run.repeat, run.part, run.left_out, run.summary.get("clusters")],
    )
    stored = answers.recall(request, digest)
    if stored is not None:
        # The same was asked before: the prompt that was answered is built again.
        run.seed, nonce = stored.seed, stored.nonce
    try:
        key = read_key(model.provider)
        question = question_for(request, material, run, mode=mode, nonce=nonce)
    except KeyUnreadable as error:
        give_up_model(request, run, code=error.code, words=str(error))
        return None
    except CannotAsk as error:
        give_up_model(request, run, code=error.code, words=error.words)
        return None
    call = llm.ModelCall(
        kind=model.provider.kind,
        model=model.name,
        messages=question.messages,
        timeout_s=min(_time_limit_s(model), question.timeout_s or _time_limit_s(model)),
        base_url=model.provider.base_url,
        api_key=key,
        schema=question.schema,
        output_mode=mode,
        temperature=temperature,
        max_output_tokens=question.longest_answer_tokens,
    )
    ModelRun.objects.filter(pk=run.pk, fence=run.fence).update(
        nonce=nonce, seed=run.seed, prompt_hash=question.prompt_hash, template_version=question.template_version
    )
    RunTranscript.objects.update_or_create(
        run=run, defaults={"messages": [dict(message) for message in question.messages], "answer": ""}
    )
    attempt = Attempt(run, question, call, digest, nonce, None if stored is None else answers.as_answer(stored))
    return attempt if stored is not None else _paid(request, attempt)


def _time_limit_s(model: AIModel) -> float:
    return float(model.timeout_s or settings.RUN_TIMEOUT_S)


# Models that refused a structured output in this process: asked by words alone from then on.
_by_words_only: set[tuple[str, str]] = set()


def output_mode_of(model: AIModel) -> llm.OutputMode:
    """Return how the answer's form is asked for: the model's setting, else the best it is known to support.

    For workers only: the library has to be asked.
    """
    if model.output_mode != AIModel.OutputMode.AUTO:
        return model.output_mode  # type: ignore[return-value]
    if (model.provider.base_url, model.name) in _by_words_only:
        return "prompt"
    return llm.supported_output(model.provider.kind, model.name)


def _settle(
    request: FeedbackRequest, material: Material, attempt: Attempt, future: Future[llm.ModelAnswer]
) -> Attempt | None:
    """Store what became of one call. Returns the next attempt of the same run where one follows at once."""
    run = attempt.run
    try:
        answer = future.result()
    except llm.ModelCallError as error:
        if attempt.charge is not None:
            spending.book_failure(run, attempt.charge, error)
        return _after_error(request, material, attempt, error)
    if attempt.charge is not None:
        circuit.report_success(run.ai_model.provider_id)
        spending.book_answer(
            request, run, attempt.charge, answer, digest=attempt.digest, nonce=attempt.nonce, seed=run.seed
        )
    try:
        attempt.question.keep(answer, attempt.stored is not None)
    except AnswerRejected as rejected:
        return _after_rejection(request, attempt, answer, rejected)
    return None


def _after_error(
    request: FeedbackRequest, material: Material, attempt: Attempt, error: llm.ModelCallError
) -> Attempt | None:
    run, now = attempt.run, timezone.now()
    if error.code in PROVIDER_TROUBLE:
        pause = error.retry_after_s if error.remedy == "wait" else None
        circuit.report_failure(run.ai_model.provider_id, now=now, pause_s=pause)
    elif error.code in PROVIDER_ANSWERS:
        circuit.report_success(run.ai_model.provider_id)
    if error.remedy == "prompt_mode":
        _by_words_only.add((attempt.call.base_url, attempt.call.model))
        admission.follow_up(run.ai_model.provider, tokens=attempt.call.max_output_tokens, now=now)
        return _prepare(request, material, run, mode="prompt")
    if run.purpose == ModelRun.Purpose.WORDING:
        give_up_model(request, run, code=error.code, words=error.words)
        return None
    too_long = error.retry_after_s is not None and error.retry_after_s > PATIENCE.total_seconds()
    out_of_patience = now - request.created_at > PATIENCE
    if error.remedy == "next_model" or run.attempts >= settings.RUN_MAX_ATTEMPTS or too_long or out_of_patience:
        give_up_model(request, run, code=error.code, words=error.words, final=out_of_patience)
        return None
    delay = error.retry_after_s if error.retry_after_s is not None else backoff_s(run.attempts)
    put_back(request, run, not_before=now + timedelta(seconds=delay), code=error.code, words=error.words)
    return None


def _after_rejection(
    request: FeedbackRequest, attempt: Attempt, answer: llm.ModelAnswer, rejected: AnswerRejected
) -> Attempt | None:
    """One repair try with the validator's words; then the next model. The answer is never a level."""
    run = attempt.run
    RunTranscript.objects.filter(run=run).update(answer=answer.text)
    answers.forget(request, attempt.digest)
    words = repair_request(rejected)
    if run.repairs == 0 and words and run.purpose != ModelRun.Purpose.WORDING:
        run.repairs = 1
        ModelRun.objects.filter(pk=run.pk, fence=run.fence).update(repairs=1)
        messages = [
            *attempt.call.messages,
            {"role": "assistant", "content": answer.text or "(empty)"},
            {"role": "user", "content": words},
        ]
        return _follow_up(request, attempt, purpose="repair", messages=messages)
    give_up_model(
        request, run, code=str(rejected.reason).lower(), words=f"The answer could not be used: {rejected.detail}"
    )
    return None


def _schedule_next(request_id: int) -> None:
    """Enqueue the request again when its next run is due; the sweeper does it if this message is lost."""
    from feedback.tasks import execute as execute_task

    request = FeedbackRequest.objects.filter(pk=request_id, status=FeedbackRequest.Status.OPEN).first()
    if request is None:
        return
    pending = ModelRun.objects.filter(request=request, round=request.round, status=ModelRun.Status.PENDING)
    due = list(pending.values_list("not_before", flat=True))
    if not due:
        return
    now = timezone.now()
    soonest = min((moment or now) for moment in due)
    delay = max(0.0, (soonest - now).total_seconds())
    _look_again(request, max(soonest, now) + timedelta(seconds=10))
    if delay <= 60:
        enqueue(execute_task, request_id, countdown=delay + 0.05 if delay else None)
