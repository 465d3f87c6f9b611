"""Making a trial: a text, a setting to try on it, and nobody's draft."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from aiconfig.plans import check_choices, plan_of
from courses.models import Assignment
from feedback.agreement.aggregation import METHODS
from feedback.forgetting import forget_runs
from feedback.models import FeedbackRequest, ModelRun, Trial
from feedback.planning import Setting, freeze_plan
from feedback.requests import cancel, request_for_trial
from feedback.trials.result import without_words
from feedback.trials.samples import Sample
from feedforward.dispatch import enqueue
from feedforward.errors import DomainError
from submissions.examining import examine
from submissions.extraction.limits import MediaFormat
from submissions.files import discard, hand_over, store
from submissions.room import limits_for

# Long enough to look twice at a setting, short enough for a text nobody handed in.
KEPT = timedelta(days=14)


class TrialRefused(DomainError):
    """The setting cannot be tried, with a sentence that says why."""

    code = "trial_refused"


@dataclass(frozen=True)
class TrialText:
    """What a setting is tried on: exactly one of the four."""

    sample: Sample | None = None
    pasted: str = ""
    upload: File | None = None
    again: Trial | None = None  # the text of an earlier trial of the same assignment


def make_trial(
    *,
    assignment: Assignment,
    text: TrialText,
    setting: Setting,
    dry: bool,
    actor: User,
    key: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Trial:
    """Make a trial and have its text read; ``dry`` builds the prompts and calls nobody.

    A form sent twice (same ``key``) gives the trial it made the first time. Raises :class:`TrialRefused`,
    ``aiconfig.plans.PlanInvalid`` for models this person may not use, and ``submissions.intake.NotAccepted`` for a text
    that cannot be read.
    """
    now = now or timezone.now()
    key = key or uuid.uuid4()
    made = Trial.objects.visible_to(actor).filter(key=key).first()
    if made is not None:
        return made
    _refuse_unless_open(assignment)
    kept = [choice.ai_model_id for choice in plan_of(assignment)]
    check_choices(choices=setting.choices, actor=actor, kept=kept)
    if setting.method not in METHODS:
        raise TrialRefused(_("Choose one of the ways of combining levels."), field="aggregation")
    plan = freeze_plan(assignment, setting)
    if not plan["models"]:
        raise TrialRefused(_("Choose at least one model that can be called now."))
    fields: dict[str, Any] = {
        "assignment": assignment,
        "created_by": actor,
        "key": key,
        "dry": dry,
        "plan": plan,
        "created_at": now,
        "content_due_at": now + KEPT,
    }
    try:
        if text.again is not None:
            return _on_the_same_text(text.again, fields=fields, actor=actor, now=now)
        return _on_a_new_text(text, assignment=assignment, fields=fields, actor=actor, now=now)
    except IntegrityError:
        made = Trial.objects.visible_to(actor).filter(key=key).first()
        if made is None:
            raise
        return made


def _refuse_unless_open(assignment: Assignment) -> None:
    if assignment.is_read_only or assignment.course.is_read_only:
        raise TrialRefused(_("This assignment is archived, so nothing is tried with it any more."), code="archived")
    if assignment.rubric is None or not assignment.rubric.criteria.exists():
        raise TrialRefused(_("Choose a rubric for the assignment first: texts are read against it."), code="no_rubric")


def _on_the_same_text(before: Trial, *, fields: dict[str, Any], actor: User, now: datetime) -> Trial:
    if before.assignment_id != fields["assignment"].pk or before.content_removed_at or before.status != "ready":
        raise TrialRefused(_("The text of that trial is no longer there. Choose another one."), code="gone")
    with transaction.atomic():
        trial = Trial.objects.create(
            **fields,
            status=Trial.Status.READY,
            source=before.source,
            title=before.title,
            text_id=before.text_id,
            media_format=before.media_format,
            text=before.text,
            words=before.words,
            language=before.language,
            hidden_count=before.hidden_count,
        )
        _record(trial, actor=actor)
        start(trial, now=now)
    return trial


def _on_a_new_text(
    text: TrialText, *, assignment: Assignment, fields: dict[str, Any], actor: User, now: datetime
) -> Trial:
    from feedback.tasks import read_trial

    if text.sample is not None:
        raw = text.sample.text.encode()
        fields |= {
            "source": Trial.Source.SAMPLE,
            "title": str(text.sample.title)[:80],
            "text_id": text.sample.text_id,
            "media_format": MediaFormat.PASTE.value,
        }
        file: File = ContentFile(raw)
    else:
        uploads = [] if text.upload is None else [text.upload]
        (incoming,) = examine(uploads=uploads, text=text.pasted, assignment=assignment, limits=limits_for(assignment))
        is_file = text.upload is not None
        # The name of a file is often somebody's name: it is not kept.
        fields |= {
            "source": Trial.Source.FILE if is_file else Trial.Source.PASTE,
            "title": _("A file (%(kind)s)") % {"kind": incoming.media_format} if is_file else _("Pasted text"),
            "media_format": incoming.media_format,
        }
        file = incoming.file
    # Until the trial owns the file, its row names it to the sweeper: a process that dies here leaves nothing for good.
    row = store(file, now=now)
    try:
        with transaction.atomic():
            trial = Trial.objects.create(**fields, stored_name=hand_over(row))
            _record(trial, actor=actor)
            transaction.on_commit(lambda: enqueue(read_trial, trial.pk))
    # Whatever it was, a trial that is not there must leave no file; it is raised on.
    except BaseException:
        discard([row])
        raise
    return trial


def _record(trial: Trial, *, actor: User) -> None:
    audit.record(
        actor=actor,
        code="trial.made",
        obj=trial,
        course_id=trial.assignment.course_id,
        fields=["prompt_only"] if trial.dry else [],
        counts={"runs": sum(entry["runs"] for entry in trial.plan["models"])},
    )


def start(trial: Trial, *, now: datetime) -> None:
    """Do what was asked for with a text that has been read, inside the transaction that made it READY."""
    from feedback.tasks import preview_trial

    if trial.dry:
        transaction.on_commit(lambda: enqueue(preview_trial, trial.pk))
    else:
        request_for_trial(trial, now=now)


def run_trial(*, trial: Trial, actor: User, now: datetime | None = None) -> Trial:
    """Call the models after a dry run, with the same text and setting. Asking twice calls once."""
    now = now or timezone.now()
    _refuse_unless_open(trial.assignment)
    if trial.content_removed_at is not None:
        raise TrialRefused(_("The text of this trial has been removed."), code="gone")
    with transaction.atomic():
        if not Trial.objects.filter(pk=trial.pk, dry=True, content_removed_at=None).update(dry=False, result={}):
            return trial
        # A text that is being read right now starts its runs when it has been read.
        current = Trial.objects.select_related("assignment").get(pk=trial.pk)
        audit.record(actor=actor, code="trial.run", obj=trial, course_id=trial.assignment.course_id)
        if current.status == Trial.Status.READY:
            request_for_trial(current, now=now)
    return current


def remove_trial(*, trial: Trial, actor: User | None, now: datetime | None = None) -> None:
    """Remove the text of a trial and all that quotes it; levels, setting and cost stay. Safe to repeat.

    ``actor`` None: its time was over.
    """
    now = now or timezone.now()
    if trial.stored_name:
        storages["drafts"].delete(trial.stored_name)
    with transaction.atomic():
        request = FeedbackRequest.objects.filter(trial=trial).first()
        if request is not None and request.status in ("open", "aggregating"):
            cancel(request=request, reason="content removed")
        forget_runs(ModelRun.objects.filter(request__trial=trial))
        trial.try_move(Trial.Status.FAILED, failure="removed")
        result = Trial.objects.values_list("result", flat=True).get(pk=trial.pk)
        changed = Trial.objects.filter(pk=trial.pk, content_removed_at=None).update(
            text="",
            title=trial.title if trial.source == Trial.Source.SAMPLE else trial.get_source_display(),
            stored_name="",
            result=without_words(result),
            # A reading or combining that is under way stores nothing any more.
            fence=F("fence") + 1,
            content_removed_at=now,
        )
        if changed:
            audit.record(actor=actor, code="trial.removed", obj=trial, course_id=trial.assignment.course_id)
