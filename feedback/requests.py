"""Asking for feedback on a draft: one request per draft, its plan frozen, a row for each run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from courses.models import Course, CourseStaff
from feedback.models import FeedbackRequest, ModelRun, Trial
from feedback.planning import freeze_plan
from feedforward.dispatch import enqueue
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError
from submissions.models import Draft

# A message that is lost is made up for by the sweeper after this long.
SWEEP_AFTER_S = 20


class RequestRefused(DomainError):
    """The readings asked for cannot be started."""

    code = "request_refused"


def new_run(request: FeedbackRequest, entry: dict[str, Any], *, slot: int, repeat: int, **fields: Any) -> ModelRun:
    """Return an unsaved run of the plan's ``entry``."""
    return ModelRun(
        request=request,
        slot=slot,
        repeat=repeat,
        ai_model_id=entry["ai_model"],
        model_name=entry["name"],
        display_name=entry["display_name"],
        seed=secrets.randbelow(2**31),
        **fields,
    )


def planned_runs(request: FeedbackRequest, *, round: int) -> list[ModelRun]:
    """Return the unsaved runs of the plan: one per model and repeat."""
    return [
        new_run(request, entry, slot=slot, repeat=repeat, round=round)
        for slot, entry in enumerate(request.plan["models"])
        for repeat in range(entry["runs"])
    ]


def request_feedback(draft_id: int, *, now: datetime | None = None) -> FeedbackRequest | None:
    """Make the draft's request and its runs, once, however often it is called. None: the draft is not READY."""
    now = now or timezone.now()
    draft = Draft.objects.select_related("assignment__rubric", "assignment__course").filter(pk=draft_id).first()
    if draft is None or draft.status != Draft.Status.READY:
        return None
    existing = FeedbackRequest.objects.filter(draft=draft).first()
    if existing is not None:
        return existing
    plan = freeze_plan(draft.assignment)
    try:
        with transaction.atomic():
            request = FeedbackRequest.objects.create(
                draft=draft, plan=plan, created_at=now, due_at=now + timedelta(seconds=SWEEP_AFTER_S)
            )
            ModelRun.objects.bulk_create(planned_runs(request, round=1))
            audit.record(
                actor=None,
                code="feedback.requested",
                obj=request,
                course_id=draft.assignment.course_id,
                counts={"runs": sum(entry["runs"] for entry in plan["models"])},
            )
            transaction.on_commit(lambda: _start(request.pk))
    except IntegrityError:
        return FeedbackRequest.objects.get(draft=draft)
    return request


def request_for_trial(trial: Trial, *, now: datetime) -> FeedbackRequest:
    """Make the trial's request and its runs under the trial's frozen plan, inside the caller's transaction."""
    request = FeedbackRequest.objects.create(
        trial=trial, plan=trial.plan, created_at=now, due_at=now + timedelta(seconds=SWEEP_AFTER_S)
    )
    ModelRun.objects.bulk_create(planned_runs(request, round=1))
    transaction.on_commit(lambda: _start(request.pk))
    return request


def _start(request_id: int) -> None:
    from feedback.tasks import execute

    enqueue(execute, request_id)


def may_rerun(*, course: Course, user: User) -> bool:
    """Whoever teaches the course has its drafts read again, which is paid for; assistants review what was read.

    An archived course is read-only, and nothing more is spent on it.
    """
    if course.is_read_only or not user.is_active:
        return False
    return CourseStaff.objects.filter(course=course, user=user, role__in=CourseStaff.EDITORS).exists()


def _refuse_rerun_unless(course: Course, actor: User) -> None:
    if course.is_read_only:
        raise RequestRefused(_("This course is archived; its drafts are not read again."))
    if not may_rerun(course=course, user=actor):
        raise RequestRefused(_("You may review here, but an instructor of the course has to ask for new readings."))


def rerun(*, request: FeedbackRequest, actor: User, only_failed: bool = False) -> FeedbackRequest:
    """Read the draft again under today's rubric and models (or only the failed runs, under the frozen plan).

    What people edited on the desk is kept. Raises :class:`RequestRefused` for whoever may not, in an archived course,
    while readings are under way, after release, or once the content was removed.
    """
    draft = request.draft
    if draft is None:
        raise RequestRefused(_("A trial is not repeated; make another one."))
    if draft.content_removed_at or not getattr(draft, "content", None):
        raise RequestRefused(_("The text of this draft has been removed, so it cannot be read again."))
    now = timezone.now()
    with transaction.atomic():
        # Read afresh: the course may have been archived while the page was open.
        _refuse_rerun_unless(Course.objects.get(pk=draft.assignment.course_id), actor)
        current = FeedbackRequest.objects.select_for_update().get(pk=request.pk)
        if current.status not in (FeedbackRequest.Status.IN_REVIEW, FeedbackRequest.Status.NEEDS_HUMAN):
            raise RequestRefused(_("This draft is being read right now, or its feedback is already released."))
        due = now + timedelta(seconds=SWEEP_AFTER_S)
        if only_failed:
            failed = [run for run in _failed(current) if _may_be_repeated(current, run)]
            if not failed:
                raise RequestRefused(_("No reading of this draft failed."))
            for run in failed:
                # The planned model again: a stand-in was asked because this one had given no answer.
                entry = current.plan["models"][run.slot] if run.purpose == ModelRun.Purpose.READING else None
                planned = (
                    {
                        "ai_model_id": entry["ai_model"],
                        "model_name": entry["name"],
                        "display_name": entry["display_name"],
                        "fallback_step": 0,
                    }
                    if entry
                    else {}
                )
                run.move(
                    ModelRun.Status.PENDING,
                    **planned,
                    attempts=0,
                    repairs=0,
                    not_before=None,
                    error_code="",
                    error_words="",
                    finished_at=None,
                )
            current.move(FeedbackRequest.Status.OPEN, due_at=due, finished_at=None, reason="", created_at=now)
        else:
            plan = freeze_plan(draft.assignment)
            if not plan["models"]:
                raise RequestRefused(_("This assignment has no model that can be used now. Choose models first."))
            number = current.round + 1
            current.move(
                FeedbackRequest.Status.OPEN,
                plan=plan,
                round=number,
                extra_asked=False,
                due_at=due,
                finished_at=None,
                reason="",
                created_at=now,
            )
            ModelRun.objects.bulk_create(planned_runs(current, round=number))
        audit.record(
            actor=actor,
            code="feedback.rerun",
            obj=current,
            course_id=draft.assignment.course_id,
            fields=["failed" if only_failed else "all"],
        )
        transaction.on_commit(lambda: _start(current.pk))
    return current


def _failed(request: FeedbackRequest) -> list[ModelRun]:
    return list(request.runs.filter(status=ModelRun.Status.FAILED, round=request.round))


def _may_be_repeated(request: FeedbackRequest, run: ModelRun) -> bool:
    """A part is repeated only for the planned model, which reads again; wording is asked anew for the notes of then."""
    if run.purpose == ModelRun.Purpose.PART:
        return run.ai_model_id == request.plan["models"][run.slot]["ai_model"]
    return run.purpose != ModelRun.Purpose.WORDING


def is_withdrawn(request: FeedbackRequest) -> bool:
    """Whether the author took the draft back, so that nobody needs to read it any more."""
    return request.draft is not None and request.draft.status == Draft.Status.WITHDRAWN


def rerun_many(
    *, requests: Iterable[FeedbackRequest], actor: User, only_failed: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Read many drafts again, each in its own transaction; returns how many, and why others were left."""
    done, refused = 0, []
    for request in requests:
        try:
            rerun(request=request, actor=actor, only_failed=only_failed)
        except (RequestRefused, TransitionError) as error:
            refused.append(str(error))
        else:
            done += 1
    return done, tuple(refused)


def with_failed_runs(requests: QuerySet[FeedbackRequest]) -> QuerySet[FeedbackRequest]:
    """Return those of ``requests`` that nobody has approved yet and of whose readings one failed, oldest first."""
    failed = ModelRun.objects.filter(request=OuterRef("pk"), round=OuterRef("round"), status=ModelRun.Status.FAILED)
    waiting = [FeedbackRequest.Status.IN_REVIEW, FeedbackRequest.Status.NEEDS_HUMAN]
    return (
        requests.filter(Exists(failed), status__in=waiting, draft__content_removed_at__isnull=True)
        .exclude(draft__feedback__status="approved")
        .order_by("created_at", "pk")
    )


def cancel(*, request: FeedbackRequest, reason: str) -> None:
    """Stop a request whose draft was withdrawn or whose content is gone."""
    with transaction.atomic():
        if request.try_move(FeedbackRequest.Status.CANCELLED, reason=reason, finished_at=timezone.now()):
            for run in request.runs.filter(status__in=ModelRun.OPEN):
                run.try_move(ModelRun.Status.CANCELLED, finished_at=timezone.now())
