"""Django admin of drafts: metadata only, never the text; state read-only."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from submissions.models import Draft, RetentionPolicy


@admin.register(Draft)
class DraftAdmin(admin.ModelAdmin):
    list_display = [
        "public_id",
        "assignment",
        "number",
        "status",
        "submitted_at",
        "content_due_at",
        "content_removed_at",
    ]
    list_filter = ["status", "source"]
    search_fields = ["public_id"]
    list_select_related = ["assignment"]
    fields = [
        "public_id",
        "assignment",
        "number",
        "status",
        "failure",
        "source",
        "media_format",
        "size_bytes",
        "words",
        "pages",
        "submitted_at",
        "ready_at",
        "content_due_at",
        "content_removed_at",
        "legal_hold",
        "legal_hold_reason",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Draft | None = None) -> list[str]:
        names = [str(name) for name in self.fields or ()]
        return [name for name in names if not name.startswith("legal_hold")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        return False


@admin.register(RetentionPolicy)
class RetentionPolicyAdmin(admin.ModelAdmin):
    """A rule is one of years at most: a day so far off that the calendar has none stops every hand-in."""

    list_display = ["scope", "course", "content_days", "updated_at"]
