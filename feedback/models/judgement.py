"""What the instructor made of it, and what the student sees: rows apart from what machines wrote."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from feedforward.transitions import StatefulModel


class Feedback(StatefulModel):
    """The instructor's feedback on one draft. PII: the link. Kept: released feedback for good.

    ``version`` rises with every edit; an edit made on an older version is refused, not merged.
    """

    class Status(models.TextChoices):
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        RELEASED = "released", _("Released")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.APPROVED: {Status.IN_REVIEW},
        Status.IN_REVIEW: {Status.APPROVED, Status.RELEASED},
        Status.RELEASED: {Status.IN_REVIEW, Status.APPROVED},
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.OneToOneField("submissions.Draft", on_delete=models.PROTECT, related_name="feedback")
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.IN_REVIEW, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    by_hand = models.BooleanField(_("marked by hand"), default=False)
    practice = models.BooleanField(_("practice: released without review"), default=False)
    summary = models.TextField(_("a word to the student"), blank=True)
    # [{code, severity, detail, criterion_key, sentence_ids}], as contract.Flag.
    flags = models.JSONField(_("flags"), default=list, blank=True)
    must_count = models.PositiveSmallIntegerField(default=0)
    check_count = models.PositiveSmallIntegerField(default=0)
    disagreement = models.FloatField(_("disagreement"), null=True, blank=True)
    # Set when rubric or plan changed after the runs: results are stale, a re-run is offered.
    stale = models.BooleanField(_("stale"), default=False)
    # Named lease, so that two people do not work on one draft unknowingly.
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviewing"
    )
    reviewer_until = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    first_read_at = models.DateTimeField(_("first read at"), null=True, blank=True)
    # The student asked for another look by a person.
    contested_at = models.DateTimeField(null=True, blank=True)
    contest_words = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("feedback result")
        verbose_name_plural = _("feedback results")
        indexes = [
            models.Index(fields=["status", "-must_count"], name="feedback_queue"),
            models.Index(fields=["draft", "status"], name="feedback_by_draft"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["in_review", "approved", "released"]),
                name="feedback_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status="released", released_at__isnull=False)
                | (~models.Q(status="released") & models.Q(released_at__isnull=True)),
                name="feedback_released_at_iff_released",
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()


class CriterionResult(models.Model):
    """One criterion: what the models' agreement says, and the level the instructor gave.

    PII: the instructor's comment. Kept: for good.
    """

    feedback = models.ForeignKey(Feedback, on_delete=models.CASCADE, related_name="criteria")
    criterion_key = models.CharField(_("criterion"), max_length=20)
    position = models.PositiveSmallIntegerField()
    # As frozen in the plan: title, description, weight, levels; so it reads right after the rubric changed.
    snapshot = models.JSONField(default=dict)
    centre = models.FloatField(null=True, blank=True)
    suggested_level = models.PositiveSmallIntegerField(null=True, blank=True)
    band_low = models.PositiveSmallIntegerField(null=True, blank=True)
    band_high = models.PositiveSmallIntegerField(null=True, blank=True)
    spread_low = models.FloatField(null=True, blank=True)
    spread_high = models.FloatField(null=True, blank=True)
    agreement = models.FloatField(null=True, blank=True)
    agreement_words = models.CharField(max_length=300, blank=True)
    withheld = models.BooleanField(default=False)
    # {display name: {"median": 2.0, "runs": [2, 2, null], "fallback": false}}: the dots on the scale.
    readings = models.JSONField(default=dict, blank=True)
    level = models.PositiveSmallIntegerField(_("level"), null=True, blank=True)
    level_set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    comment = models.TextField(_("comment"), blank=True)

    class Meta:
        verbose_name = _("criterion result")
        verbose_name_plural = _("criterion results")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["feedback", "criterion_key"], name="criterion_result_once")]

    def __str__(self) -> str:
        return self.criterion_key

    @property
    def shown_level(self) -> int | None:
        """The instructor's level, else the suggestion; None where there is neither."""
        return self.level if self.level is not None else self.suggested_level

    @property
    def shown_label(self) -> str:
        """The name of the shown level, "" where there is none."""
        labels = {level["position"]: level["label"] for level in self.snapshot.get("levels", [])}
        return labels.get(self.shown_level, "")


class FeedbackItem(StatefulModel):
    """One note on the desk. ``sources`` names the comments it came from; editing never touches those.

    PII: may quote the draft (quote_*). Kept: text of released notes for good, quotations with the content.
    """

    class Status(models.TextChoices):
        SHOWN = "shown", _("For the student")
        SUGGESTED = "suggested", _("Not shown")
        DISCARDED = "discarded", _("Discarded")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.SHOWN: {Status.SUGGESTED, Status.DISCARDED},
        Status.SUGGESTED: {Status.SHOWN, Status.DISCARDED},
        Status.DISCARDED: {Status.SHOWN, Status.SUGGESTED},
    }

    class Group(models.TextChoices):
        PRIORITY = "priority", _("Priority")
        STRENGTH = "strength", _("Strength")
        NOTE = "note", _("Further note")
        QUESTION = "question", _("Question to ask yourself")

    class Origin(models.TextChoices):
        MODELS = "models", _("Reviewers")
        CHECK = "check", _("Automatic text check")
        INSTRUCTOR = "instructor", _("Instructor")

    class Plan(models.TextChoices):
        WILL_DO = "will_do", _("I will do this")
        DONE = "done", _("I did this")
        WONT = "wont", _("I chose not to")

    class Rating(models.TextChoices):
        HELPFUL = "helpful", _("Helpful")
        UNCLEAR = "unclear", _("Unclear")
        WRONG = "wrong", _("Wrong")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feedback = models.ForeignKey(Feedback, on_delete=models.CASCADE, related_name="items")
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.SUGGESTED, editable=False
    )
    group = models.CharField(_("group"), max_length=10, choices=Group.choices)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.MODELS)
    position = models.PositiveSmallIntegerField(default=0)
    criterion_key = models.CharField(_("criterion"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=10, blank=True)
    tag = models.CharField(_("tag"), max_length=20, blank=True)
    severity = models.PositiveSmallIntegerField(default=1)
    absence = models.BooleanField(default=False)
    comment = models.TextField(_("comment"))
    why = models.TextField(_("why it matters"), blank=True)
    next_step = models.TextField(_("next step"), blank=True)
    # [{start, end, shown, sentence_id}]: verified places in the draft's text.
    quotes = models.JSONField(default=list, blank=True)
    # [{run, item_id, model}]: comments of the cluster, the medoid first.
    sources = models.JSONField(default=list, blank=True)
    # The model that put several reviewers' comments into one text; "" where the words are a reviewer's own.
    worded_by = models.CharField(_("worded by"), max_length=100, blank=True)
    support = models.FloatField(null=True, blank=True)
    support_words = models.CharField(max_length=200, blank=True)
    priority = models.FloatField(default=0)
    why_not_shown = models.CharField(max_length=60, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    edited_at = models.DateTimeField(null=True, blank=True)
    plan = models.CharField(_("plan"), max_length=10, choices=Plan.choices, blank=True)
    plan_words = models.TextField(_("because"), blank=True)
    rating = models.CharField(_("rating"), max_length=10, choices=Rating.choices, blank=True)
    reply = models.TextField(_("reply"), blank=True)
    # What became of it in the next draft: addressed, partly, tried_not_yet, not_yet, cannot_tell.
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["feedback", "status"], name="note_by_feedback")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["shown", "suggested", "discarded"]), name="note_status_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_group_display()} {self.position}"
