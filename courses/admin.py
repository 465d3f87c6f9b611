"""Tables of courses in Django admin. States are read-only: they change by their own steps, on the site's pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from courses.models import (
    Assignment,
    Course,
    CourseStaff,
    Criterion,
    Enrolment,
    Level,
    Rubric,
    RubricTemplate,
)

# Shown and never set here.
SHOWN = ("status", "deleted_at", "public_id")


class KeptAdmin(admin.ModelAdmin):
    """Nothing is physically deleted, and states are shown, not set."""

    list_filter = ("status",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Course)
class CourseAdmin(KeptAdmin):
    list_display = ("title", "code", "term", "status", "instructor")
    list_select_related = ("instructor",)
    search_fields = ("title", "code", "term")
    readonly_fields = (*SHOWN, "instructor", "join_code", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a course is founded together with its owner on the staff


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the site's own pages write, with their rules and their record."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CourseStaff)
class CourseStaffAdmin(ReadOnlyAdmin):
    list_display = ("user", "course", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "course")
    search_fields = ("user__email", "user__name", "course__title")


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    list_display = ("student", "course", "status", "joined_at", "ended_at")
    list_filter = ("status",)
    list_select_related = ("student", "course")
    search_fields = ("student__email", "student__name", "course__title")


@admin.register(Assignment)
class AssignmentAdmin(KeptAdmin):
    list_display = ("title", "course", "status", "due_at", "practice")
    list_select_related = ("course",)
    search_fields = ("title", "course__title")
    readonly_fields = (*SHOWN, "course", "rubric", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # administrators teach nothing by default


@admin.register(RubricTemplate)
class RubricTemplateAdmin(KeptAdmin):
    list_display = ("title", "owner", "status", "slug")
    list_select_related = ("owner",)
    search_fields = ("title", "owner__email")
    readonly_fields = (*SHOWN, "owner", "slug", "content", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class CriterionInline(admin.TabularInline):
    model = Criterion
    fields = ("key", "position", "title", "weight", "higher_order", "language_matters")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Rubric)
class RubricAdmin(ReadOnlyAdmin):
    list_display = ("title", "course", "revision", "updated_at")
    list_select_related = ("course",)
    search_fields = ("title", "course__title")
    inlines = (CriterionInline,)


@admin.register(Criterion)
class CriterionAdmin(ReadOnlyAdmin):
    list_display = ("title", "rubric", "key", "position", "weight")
    list_select_related = ("rubric",)
    search_fields = ("title", "rubric__title")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Criterion]:
        return super().get_queryset(request).select_related("rubric")


@admin.register(Level)
class LevelAdmin(ReadOnlyAdmin):
    list_display = ("label", "criterion", "position", "points")
    list_select_related = ("criterion",)
    search_fields = ("label", "criterion__title")
