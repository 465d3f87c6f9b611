"""The tabs of a course's pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from courses.access import Standing


def course_tabs(standing: Standing, current: str) -> list[dict[str, Any]]:
    """Return the tabs this person sees, ``current`` (a URL name) marked; none for students: they have one page."""
    if not standing.may_see_people:
        return []
    names = [
        ("course_detail", _("Assignments")),
        ("roster", _("Roster")),
        ("rubric_list", _("Rubrics")),
        ("staff", _("Staff")),
    ]
    if standing.may_edit:
        names.append(("course_costs", _("Costs")))
        names.append(("course_edit", _("Settings")))
    if standing.may_own:
        names.append(("course_record", _("Record")))
    return [
        {"label": label, "url": reverse(name, args=[standing.course.public_id]), "current": name == current}
        for name, label in names
    ]
