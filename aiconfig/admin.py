"""Tables of models and providers in Django admin. Keys are in no field, no list and no form here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from aiconfig.models import AIModel, AssignmentModel, Budget, BudgetPeriod, Charge, ModelPrice, Provider
from courses.admin import ReadOnlyAdmin


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    """Read-only: a changed address must never meet the old key, and the site's page sees to that."""

    list_display = ("name", "kind", "status", "is_demo", "last_test_ok", "last_test_at", "paused_until")
    list_filter = ("status", "kind")
    search_fields = ("name",)
    fields = (
        "public_id",
        "name",
        "kind",
        "base_url",
        "has_key",
        "region_note",
        "is_demo",
        "status",
        "deleted_at",
        "max_concurrent",
        "requests_per_minute",
        "tokens_per_minute",
        "paused_until",
        "probe_until",
        "failures_in_row",
        "last_test_at",
        "last_test_ok",
        "last_test_words",
        "created_at",
    )
    readonly_fields = fields

    @admin.display(boolean=True, description="key stored")
    def has_key(self, obj: Provider) -> bool:
        return bool(obj.api_key)


@admin.register(AIModel)
class AIModelAdmin(admin.ModelAdmin):
    list_display = ("display_name", "name", "provider", "status", "offered_to_instructors")
    list_filter = ("status", "offered_to_instructors")
    list_select_related = ("provider",)
    search_fields = ("display_name", "name", "provider__name")
    readonly_fields = ("public_id", "provider", "status", "deleted_at", "created_at")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AssignmentModel)
class AssignmentModelAdmin(ReadOnlyAdmin):
    list_display = ("assignment", "ai_model", "position", "runs", "is_fallback")
    list_select_related = ("assignment", "ai_model")
    search_fields = ("assignment__title", "ai_model__display_name")


@admin.register(ModelPrice)
class ModelPriceAdmin(ReadOnlyAdmin):
    list_display = ("ai_model", "valid_from", "input_usd_per_million", "output_usd_per_million")
    list_select_related = ("ai_model",)


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin):
    list_display = ("scope", "course", "assignment", "period", "limit_usd", "is_active")
    list_filter = ("scope", "is_active")
    list_select_related = ("course", "assignment")


@admin.register(BudgetPeriod)
class BudgetPeriodAdmin(ReadOnlyAdmin):
    list_display = ("budget", "starts_on", "limit_micros", "reserved_micros", "spent_micros")
    list_select_related = ("budget",)


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "purpose", "ai_model", "assignment", "status", "cost_micros", "counted_micros")
    list_filter = ("status", "purpose")
    list_select_related = ("ai_model", "assignment")
    show_full_result_count = False
