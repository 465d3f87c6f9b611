"""A request for readings and its runs: the rows are the unit of durability, retry and cost."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from feedforward.transitions import StatefulModel

if TYPE_CHECKING:
    from courses.models import Assignment


class FeedbackRequestQuerySet(models.QuerySet["FeedbackRequest"]):
    def with_text(self) -> Self:
        """With everything that carrying a request out looks at, draft or trial, in one query."""
        return self.select_related(
            "draft__assignment__course", "draft__student", "draft__content", "trial__assignment__course"
        )


class FeedbackRequest(StatefulModel):
    """All the reading of one draft, or of one trial's text: exactly one of the two.

    PII: none but the link. Kept: for good; the plan quotes no student.
    ``plan`` is frozen when the request is made: rubric, instructions, models, runs. Later edits of the live
    rows change nothing that is under way.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Being prepared")
        AGGREGATING = "aggregating", _("Being combined")
        IN_REVIEW = "in_review", _("With the instructor")
        NEEDS_HUMAN = "needs_human", _("Needs a person")
        RELEASED = "released", _("Released")
        TRIED = "tried", _("Tried out")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.AGGREGATING: {Status.OPEN, Status.AGGREGATING},
        Status.IN_REVIEW: {Status.AGGREGATING, Status.RELEASED, Status.NEEDS_HUMAN},
        Status.NEEDS_HUMAN: {Status.AGGREGATING, Status.OPEN},
        Status.RELEASED: {Status.IN_REVIEW, Status.NEEDS_HUMAN},
        Status.TRIED: {Status.AGGREGATING},  # the end of a trial's request: it reaches no desk and no student
        Status.OPEN: {Status.IN_REVIEW, Status.NEEDS_HUMAN, Status.AGGREGATING},
        Status.CANCELLED: {Status.OPEN, Status.AGGREGATING, Status.IN_REVIEW, Status.NEEDS_HUMAN},
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.OneToOneField(
        "submissions.Draft", null=True, blank=True, on_delete=models.PROTECT, related_name="feedback_request"
    )
    trial = models.OneToOneField(
        "feedback.Trial", null=True, blank=True, on_delete=models.PROTECT, related_name="request"
    )
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OPEN, editable=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    plan = models.JSONField(_("plan"), default=dict)
    # Counts the rounds of runs: 1 at first, more after a re-run.
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    extra_asked = models.BooleanField(_("extra runs were asked for"), default=False)
    # What an aggregation that dies leaves behind is taken up again after this moment.
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    # When work can next be done: the earliest not_before of open runs; the sweeper looks here.
    due_at = models.DateTimeField(default=timezone.now)
    # When the current readings were asked for: patience with busy providers counts from here.
    created_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = FeedbackRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback request")
        verbose_name_plural = _("feedback requests")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=["open", "aggregating"]),
                name="request_open_due",
            ),
            models.Index(fields=["status", "created_at"], name="request_by_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["open", "aggregating", "in_review", "needs_human", "released", "tried", "cancelled"]
                ),
                name="request_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(draft__isnull=False, trial__isnull=True)
                | models.Q(draft__isnull=True, trial__isnull=False),
                name="request_of_draft_or_trial",
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()

    @property
    def assignment(self) -> Assignment:
        """The assignment whose draft or trial this is."""
        source = self.draft or self.trial
        assert source is not None  # the constraint
        return source.assignment


class ModelRunQuerySet(models.QuerySet["ModelRun"]):
    """Runs, by what they were asked for."""

    def readings(self) -> Self:
        """The runs whose levels and comments count: no rereading without sentences, part or wording."""
        return self.filter(purpose=ModelRun.Purpose.READING)


class ModelRun(StatefulModel):
    """One call of one model for one request. PII: none. Kept: for good, without prompt and answer."""

    class Purpose(models.TextChoices):
        READING = "reading", _("Reading")
        # The same draft without its suspect sentences: compared, never combined.
        RECHECK = "recheck", _("Reading without the suspect sentences")
        # One part of a draft too long for the model; its comments belong to the reading of the same place.
        PART = "part", _("Part of a long draft")
        WORDING = "wording", _("Wording of notes")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.RUNNING: {Status.PENDING, Status.RUNNING},
        Status.PENDING: {Status.RUNNING, Status.FAILED},
        Status.SUCCEEDED: {Status.RUNNING},
        Status.FAILED: {Status.RUNNING, Status.PENDING},
        Status.CANCELLED: {Status.PENDING, Status.RUNNING},
    }

    OPEN = (Status.PENDING, Status.RUNNING)

    request = models.ForeignKey(FeedbackRequest, on_delete=models.CASCADE, related_name="runs")
    # Which planned place this run fills: 0-based over the plan's models; a fallback keeps the slot.
    slot = models.PositiveSmallIntegerField(_("place"))
    repeat = models.PositiveSmallIntegerField(_("repeat"), default=0)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    is_extra = models.BooleanField(_("extra run"), default=False)
    only_criteria = models.JSONField(default=list, blank=True)
    purpose = models.CharField(_("asked for"), max_length=10, choices=Purpose.choices, default=Purpose.READING)
    # Of a long draft: 1-based; 0 where the draft is not cut or this run gives the levels.
    part = models.PositiveSmallIntegerField(_("part"), default=0)
    # Ids of the sentences this run was not shown.
    left_out = models.JSONField(default=list, blank=True)
    ai_model = models.ForeignKey("aiconfig.AIModel", on_delete=models.PROTECT, related_name="runs")
    # As it was when called, for the record.
    model_name = models.CharField(_("model"), max_length=150)
    display_name = models.CharField(_("name shown"), max_length=100)
    fallback_step = models.PositiveSmallIntegerField(_("fallback step"), default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING, editable=False
    )
    error_code = models.CharField(_("error"), max_length=30, blank=True)
    error_words = models.CharField(_("what went wrong"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    repairs = models.PositiveSmallIntegerField(_("repair tries"), default=0)
    fence = models.PositiveIntegerField(default=0, editable=False)
    # One per claim: the claim is one UPDATE over all open runs, this finds the rows it took.
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(null=True, blank=True)
    seed = models.PositiveIntegerField(default=0)
    nonce = models.CharField(max_length=10, blank=True)
    prompt_hash = models.CharField(max_length=64, blank=True)
    template_version = models.CharField(max_length=40, blank=True)
    # {"sent": {...}, "dropped": [...]}: parameters as sent and those the model does not support.
    parameters = models.JSONField(default=dict, blank=True)
    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)
    # Over all calls of this run, repairs and models that gave no answer included. NULL: none has a known cost.
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    calls = models.PositiveSmallIntegerField(_("calls made"), default=0)
    unpriced_calls = models.PositiveSmallIntegerField(_("calls whose cost is not known"), default=0)
    # The answer is one that was paid for before: the same was asked.
    reused = models.BooleanField(_("answer used again"), default=False)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    # What the reading as a whole said: language, on_task, counts; numbers and ids only.
    summary = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ModelRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment model run")
        verbose_name_plural = _("assignment model runs")
        ordering = ["slot", "repeat", "pk"]
        indexes = [
            models.Index(fields=["request", "status"], name="run_by_request"),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(status="running"),
                name="run_leases",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "round", "slot", "repeat", "purpose"],
                condition=~models.Q(purpose="part"),
                name="run_once_per_place",
            ),
            # A stand-in with another window cuts the draft anew; the parts it takes over from stay for their cost.
            models.UniqueConstraint(
                fields=["request", "round", "slot", "repeat", "ai_model", "part"],
                condition=models.Q(purpose="part"),
                name="run_once_per_part",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "running", "succeeded", "failed", "cancelled"]),
                name="run_status_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="running") | models.Q(lease_until__isnull=False),
                name="run_running_has_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="failed") | ~models.Q(error_code=""), name="run_failed_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_name} {self.repeat + 1}"


class RunTranscript(models.Model):
    """What was sent and what came back. PII: quotes the draft. Kept: until the draft's content is removed."""

    run = models.OneToOneField(ModelRun, on_delete=models.CASCADE, related_name="transcript", primary_key=True)
    messages = models.JSONField(default=list, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = _("run transcript")
        verbose_name_plural = _("run transcripts")

    def __str__(self) -> str:
        return "transcript"

    @property
    def laid_out(self) -> str:
        """The answer with a line for each of its parts; "" where it is no JSON, or stands on lines already."""
        if "\n" in self.answer.strip():
            return ""
        try:
            found = json.loads(self.answer)
        except (ValueError, RecursionError):
            return ""
        return json.dumps(found, ensure_ascii=False, indent=2) if isinstance(found, dict | list) else ""
