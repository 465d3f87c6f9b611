"""Answers that were paid for, kept so that the same question is not paid twice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from feedback.models.requests import FeedbackRequest


class StoredAnswer(models.Model):
    """One model's answer to one input of one draft. PII: quotes the draft. Kept: until the draft's content is removed.

    ``input_hash`` says what was asked (feedback/answers.py); ``nonce`` and ``seed`` give back the prompt it answers.
    """

    request = models.ForeignKey(FeedbackRequest, on_delete=models.CASCADE, related_name="answers")
    input_hash = models.CharField(max_length=64)
    nonce = models.CharField(max_length=10)
    seed = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(default=0)
    # {"sent": {...}, "dropped": [...]}, as ModelRun.parameters.
    parameters = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = [models.UniqueConstraint(fields=["request", "input_hash"], name="answer_once_per_input")]

    def __str__(self) -> str:
        return self.input_hash[:12]
