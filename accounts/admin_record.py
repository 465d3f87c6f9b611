"""What is changed in Django's admin leaves an event, as on the site's own pages, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.access import actor_of
from accounts.audit import record


def _course_of(obj: Model) -> int | None:
    """The course a row says it belongs to, so that the course's own record shows the change."""
    if obj._meta.label == "courses.Course":
        return int(obj.pk)
    found = getattr(obj, "course_id", None) or getattr(getattr(obj, "assignment", None), "course_id", None)
    return int(found) if found else None


class Recorded(admin.ModelAdmin):
    """Stands before the admin of every table: who added, changed or deleted which row, and the names of its fields."""

    def _note(self, request: HttpRequest, code: str, obj: Model, fields: list[str]) -> None:
        record(actor=actor_of(request), code=code, obj=obj, course_id=_course_of(obj), fields=fields)

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            self._note(request, "table.row_changed" if change else "table.row_added", obj, form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self._note(request, "table.row_deleted", obj, [])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self._note(request, "table.row_deleted", obj, [])
        super().delete_queryset(request, queryset)


def recorded(admin_class: type[admin.ModelAdmin] | None) -> type[admin.ModelAdmin]:
    """Return ``admin_class`` with the record before it."""
    base = admin_class or admin.ModelAdmin
    return base if issubclass(base, Recorded) else type(f"Recorded{base.__name__}", (Recorded, base), {})
