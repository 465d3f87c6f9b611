"""Django admin of the records of removal, copies and counts: read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from privacy.models import Backup, CleanupPass, UsageReport


class ReadOnlyAdmin(admin.ModelAdmin):
    """Records of what happened: nobody edits them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CleanupPass)
class CleanupPassAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "finished_at", "drafts", "files", "errors", "refused"]


@admin.register(Backup)
class BackupAdmin(ReadOnlyAdmin):
    list_display = ["name", "created_at", "expires_at", "removed_at"]


@admin.register(UsageReport)
class UsageReportAdmin(ReadOnlyAdmin):
    list_display = ["month", "created_at"]
