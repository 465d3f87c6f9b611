"""People, invitations and the audit in Django's admin: mostly to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import AuditEvent, Invitation, User


class LookOnly(admin.ModelAdmin):
    """Shows, changes nothing."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Names and numbers; roles and states are changed on the people pages, which end sessions and tell the audit."""

    list_display = ("email", "name", "is_active", "is_student", "is_instructor", "is_assistant", "is_administrator")
    list_filter = ("is_active", "is_instructor", "is_administrator")
    search_fields = ("email", "name", "student_number")
    ordering = ("email",)
    fields = (
        "email",
        "name",
        "student_number",
        "time_zone",
        "is_active",
        "is_student",
        "is_assistant",
        "is_instructor",
        "is_administrator",
        "date_joined",
        "last_login",
    )
    readonly_fields = tuple(name for name in fields if name not in {"name", "student_number", "time_zone"})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Invitation)
class InvitationAdmin(LookOnly):
    list_display = ("email", "role", "course", "status", "expires_at", "sent_count")
    list_filter = ("status", "role")
    search_fields = ("email",)
    ordering = ("-created_at",)
    list_select_related = ("course",)
    exclude = ("token_hash",)


@admin.register(AuditEvent)
class AuditEventAdmin(LookOnly):
    list_display = ("created_at", "code", "actor", "object_label", "object_id", "course_id")
    list_filter = ("object_label",)
    search_fields = ("code", "object_id")
    ordering = ("-pk",)
    list_select_related = ("actor",)
    show_full_result_count = False
