"""Which course or assignment a person may open on a page, and as what. Not visible: 404; visible, but not theirs to do: 403."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied

from accounts.access import get_or_404
from accounts.models import User
from courses.models import Assignment, Course, CourseStaff, Rubric


@dataclass(frozen=True)
class Standing:
    """A person's place in one course. ``staff_role`` is "" for those who do not teach it."""

    course: Course
    staff_role: str
    is_administrator: bool

    @property
    def is_staff(self) -> bool:
        return bool(self.staff_role)

    @property
    def may_see_people(self) -> bool:
        """Roster and staff: everybody who teaches here, and administrators."""
        return self.is_staff or self.is_administrator

    @property
    def may_edit(self) -> bool:
        """The course itself and its roster: owner, co-instructors, administrators."""
        return self.staff_role in CourseStaff.EDITORS or self.is_administrator

    @property
    def may_teach(self) -> bool:
        """Assignments and rubrics: owner and co-instructors; an administrator teaches nothing by default."""
        return self.staff_role in CourseStaff.EDITORS

    @property
    def may_own(self) -> bool:
        """Life and staff of the course: its owner and administrators."""
        return self.staff_role == CourseStaff.Role.OWNER or self.is_administrator

    @property
    def is_student(self) -> bool:
        """Whether the page is seen as a student sees it."""
        return not self.may_see_people


def standing_in(user: User, course: Course) -> Standing:
    """Return the person's place in a course that is visible to them."""
    role = CourseStaff.objects.filter(course=course, user=user).values_list("role", flat=True).first()
    return Standing(course=course, staff_role=role or "", is_administrator=user.is_administrator)


def open_course(user: User, course_id: UUID, right: str = "") -> Standing:
    """Return the standing in the course with this public id; ``right`` names a property of :class:`Standing`."""
    course = get_or_404(Course.objects.visible_to(user).select_related("instructor"), public_id=course_id)
    return _allowed(standing_in(user, course), right)


def open_assignment(user: User, assignment_id: UUID, right: str = "") -> tuple[Assignment, Standing]:
    """Return the assignment with this public id and the standing in its course."""
    rows = Assignment.objects.visible_to(user).select_related("course", "course__instructor", "rubric")
    assignment = get_or_404(rows, public_id=assignment_id)
    return assignment, _allowed(standing_in(user, assignment.course), right)


def open_rubric(user: User, rubric_id: UUID, right: str = "may_see_people") -> tuple[Rubric, Standing]:
    """Return the rubric with this public id; students see rubrics on their assignments only."""
    rows = Rubric.objects.filter(course__in=Course.objects.visible_to(user).values("pk")).select_related("course")
    rubric = get_or_404(rows, public_id=rubric_id)
    return rubric, _allowed(standing_in(user, rubric.course), right)


def _allowed(standing: Standing, right: str) -> Standing:
    if right and not getattr(standing, right):
        raise PermissionDenied
    return standing
