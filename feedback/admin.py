"""Django admin of requests, runs and feedback: states, counts and costs, never a word of a student or a prompt."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from feedback.models import Feedback, FeedbackRequest, ModelRun


class StateAdmin(admin.ModelAdmin):
    """Everything read-only: states change by their transitions, on the site's own pages."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(FeedbackRequest)
class FeedbackRequestAdmin(StateAdmin):
    list_display = ["public_id", "status", "round", "created_at", "finished_at", "reason"]
    list_filter = ["status"]
    fields = ["public_id", "status", "reason", "round", "extra_asked", "created_at", "due_at", "finished_at"]


@admin.register(ModelRun)
class ModelRunAdmin(StateAdmin):
    list_display = ["pk", "display_name", "status", "attempts", "error_code", "latency_ms", "cost_usd", "finished_at"]
    list_filter = ["status", "error_code"]
    fields = [
        "display_name",
        "model_name",
        "status",
        "error_code",
        "error_words",
        "attempts",
        "repairs",
        "fallback_step",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "latency_ms",
        "started_at",
        "finished_at",
    ]


@admin.register(Feedback)
class FeedbackAdmin(StateAdmin):
    list_display = ["public_id", "status", "must_count", "check_count", "by_hand", "released_at", "first_read_at"]
    list_filter = ["status", "by_hand", "practice"]
    fields = ["public_id", "status", "must_count", "check_count", "by_hand", "practice", "approved_at", "released_at"]
