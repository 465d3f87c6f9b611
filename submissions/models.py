"""What students hand in, and how long it is held."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models import Assignment, CourseStaff
from feedforward.transitions import StatefulModel

if TYPE_CHECKING:
    from accounts.models import User


# As for an assignment (aiconfig/assignment_form.py) and for the site (RETENTION_DAYS).
LONGEST_CONTENT_DAYS = 3650


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: User) -> Self:
        """Own drafts, and drafts of courses the person teaches; administrators read no student text."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        taught = CourseStaff.objects.filter(user=user).values("course")
        return self.filter(
            models.Q(student=user)
            | models.Q(
                assignment__course__in=taught,
                assignment__deleted_at__isnull=True,
                assignment__course__deleted_at__isnull=True,
            )
        )

    def of_student(self, user: User) -> Self:
        """The person's own drafts, whatever became of the enrolment."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(student=user)

    def reviewable_by(self, user: User) -> Self:
        """Drafts the person may review: staff of the course, never one's own draft."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(assignment__in=Assignment.objects.reviewable_by(user).values("pk")).exclude(student=user)

    def counted(self) -> Self:
        """Drafts that use up one of the drafts allowed: all but withdrawn ones and files we could not read."""
        return self.exclude(status__in=[Draft.Status.WITHDRAWN, Draft.Status.FAILED])


class Draft(StatefulModel):
    """One numbered hand-in of one student for one assignment.

    PII: author, original file name. Kept: metadata for good; the content as its retention rule says.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        READING = "reading", _("Reading the file")
        CHECKING = "checking", _("Check the text")
        READY = "ready", _("Read")
        FAILED = "failed", _("Could not be read")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Source(models.TextChoices):
        FILE = "file", _("File")
        PASTE = "paste", _("Pasted text")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.READING: {Status.RECEIVED, Status.READING},  # READING again once the lease ran out
        Status.RECEIVED: {Status.READING, Status.FAILED, Status.CHECKING},
        Status.CHECKING: {Status.READING},
        Status.READY: {Status.READING, Status.CHECKING},
        Status.FAILED: {Status.RECEIVED, Status.READING},
        Status.WITHDRAWN: {Status.RECEIVED, Status.CHECKING, Status.READY, Status.FAILED},
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="drafts")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="drafts")
    number = models.PositiveSmallIntegerField(_("draft number"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.RECEIVED, editable=False
    )
    # Why it could not be read: a code of submissions.extraction.verdicts.Reason.
    failure = models.CharField(_("reason"), max_length=30, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.FILE)
    # A form shown once hands in once: a resent form finds the draft it already made.
    submission_key = models.UUIDField(default=uuid.uuid4, editable=False)
    original_name = models.CharField(_("file name"), max_length=255, blank=True)
    media_format = models.CharField(_("format"), max_length=10, blank=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"), default=0)
    # Of the file; of several files, of their checksums in order.
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    words = models.PositiveIntegerField(_("words"), null=True, blank=True)
    pages = models.PositiveIntegerField(_("pages"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # [{kind, count, detail}]: what was in the file and was not read.
    not_read = models.JSONField(_("not read"), default=list, blank=True)
    hidden_count = models.PositiveIntegerField(_("hidden passages"), default=0)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted at"), default=timezone.now)
    ready_at = models.DateTimeField(_("read at"), null=True, blank=True)
    content_due_at = models.DateTimeField(_("content is removed at"), null=True, blank=True)
    content_removed_at = models.DateTimeField(_("content was removed at"), null=True, blank=True)
    legal_hold = models.BooleanField(_("legal hold"), default=False)
    legal_hold_reason = models.CharField(_("reason of the hold"), max_length=200, blank=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        indexes = [
            models.Index(fields=["student", "-submitted_at"], name="draft_by_student"),
            models.Index(fields=["assignment", "status"], name="draft_by_assignment"),
            models.Index(
                fields=["status", "submitted_at"],
                condition=models.Q(status__in=["received", "reading"]),
                name="draft_open",
            ),
            models.Index(
                fields=["content_due_at"],
                condition=models.Q(content_removed_at__isnull=True),
                name="draft_content_due",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["assignment", "student", "number"], name="draft_number_once"),
            models.UniqueConstraint(fields=["assignment", "student", "submission_key"], name="draft_submission_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=["received", "reading", "checking", "ready", "failed", "withdrawn"]),
                name="draft_status_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="failed") | ~models.Q(failure=""), name="draft_failure_has_reason"
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="draft_number_from_1"),
        ]

    def clean(self) -> None:
        """Refuse a hold without a reason: it keeps a text longer than its author was told."""
        if self.legal_hold and not self.legal_hold_reason.strip():
            raise ValidationError({"legal_hold_reason": _("Say why the text is held back from removal.")})

    def __str__(self) -> str:
        return f"Draft {self.number}"

    @property
    def files(self) -> models.QuerySet[DraftFile]:
        """Return the stored files in order, without a look at the text (content and draft share their key)."""
        return DraftFile.objects.filter(content_id=self.pk).order_by("position")


class DraftContent(models.Model):
    """The student's words: the stored file and what was read from it. A row of its own so that it can go.

    PII: everything. Kept: until the draft's removal date.
    """

    draft = models.OneToOneField(Draft, on_delete=models.CASCADE, related_name="content", primary_key=True)
    text = models.TextField(_("text"), blank=True)
    # ExtractedDocument.to_json() without its text: blocks, hidden passages, what was not read. Drafts of several files
    # also have ``files``: what was read from each and where it stands in the text (submissions/joining.py).
    structure = models.JSONField(_("structure"), default=dict, blank=True)

    class Meta:
        verbose_name = _("draft content")
        verbose_name_plural = _("draft contents")

    def __str__(self) -> str:
        return "content"


class DraftFile(models.Model):
    """One stored file. Its row is there before the file is, so a file without a draft is always found (submissions/files.py).

    PII: original file name. Kept: until the draft's removal date; without a draft for an hour.
    """

    content = models.ForeignKey(DraftContent, null=True, on_delete=models.CASCADE, related_name="files")
    position = models.PositiveSmallIntegerField(default=1)
    stored_name = models.CharField(max_length=120, unique=True, editable=False)
    original_name = models.CharField(_("file name"), max_length=255, blank=True)
    media_format = models.CharField(_("format"), max_length=10, blank=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    # Why this one could not be read: a code of submissions.extraction.verdicts.Reason.
    failure = models.CharField(_("reason"), max_length=30, blank=True)
    # Of the form that brought it in place of another: sent again it finds what it did.
    form_key = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("file of a draft")
        verbose_name_plural = _("files of drafts")
        ordering = ["position"]
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(content__isnull=True), name="draftfile_stray"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["content", "position"], name="draftfile_position_once"),
        ]

    def __str__(self) -> str:
        return f"File {self.position}"


class RetentionPolicy(models.Model):
    """How many days after release the content is kept; submissions/retention.py says the rest.

    PII: none. Kept: for good.
    """

    class Scope(models.TextChoices):
        SITE = "site", _("Site")
        COURSE = "course", _("Course")

    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    course = models.OneToOneField(
        "courses.Course", null=True, blank=True, on_delete=models.CASCADE, related_name="retention"
    )
    content_days = models.PositiveIntegerField(_("days content is kept"))
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("retention policy")
        verbose_name_plural = _("retention policies")
        constraints = [
            models.UniqueConstraint(
                fields=["scope"], condition=models.Q(scope="site"), name="retention_one_for_the_site"
            ),
            models.CheckConstraint(
                condition=models.Q(scope="site", course__isnull=True) | models.Q(scope="course", course__isnull=False),
                name="retention_scope_matches",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.content_days} days"

    def clean(self) -> None:
        """Refuse a time beyond what an assignment may say; the calendar of a hand-in would end before it."""
        if self.content_days is not None and self.content_days > LONGEST_CONTENT_DAYS:
            raise ValidationError(
                {"content_days": _("Content is kept for %(days)s days at most.") % {"days": LONGEST_CONTENT_DAYS}}
            )
