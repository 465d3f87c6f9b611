"""Data after its use: how long it is kept, what was removed, copies, counts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CleanupPass(models.Model):
    """One pass of the removal. PII: none. Kept: a year."""

    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    dry_run = models.BooleanField(_("dry run"), default=False)
    refused = models.CharField(_("refused because"), max_length=200, blank=True)
    drafts = models.PositiveIntegerField(_("drafts"), default=0)
    files = models.PositiveIntegerField(_("files"), default=0)
    errors = models.PositiveIntegerField(_("errors"), default=0)

    class Meta:
        verbose_name = _("cleanup pass")
        verbose_name_plural = _("cleanup passes")
        indexes = [models.Index(fields=["-started_at"], name="cleanup_by_time")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class Backup(models.Model):
    """One copy of the database. PII: the file holds everything. Kept: no longer than its stated age."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    size_bytes = models.BigIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("removed at"))
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")

    def __str__(self) -> str:
        return self.name


class UsageReport(models.Model):
    """Counts of one month. PII: none. Kept: for good."""

    month = models.DateField(_("month"), unique=True)
    numbers = models.JSONField(_("numbers"), default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("usage report")
        verbose_name_plural = _("usage reports")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
