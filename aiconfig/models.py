"""Which model, with which key, may be called how, and at what cost."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from aiconfig.fields import KeyField
from feedforward.lifecycle import LifecycleModel, LifecycleQuerySet, lifecycle_constraints

if TYPE_CHECKING:
    from accounts.models import User


class Provider(LifecycleModel):
    """A place that runs models. PII: none. Kept: for good; the key is encrypted and write-only."""

    # Not models.TextChoices: for mypy the reverse name of AIModel.provider hides the module here.
    class Kind(TextChoices):
        OPENAI = "openai", _("OpenAI")
        OPENAI_COMPATIBLE = "openai_compatible", _("OpenAI-compatible server")
        ANTHROPIC = "anthropic", _("Anthropic")
        GEMINI = "gemini", _("Google Gemini")
        OLLAMA = "ollama", _("Ollama")

    NEEDS_KEY = frozenset({Kind.OPENAI, Kind.ANTHROPIC, Kind.GEMINI})
    NEEDS_BASE_URL = frozenset({Kind.OPENAI_COMPATIBLE, Kind.OLLAMA})

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    base_url = models.URLField(_("base URL"), max_length=300, blank=True)
    api_key = KeyField(_("key"), blank=True, default="", editable=False)
    region_note = models.CharField(_("where the data goes"), max_length=200, blank=True)
    # Labelled wherever it shows; a production start refuses it.
    is_demo = models.BooleanField(_("demo reviewers (rules, not AI)"), default=False, editable=False)
    max_concurrent = models.PositiveSmallIntegerField(
        _("calls at once"), default=20, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    requests_per_minute = models.PositiveIntegerField(_("calls per minute"), null=True, blank=True)
    # Circuit breaker: until this moment no call is made; the first failure after it pauses again, for longer.
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True, editable=False)
    failures_in_row = models.PositiveIntegerField(default=0, editable=False)
    last_test_at = models.DateTimeField(_("last test"), null=True, blank=True, editable=False)
    last_test_ok = models.BooleanField(null=True, blank=True, editable=False)
    last_test_words = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LifecycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("AI provider")
        verbose_name_plural = _("AI providers")
        constraints = lifecycle_constraints("provider")

    def __str__(self) -> str:
        return self.name


class AIModelQuerySet(LifecycleQuerySet):
    def usable(self) -> Self:
        """Models that can be called now: active, at an active provider."""
        return self.active().filter(provider__status=LifecycleModel.Status.ACTIVE)

    def offered_to(self, user: User) -> Self:
        """Usable models this person may put into an assignment."""
        rows = self.usable()
        return rows if user.is_administrator else rows.filter(offered_to_instructors=True)


class AIModel(LifecycleModel):
    """One model of a provider, what it can do and what it costs. PII: none. Kept: for good."""

    class OutputMode(models.TextChoices):
        AUTO = "auto", _("As the model supports")
        SCHEMA = "schema", _("JSON schema")
        TOOL = "tool", _("Tool call")
        PROMPT = "prompt", _("Prompt only")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(_("model id at the provider"), max_length=150)
    display_name = models.CharField(_("name shown"), max_length=100)
    context_tokens = models.PositiveIntegerField(_("context, tokens"), default=128_000)
    max_output_tokens = models.PositiveIntegerField(_("longest answer, tokens"), default=4_096)
    temperature = models.FloatField(
        _("temperature"), default=0.3, validators=[MinValueValidator(0.0), MaxValueValidator(2.0)]
    )
    output_mode = models.CharField(
        _("structured output"), max_length=10, choices=OutputMode.choices, default=OutputMode.AUTO
    )
    timeout_s = models.PositiveSmallIntegerField(_("time limit per call, s"), null=True, blank=True)
    # Our own dated price table, in US dollars per million tokens; empty: unknown, never 0.
    input_usd_per_million = models.DecimalField(
        _("input, USD per million tokens"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    output_usd_per_million = models.DecimalField(
        _("output, USD per million tokens"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    priced_on = models.DateField(_("prices as of"), null=True, blank=True)
    offered_to_instructors = models.BooleanField(_("instructors may use it"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AIModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("AI model")
        verbose_name_plural = _("AI models")
        constraints = [
            *lifecycle_constraints("ai_model"),
            models.UniqueConstraint(
                fields=["provider", "name"], condition=~models.Q(status="deleted"), name="ai_model_once"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class AssignmentModel(models.Model):
    """One model an assignment uses: how many runs, with what weight, or as whose stand-in.

    PII: none. Kept: with the assignment.
    """

    # The assignment lives on a lower floor; the link is made from here.
    assignment = models.ForeignKey("courses.Assignment", on_delete=models.CASCADE, related_name="assignment_models")
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="assignment_models")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    runs = models.PositiveSmallIntegerField(
        _("runs"), default=1, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    is_fallback = models.BooleanField(_("fallback only"), default=False)
    temperature = models.FloatField(
        _("temperature"), null=True, blank=True, validators=[MinValueValidator(0.0), MaxValueValidator(2.0)]
    )
    max_output_tokens = models.PositiveIntegerField(_("longest answer, tokens"), null=True, blank=True)
    weight = models.DecimalField(_("weight"), max_digits=5, decimal_places=2, default=Decimal(1))

    class Meta:
        verbose_name = _("assignment model")
        verbose_name_plural = _("assignment models")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["assignment", "ai_model"], name="assignment_model_once"),
            models.CheckConstraint(condition=models.Q(runs__gte=1, runs__lte=9), name="assignment_model_runs_range"),
        ]

    def __str__(self) -> str:
        return f"{self.ai_model} x {self.runs}"


class Budget(models.Model):
    """The most that may be spent in a month. PII: none. Kept: for good.

    ``spent_usd`` holds what was spent, ``reserved_usd`` what calls under way may still cost.
    """

    class Scope(models.TextChoices):
        SITE = "site", _("Site")
        COURSE = "course", _("Course")
        ASSIGNMENT = "assignment", _("Assignment")

    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    course = models.ForeignKey(
        "courses.Course", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    assignment = models.ForeignKey(
        "courses.Assignment", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    month = models.DateField(_("month"), null=True, blank=True, help_text=_("Empty: for all time"))
    limit_usd = models.DecimalField(_("limit, USD"), max_digits=12, decimal_places=4)
    reserved_usd = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0), editable=False)
    spent_usd = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0), editable=False)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(scope="site", course__isnull=True, assignment__isnull=True)
                    | models.Q(scope="course", course__isnull=False, assignment__isnull=True)
                    | models.Q(scope="assignment", course__isnull=True, assignment__isnull=False)
                ),
                name="budget_scope_matches",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.limit_usd} USD"


class KeyCanary(models.Model):
    """One known value, encrypted: a process that cannot read it has the wrong key and must not start.

    PII: none. Kept: for good.
    """

    value = KeyField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("key canary")
        verbose_name_plural = _("key canaries")

    def __str__(self) -> str:
        return "canary"
