"""What one run said: a score per criterion and its comments."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from feedback.models.requests import ModelRun


class CriterionScore(models.Model):
    """One run's level for one criterion; no score is NULL, never 0.

    PII: reasoning may quote. Kept: level for good; reasoning and quotes until the content is removed.
    """

    run = models.ForeignKey(ModelRun, on_delete=models.CASCADE, related_name="scores")
    criterion_key = models.CharField(_("criterion"), max_length=20)
    level = models.PositiveSmallIntegerField(_("level"), null=True, blank=True)
    not_assessable_reason = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(max_length=10, blank=True)
    reasoning = models.TextField(blank=True)
    # [{sentence_id, quote, status, start, end, shown, score}], as contract.Quote.
    quotes = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("model feedback result")
        verbose_name_plural = _("model feedback results")
        constraints = [models.UniqueConstraint(fields=["run", "criterion_key"], name="score_once_per_criterion")]

    def __str__(self) -> str:
        return f"{self.criterion_key}: {self.level}"


class Comment(models.Model):
    """One run's comment with its looked-up quotations.

    PII: quotes the draft. Kept: until the content is removed; then kind, tag, severity and counts remain.
    """

    run = models.ForeignKey(ModelRun, on_delete=models.CASCADE, related_name="comments")
    item_id = models.CharField(max_length=10)
    criterion_key = models.CharField(_("criterion"), max_length=20)
    kind = models.CharField(_("kind"), max_length=10)
    tag = models.CharField(_("tag"), max_length=20)
    focus = models.CharField(_("focus"), max_length=20)
    severity = models.PositiveSmallIntegerField(_("severity"))
    absence = models.BooleanField(_("about something missing"), default=False)
    quarantined = models.BooleanField(_("set aside"), default=False)
    quarantine_reason = models.CharField(_("set aside because"), max_length=40, blank=True)
    comment = models.TextField(blank=True)
    why = models.TextField(blank=True)
    next_step = models.TextField(blank=True)
    quotes = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("model comment")
        verbose_name_plural = _("model comments")
        constraints = [models.UniqueConstraint(fields=["run", "item_id"], name="comment_once_per_run")]

    def __str__(self) -> str:
        return f"{self.kind} {self.tag}"
