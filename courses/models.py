"""Who teaches what to whom, by which rubric."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from feedforward.lifecycle import LifecycleModel, LifecycleQuerySet, lifecycle_constraints

if TYPE_CHECKING:
    from accounts.models import User


class CourseQuerySet(LifecycleQuerySet):
    def visible_to(self, user: User) -> Self:
        """Courses the person teaches in or is (or was) enrolled in; administrators see all as metadata."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_administrator:
            return self.alive()
        taught = CourseStaff.objects.filter(user=user).values("course")
        taken = Enrolment.objects.filter(student=user).exclude(status=Enrolment.Status.REMOVED).values("course")
        return self.alive().filter(
            models.Q(pk__in=taught) | (models.Q(pk__in=taken) & ~models.Q(status=LifecycleModel.Status.DRAFT))
        )

    def taught_by(self, user: User) -> Self:
        """Courses on whose staff the person is, in any staff role."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.alive().filter(pk__in=CourseStaff.objects.filter(user=user).values("course"))

    def editable_by(self, user: User) -> Self:
        """Courses the person may change: owner or co-instructor."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.alive().filter(
            pk__in=CourseStaff.objects.filter(user=user, role__in=CourseStaff.EDITORS).values("course")
        )

    def owned_by(self, user: User) -> Self:
        """Courses of which the person is the owner."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.alive().filter(
            pk__in=CourseStaff.objects.filter(user=user, role=CourseStaff.Role.OWNER).values("course")
        )

    def taken_by(self, user: User) -> Self:
        """Courses the person is enrolled in now, visible once active."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        enrolled = Enrolment.objects.filter(student=user, status=Enrolment.Status.ACTIVE).values("course")
        return self.alive().filter(pk__in=enrolled).exclude(status=LifecycleModel.Status.DRAFT)


class Course(LifecycleModel):
    """A course in a term. PII: none. Kept: for good, archived at the end of its life."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    code = models.CharField(_("code"), max_length=40, blank=True)
    term = models.CharField(_("term"), max_length=60, blank=True)
    description = models.TextField(_("description"), blank=True)
    # The instructor who answers for the course; also on the staff as owner.
    instructor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="courses_owned")
    assistants_may_release = models.BooleanField(_("assistants may release"), default=False)
    join_code = models.CharField(_("join code"), max_length=12, blank=True, default="")
    # Until when the code opens the course, and up to how many students; None: no end, any number.
    join_until = models.DateTimeField(_("join code runs out"), null=True, blank=True)
    join_places = models.PositiveSmallIntegerField(_("places by join code"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        indexes = [models.Index(fields=["instructor", "status"], name="course_by_instructor")]
        constraints = [
            *lifecycle_constraints("course"),
            models.UniqueConstraint(
                fields=["join_code"], condition=~models.Q(join_code=""), name="course_join_code_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}".strip()


class CourseStaff(models.Model):
    """One person's role in teaching a course. PII: the link itself. Kept: with the course."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        CO_INSTRUCTOR = "co_instructor", _("Co-instructor")
        ASSISTANT = "assistant", _("Teaching assistant")

    EDITORS = ("owner", "co_instructor")

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="staff")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_roles")
    role = models.CharField(_("role"), max_length=15, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("course staff")
        verbose_name_plural = _("course staff")
        indexes = [models.Index(fields=["user", "role"], name="staff_by_user")]
        constraints = [
            models.UniqueConstraint(fields=["course", "user"], name="staff_once_per_course"),
            models.UniqueConstraint(
                fields=["course"], condition=models.Q(role="owner"), name="staff_one_owner_per_course"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "co_instructor", "assistant"]), name="staff_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class Enrolment(models.Model):
    """A student's place in a course. PII: the link itself. Kept: with the course.

    A student who left (or was removed by mistake) keeps reading their own feedback.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Enrolled")
        LEFT = "left", _("Left")
        REMOVED = "removed", _("Removed")

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="enrolments")
    student = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="enrolments")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    # Shown instead of the name where an assignment is reviewed blind.
    alias = models.CharField(_("alias"), max_length=20, blank=True)
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("course student")
        verbose_name_plural = _("course students")
        indexes = [
            models.Index(fields=["student", "status"], name="enrolment_by_student"),
            models.Index(fields=["course", "status"], name="enrolment_by_course"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["course", "student"], name="enrolment_once_per_course"),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "left", "removed"]), name="enrolment_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()


class RubricTemplate(LifecycleModel):
    """A rubric to start from. Without an owner it belongs to the library. PII: none. Kept: for good."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("short name"), max_length=60, blank=True)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rubric_templates",
    )
    # {"criteria": [{title, description, weight, higher_order, levels: [{label, descriptor, points}]}]}
    content = models.JSONField(_("content"), default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LifecycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rubric template")
        verbose_name_plural = _("rubric templates")
        constraints = [
            *lifecycle_constraints("rubric_template"),
            models.UniqueConstraint(
                fields=["slug"], condition=models.Q(owner__isnull=True), name="rubric_template_library_once"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Rubric(models.Model):
    """The live rubric of an assignment; requests freeze a copy. PII: none. Kept: with the course."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="rubrics")
    title = models.CharField(_("title"), max_length=200)
    # The level position (0-based) that counts as pass, where the course has one.
    pass_position = models.PositiveSmallIntegerField(_("pass level"), null=True, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    # How many criterion keys were ever given: the key of a removed criterion never comes to mean another one.
    keys_given = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("rubric")
        verbose_name_plural = _("rubrics")
        indexes = [models.Index(fields=["course"], name="rubric_by_course")]

    def __str__(self) -> str:
        return self.title


class Criterion(models.Model):
    """What the work is looked at for. PII: none. Kept: with the rubric."""

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="criteria")
    key = models.SlugField(_("key"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    weight = models.DecimalField(
        _("weight"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    # Meaning before mechanics: notes on higher-order criteria come first.
    higher_order = models.BooleanField(_("about meaning, not mechanics"), default=True)
    language_matters = models.BooleanField(_("language counts here"), default=False)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rubric", "key"], name="criterion_key_once"),
            models.CheckConstraint(condition=models.Q(weight__gte=0), name="criterion_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return self.title


class Level(models.Model):
    """One step of a criterion, lowest first. PII: none. Kept: with the rubric."""

    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="levels")
    position = models.PositiveSmallIntegerField(_("position"))
    label = models.CharField(_("label"), max_length=60)
    descriptor = models.TextField(_("descriptor"), blank=True)
    points = models.DecimalField(_("points"), max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["criterion", "position"], name="level_position_once")]

    def __str__(self) -> str:
        return self.label


class AssignmentQuerySet(LifecycleQuerySet):
    def visible_to(self, user: User) -> Self:
        """Assignments of visible courses; students see them from active on, staff always."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        rows = self.alive().filter(course__deleted_at__isnull=True)
        if user.is_administrator:
            return rows
        taught = CourseStaff.objects.filter(user=user).values("course")
        taken = Enrolment.objects.filter(student=user).exclude(status=Enrolment.Status.REMOVED).values("course")
        return rows.filter(
            models.Q(course__in=taught)
            | (
                models.Q(course__in=taken)
                & ~models.Q(status=LifecycleModel.Status.DRAFT)
                & ~models.Q(course__status=LifecycleModel.Status.DRAFT)
            )
        )

    def reviewable_by(self, user: User) -> Self:
        """Assignments whose drafts the person may review: any staff role of the course."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.alive().filter(
            course__in=CourseStaff.objects.filter(user=user).values("course"), course__deleted_at__isnull=True
        )

    def editable_by(self, user: User) -> Self:
        """Assignments the person may change: owner or co-instructor of the course."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.alive().filter(course__in=Course.objects.editable_by(user).values("pk"))

    def submittable_by(self, user: User) -> Self:
        """Assignments the person may hand a draft in to: enrolled, course and assignment active."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        enrolled = Enrolment.objects.filter(student=user, status=Enrolment.Status.ACTIVE).values("course")
        return self.alive().filter(
            course__in=enrolled,
            course__status=LifecycleModel.Status.ACTIVE,
            status=LifecycleModel.Status.ACTIVE,
        )


class Assignment(LifecycleModel):
    """What students write, when, and how it is read. PII: none. Kept: with the course."""

    class Aggregation(models.TextChoices):
        CLAMPED_MEAN = "clamped_mean", _("Clamped mean (default)")
        MEDIAN_OF_MEDIANS = "median_of_medians", _("Median of medians")
        MEAN_OF_MODEL_MEANS = "mean_of_model_means", _("Mean of model means")
        MAJORITY = "majority", _("Majority")
        WEIGHTED = "weighted", _("Weighted by calibration")

    class LevelsShown(models.TextChoices):
        NEVER = "never", _("Nobody but staff")
        LAST = "last", _("Students, on their last draft")
        ALWAYS = "always", _("Students, on every draft")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="assignments")
    title = models.CharField(_("title"), max_length=200)
    instructions = models.TextField(_("instructions"), blank=True)
    rubric = models.ForeignKey(Rubric, null=True, blank=True, on_delete=models.PROTECT, related_name="assignments")
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    max_drafts = models.PositiveSmallIntegerField(
        _("drafts allowed"), default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    hours_between = models.PositiveSmallIntegerField(
        _("hours between drafts"), default=0, validators=[MaxValueValidator(720)]
    )
    max_files = models.PositiveSmallIntegerField(
        _("files per draft"), default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    min_words = models.PositiveIntegerField(_("fewest words"), null=True, blank=True)
    max_words = models.PositiveIntegerField(_("most words"), null=True, blank=True)
    # What the text check looks for, one heading or term each; students see both lists.
    asked_sections = models.JSONField(_("sections asked for"), default=list, blank=True)
    key_terms = models.JSONField(_("key terms"), default=list, blank=True)
    formats = models.JSONField(_("formats"), default=list, blank=True)  # empty: all that can be read
    feedback_language = models.CharField(_("feedback language"), max_length=10, default="en")
    custom_instructions = models.TextField(_("instructions to the reviewers"), blank=True)
    aggregation = models.CharField(
        _("aggregation"), max_length=20, choices=Aggregation.choices, default=Aggregation.CLAMPED_MEAN
    )
    adaptive_runs = models.BooleanField(_("one more run where models disagree"), default=True)
    model_wording = models.BooleanField(_("a model words notes of several reviewers"), default=False)
    levels_shown = models.CharField(
        _("who sees levels"), max_length=10, choices=LevelsShown.choices, default=LevelsShown.NEVER
    )
    practice = models.BooleanField(_("practice: released without review"), default=False)
    blind_review = models.BooleanField(_("blind review"), default=False)
    confirm_text = models.BooleanField(_("students check the text that was read"), default=False)
    retention_days = models.PositiveIntegerField(_("days content is kept"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes = [
            models.Index(fields=["course", "status"], name="assignment_by_course"),
            models.Index(fields=["status", "due_at"], name="assignment_by_due"),
        ]
        constraints = [
            *lifecycle_constraints("assignment"),
            models.CheckConstraint(
                condition=models.Q(max_drafts__gte=1, max_drafts__lte=20), name="assignment_max_drafts_range"
            ),
            models.CheckConstraint(
                condition=models.Q(max_files__gte=1, max_files__lte=5), name="assignment_max_files_range"
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at__isnull=True)
                | models.Q(closes_at__isnull=True)
                | models.Q(opens_at__lt=models.F("closes_at")),
                name="assignment_opens_before_it_closes",
            ),
            models.CheckConstraint(
                condition=models.Q(min_words__isnull=True)
                | models.Q(max_words__isnull=True)
                | models.Q(min_words__lte=models.F("max_words")),
                name="assignment_word_range",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def phase(self, now: Any = None) -> str:
        """Return ``draft``, ``upcoming``, ``open``, ``closed`` or ``archived`` at ``now``."""
        now = now or timezone.now()
        if self.status == self.Status.DRAFT:
            return "draft"
        if self.status != self.Status.ACTIVE:
            return "archived" if self.is_read_only else "closed"
        if self.opens_at and now < self.opens_at:
            return "upcoming"
        if self.closes_at and now >= self.closes_at:
            return "closed"
        return "open"
