"""What waits for a person: the drafts of the queue, filtered, ordered, counted. Query counts do not grow with rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models import Assignment, Enrolment
from feedback.models import Feedback, FeedbackRequest
from submissions.models import Draft

WAITING = (FeedbackRequest.Status.IN_REVIEW, FeedbackRequest.Status.NEEDS_HUMAN)
IN_REVIEW = Q(feedback_request__status__in=WAITING, feedback__status=Feedback.Status.IN_REVIEW)

# name -> (words, condition); the first is the default. Order as shown.
FILTERS: dict[str, tuple[Any, Q]] = {
    "review": (_("Needs review"), IN_REVIEW),
    "disagree": (_("Reviewers disagree"), IN_REVIEW & Q(feedback__criteria__withheld=True)),
    "flagged": (_("Flagged"), IN_REVIEW & (Q(feedback__must_count__gt=0) | Q(feedback__check_count__gt=0))),
    "failed": (_("Needs a person"), Q(feedback_request__status=FeedbackRequest.Status.NEEDS_HUMAN)),
    "stale": (_("Stale"), IN_REVIEW & Q(feedback__stale=True)),
    "late": (_("Late"), IN_REVIEW & Q(submitted_at__gt=F("assignment__due_at"))),
    "contested": (_("Asked again"), Q(feedback__contested_at__isnull=False)),
    "reading": (
        _("Being read"),
        Q(feedback_request__status__in=["open", "aggregating"]) | Q(status__in=["received", "reading", "checking"]),
    ),
    "approved": (_("Approved"), Q(feedback__status=Feedback.Status.APPROVED)),
    "released": (_("Released"), Q(feedback__status=Feedback.Status.RELEASED)),
    "unreadable": (_("File not readable"), Q(status=Draft.Status.FAILED)),
}
SORTS: dict[str, tuple[Any, tuple[str | OrderBy, ...]]] = {
    "oldest": (_("Oldest first"), ("submitted_at", "pk")),
    "disagreement": (_("Most disagreement first"), (F("feedback__disagreement").desc(nulls_last=True), "submitted_at")),
    "flags": (_("Most flags first"), ("-feedback__must_count", "-feedback__check_count", "submitted_at")),
    "shuffle": (_("Shuffled, the same each time"), ()),
}


@dataclass(frozen=True)
class View:
    """One look at the queue: which drafts, in which order."""

    filter: str = "review"
    sort: str = "oldest"

    @classmethod
    def of(cls, data: Any) -> View:
        """Read a view from GET or POST data; unknown words mean the default."""
        wanted, sort = data.get("filter", "review"), data.get("sort", "oldest")
        return cls(wanted if wanted in FILTERS else "review", sort if sort in SORTS else "oldest")

    @property
    def query(self) -> str:
        return f"filter={self.filter}&sort={self.sort}"


def drafts_in(user: User, *, assignment: Assignment | None) -> QuerySet[Draft]:
    """All drafts the person may review, of one assignment or of all."""
    rows = Draft.objects.reviewable_by(user).exclude(status=Draft.Status.WITHDRAWN)
    return rows.filter(assignment=assignment) if assignment is not None else rows


def ordered_ids(user: User, *, assignment: Assignment | None, view: View) -> list[int]:
    """Return the ids of the view's drafts in order: what previous, next and "x of y" go by."""
    rows = drafts_in(user, assignment=assignment).filter(FILTERS[view.filter][1])
    if view.sort == "shuffle":
        pairs = rows.values_list("pk", "public_id").distinct()
        return [pk for pk, _ in sorted(pairs, key=lambda row: hashlib.sha256(row[1].bytes).digest())]
    ids = rows.order_by(*SORTS[view.sort][1]).values_list("pk", flat=True)
    return list(dict.fromkeys(ids))


def counts(user: User, *, assignment: Assignment | None) -> dict[str, int]:
    """Return how many drafts each filter holds, in one query."""
    rows = drafts_in(user, assignment=assignment)
    return rows.aggregate(
        **{name: Count("pk", filter=condition, distinct=True) for name, (_, condition) in FILTERS.items()}
    )


@dataclass(frozen=True)
class Row:
    """One line of the queue, ready to print."""

    public_id: Any
    who: str
    number: int
    title: str
    submitted_at: datetime
    status: str
    feedback_id: int | None
    request_status: str
    must: int
    check: int
    flags: tuple[str, ...]
    withheld: int
    late: bool
    contested: bool
    reviewer: str
    reason: str
    practice: bool


def rows_for(ids: list[int], *, user: User) -> list[Row]:
    """Return the lines of ``ids`` in their order: two queries whatever their number."""
    values = (
        Draft.objects.filter(pk__in=ids)
        .annotate(withheld=Count("feedback__criteria", filter=Q(feedback__criteria__withheld=True)))
        .values(
            "pk",
            "public_id",
            "number",
            "submitted_at",
            "status",
            "student_id",
            "assignment_id",
            "student__name",
            "student__email",
            "assignment__title",
            "assignment__blind_review",
            "assignment__due_at",
            "assignment__course_id",
            "feedback__pk",
            "feedback__status",
            "feedback__must_count",
            "feedback__check_count",
            "feedback__flags",
            "feedback__contested_at",
            "feedback__reviewer__name",
            "feedback__reviewer_id",
            "feedback__practice",
            "feedback_request__status",
            "feedback_request__reason",
            "withheld",
        )
    )
    found = {row["pk"]: row for row in values}
    blind = {
        (row["assignment__course_id"], row["student_id"]) for row in found.values() if row["assignment__blind_review"]
    }
    aliases = aliases_of(blind)
    return [_row(dict(found[pk]), aliases, user) for pk in ids if pk in found]


def aliases_of(pairs: set[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Return the names shown where work is reviewed blind, by (course, student)."""
    if not pairs:
        return {}
    rows = Enrolment.objects.filter(
        course_id__in={course for course, _ in pairs}, student_id__in={student for _, student in pairs}
    ).values_list("course_id", "student_id", "alias", "pk")
    return {(course, student): alias or f"Student {pk}" for course, student, alias, pk in rows}


def _row(row: dict[str, Any], aliases: dict[tuple[int, int], str], user: User) -> Row:
    if row["assignment__blind_review"]:
        who = aliases.get((row["assignment__course_id"], row["student_id"]), "Student")
    else:
        who = row["student__name"] or row["student__email"].partition("@")[0]
    due = row["assignment__due_at"]
    loud = [flag["code"] for flag in row["feedback__flags"] or [] if flag["severity"] in ("must", "check")]
    reviewer = row["feedback__reviewer__name"] or "" if row["feedback__reviewer_id"] not in (None, user.pk) else ""
    return Row(
        public_id=row["public_id"],
        who=who,
        number=row["number"],
        title=row["assignment__title"],
        submitted_at=row["submitted_at"],
        status=row["feedback__status"] or row["status"],
        feedback_id=row["feedback__pk"],
        request_status=row["feedback_request__status"] or "",
        must=row["feedback__must_count"] or 0,
        check=row["feedback__check_count"] or 0,
        flags=tuple(dict.fromkeys(loud)),
        withheld=row["withheld"],
        late=bool(due and row["submitted_at"] > due),
        contested=row["feedback__contested_at"] is not None,
        reviewer=reviewer,
        reason=row["feedback_request__reason"] or "",
        practice=bool(row["feedback__practice"]),
    )
