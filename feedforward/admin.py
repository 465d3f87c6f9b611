"""Django admin of the outbox: who and when; the words of a mail stay out of it."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from feedforward.models import OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(admin.ModelAdmin):
    list_display = ["created_at", "kind", "to", "status", "attempts", "sent_at", "error"]
    list_filter = ["status", "kind"]
    readonly_fields = ["kind", "to", "subject", "status", "attempts", "not_before", "error", "created_at", "sent_at"]
    fields = list(readonly_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False
