"""What an assignment's confirmed drafts say about its reviewers: computed in a worker, read by pages and plans."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InsightReport(models.Model):
    """Agreement and calibration of one assignment. PII: none, numbers over many drafts. Kept: with the assignment."""

    assignment = models.OneToOneField("courses.Assignment", on_delete=models.CASCADE, related_name="insight")
    # As feedback.insight.report writes it; {} before the first computing.
    numbers = models.JSONField(_("numbers"), default=dict)
    computed_at = models.DateTimeField(_("computed at"), null=True, blank=True)
    # When it is to be computed next; None: nothing has changed since.
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)

    class Meta:
        verbose_name = _("insight report")
        verbose_name_plural = _("insight reports")
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="insight_due"),
        ]

    def __str__(self) -> str:
        return "insight"
