"""Rows for spreadsheets: the numbers of the insight page, and one line per draft with levels and points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from courses.models import Assignment, Enrolment
from courses.snapshot import freeze
from feedback.insight.page import Insight, Plot
from feedback.insight.scoring import by_criterion, points_of
from feedback.models import Feedback
from feedback.queue import aliases_of

INSIGHT_HEAD = ("part", "about", "what", "value", "low", "high", "n")
CHUNK = 200


def insight_rows(insight: Insight) -> Iterator[tuple[Any, ...]]:
    """Yield the page's numbers in the order of ``INSIGHT_HEAD``; an empty cell is no value, never 0."""
    for what, value in (
        ("drafts", insight.drafts),
        ("released", insight.released),
        ("confirmed by a person", insight.confirmed),
        ("waiting", insight.waiting),
    ):
        yield ("counts", "", what, value, None, None, None)
    for distribution in insight.distributions:
        for bar in distribution.bars:
            yield ("levels", distribution.title, bar.label, bar.count, None, None, distribution.total)
        yield ("levels", distribution.title, "no level", distribution.without, None, None, distribution.total)
    for row in insight.agreement:
        yield ("agreement", row.title, "same level", row.same, None, None, row.qwk.n)
        yield ("agreement", row.title, "within one level", row.within_one, None, None, row.qwk.n)
        plots: tuple[tuple[str, Plot], ...] = (
            ("quadratic weighted kappa, suggested and confirmed", row.qwk),
            ("Krippendorff's alpha, ordinal, between models", row.alpha),
            ("intraclass correlation ICC(A,1), models", row.icc),
        )
        for what, plot in plots:
            yield ("agreement", row.title, what, plot.value, plot.low, plot.high, plot.n)
    for model, record in insight.models.items():
        yield ("models", model, "mean squared error, levels", record.mse, None, None, record.n)
        yield ("models", model, "mean distance, levels", record.bias, None, None, record.n)
    for note in insight.notes:
        yield ("notes", note.criterion, f"{note.topic}, {note.kind}", note.drafts, None, None, insight.released)
    editing = insight.editing
    for what, value in (
        ("notes as the reviewers wrote them", editing.as_suggested),
        ("notes changed by a person", editing.changed),
        ("notes written by a person", editing.own),
        ("levels as suggested", editing.levels_kept),
        ("levels changed", editing.levels_changed),
        ("levels decided where none was suggested", editing.levels_decided),
    ):
        yield ("editing", "", what, value, None, None, None)
    for what, span in (("median", insight.times.middle), ("slowest tenth", insight.times.slowest_tenth)):
        hours = None if span is None else round(span.total_seconds() / 3600, 2)
        yield ("hours to release", "", what, hours, None, None, insight.times.released)


def results_head(assignment: Assignment) -> list[str]:
    """Return the columns of :func:`results_rows`: two per criterion of the assignment's rubric."""
    head = [_("student"), _("address"), _("number"), _("draft"), _("handed in"), _("state"), _("released")]
    for title in _titles(assignment).values():
        head += [title, _("%(title)s, points") % {"title": title}]
    return [*head, _("points"), _("out of"), _("weighted, percent"), _("without a level")]


def results_rows(assignment: Assignment) -> Iterator[list[Any]]:
    """Yield one line per read draft, released or not (the state says which), in the order of the students' names.

    Reviewed blind: the alias instead of name, address and number, and in the order of the aliases: laid beside the roster,
    an order by names would say whose is whose. A criterion without a level is an empty cell, and so is the total of a draft
    that has one.
    """
    titles = _titles(assignment)
    alias = Enrolment.objects.filter(course=assignment.course_id, student=OuterRef("draft__student")).values("alias")[
        :1
    ]
    order = ("alias",) if assignment.blind_review else ("draft__student__name", "draft__student_id")
    rows = (
        Feedback.objects.filter(draft__assignment=assignment)
        .exclude(draft__status="withdrawn")
        .select_related("draft__student")
        .prefetch_related("criteria")
        .annotate(alias=Subquery(alias))
        .order_by(*order, "draft__number")
    )
    pairs = {(assignment.course_id, student) for student in rows.values_list("draft__student_id", flat=True)}
    aliases = aliases_of(pairs) if assignment.blind_review else {}
    for feedback in rows.iterator(chunk_size=CHUNK):
        yield _line(feedback, assignment, titles, aliases)


def _titles(assignment: Assignment) -> dict[str, str]:
    if assignment.rubric is None:
        return {}
    return {criterion["key"]: criterion["title"] for criterion in freeze(assignment.rubric)["criteria"]}


def _line(
    feedback: Feedback, assignment: Assignment, titles: dict[str, str], aliases: dict[tuple[int, int], str]
) -> list[Any]:
    draft, student = feedback.draft, feedback.draft.student
    criteria = list(feedback.criteria.all())
    rows = {row.criterion_key: row for row in criteria}
    points = points_of(criteria)
    each = by_criterion(points)
    if assignment.blind_review:
        who = [aliases.get((assignment.course_id, student.pk), _("Student")), None, None]
    else:
        who = [student.display_name, student.email, student.student_number]
    line: list[Any] = [*who, draft.number, draft.submitted_at, feedback.get_status_display(), feedback.released_at]
    for key in titles:
        row = rows.get(key)
        line += [row.shown_label if row else None, each[key].points if key in each else None]
    if points is None:
        return [*line, None, None, None, None]
    share = points.total.weighted_share
    return [
        *line,
        points.total.points,
        points.total.out_of,
        None if share is None else round(share * 100, 2),
        "; ".join(points.open_titles) or None,
    ]
