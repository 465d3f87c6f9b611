"""A setting tried on a text that is nobody's draft."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models import Assignment
from feedforward.transitions import StatefulModel

if TYPE_CHECKING:
    from accounts.models import User


class TrialQuerySet(models.QuerySet["Trial"]):
    def visible_to(self, user: User) -> Self:
        """Trials of assignments the person may change; no student, assistant or administrator sees one."""
        return self.filter(assignment__in=Assignment.objects.editable_by(user).values("pk"))


class Trial(StatefulModel):
    """One trial of an assignment's setting on a sample, pasted or uploaded text.

    PII: the text may be somebody's. Kept: text, prompts, answers and notes until ``content_due_at``; setting,
    levels, counts and costs for good. The file itself goes as soon as it was read; its name is never stored.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        READING = "reading", _("Reading the text")
        READY = "ready", _("Text read")
        FAILED = "failed", _("Could not be read")

    class Source(models.TextChoices):
        SAMPLE = "sample", _("Sample text")
        PASTE = "paste", _("Pasted text")
        FILE = "file", _("File")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.READING: {Status.RECEIVED, Status.READING},  # READING again once the lease ran out
        Status.RECEIVED: {Status.READING},
        Status.READY: {Status.READING},
        Status.FAILED: {Status.RECEIVED, Status.READING},
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="trials")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="trials"
    )
    # A form shown once makes one trial, however often it is sent.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.RECEIVED, editable=False
    )
    # Why it could not be read: a code of submissions.extraction.verdicts.Reason.
    failure = models.CharField(_("reason"), max_length=30, blank=True)
    # Only the prompt is shown; no model is called and nothing is paid.
    dry = models.BooleanField(_("prompt only"), default=False)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    title = models.CharField(_("text"), max_length=80)
    # The same for all trials of one text: what may be compared side by side.
    text_id = models.UUIDField(default=uuid.uuid4, editable=False)
    plan = models.JSONField(_("plan"), default=dict)
    media_format = models.CharField(_("format"), max_length=10, blank=True)
    stored_name = models.CharField(max_length=120, blank=True, editable=False)
    text = models.TextField(_("text"), blank=True)
    words = models.PositiveIntegerField(_("words"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    hidden_count = models.PositiveIntegerField(_("hidden passages"), default=0)
    # {"criteria": [...], "notes": [...], "flags": [...]} in the shape of the desk's rows (feedback/desk_rows.py).
    result = models.JSONField(_("result"), default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("made at"), default=timezone.now)
    content_due_at = models.DateTimeField(_("text is removed at"))
    content_removed_at = models.DateTimeField(_("text was removed at"), null=True, blank=True)

    objects = TrialQuerySet.as_manager()

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["assignment", "-created_at"], name="trial_by_assignment"),
            models.Index(fields=["text_id"], name="trial_by_text"),
            models.Index(
                fields=["status", "created_at"],
                condition=models.Q(status__in=["received", "reading"]),
                name="trial_open",
            ),
            models.Index(
                fields=["content_due_at"],
                condition=models.Q(content_removed_at__isnull=True),
                name="trial_content_due",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["received", "reading", "ready", "failed"]), name="trial_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="failed") | ~models.Q(failure=""), name="trial_failure_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title
