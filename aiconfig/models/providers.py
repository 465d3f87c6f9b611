"""Which model, with which key, may be called how."""

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
    # What all workers together may ask of it; empty: no limit of ours.
    max_concurrent = models.PositiveSmallIntegerField(
        _("calls at once"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    requests_per_minute = models.PositiveIntegerField(_("calls per minute"), null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(_("tokens per minute"), null=True, blank=True)
    # Circuit breaker: until this moment no call is made; after it one call goes out as the probe and the others wait
    # for what becomes of it, at most until ``probe_until``.
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True, editable=False)
    probe_until = models.DateTimeField(null=True, blank=True, editable=False)
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
    """One model of a provider and what it can do; what it costs stands in ModelPrice. PII: none. Kept: for good."""

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
