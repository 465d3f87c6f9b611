"""What the page about one assignment shows: counts read now, coefficients as last computed. Queries do not grow."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aiconfig.models import AIModel, AssignmentModel
from courses.models import Assignment
from courses.snapshot import freeze
from feedback.agreement.calibration import Calibration, ModelRecord, calibrate, records_from_json
from feedback.agreement.statistics import MINIMUM_CONFIRMED_DRAFTS
from feedback.insight.confirmed import confirmed_feedback
from feedback.models import CriterionResult, Feedback, FeedbackItem, FeedbackRequest, InsightReport, ModelRun
from feedforward.money import money
from submissions.models import Draft

MOST_NOTES = 12
# Width of the drawn axis of a coefficient, from -0.2 to 1, in SVG units.
AXIS_W, AXIS_LOW, AXIS_HIGH = 160, -0.2, 1.0

TAG_WORDS = {
    "thesis": gettext_lazy("Main claim"),
    "task_fit": gettext_lazy("Answering the task"),
    "structure": gettext_lazy("Structure"),
    "paragraph_focus": gettext_lazy("Focus of paragraphs"),
    "transitions": gettext_lazy("Transitions"),
    "introduction": gettext_lazy("Introduction"),
    "conclusion": gettext_lazy("Conclusion"),
    "evidence": gettext_lazy("Evidence"),
    "source_use": gettext_lazy("Use of sources"),
    "citation_format": gettext_lazy("Form of citations"),
    "analysis": gettext_lazy("Analysis"),
    "counterargument": gettext_lazy("Objections"),
    "accuracy": gettext_lazy("Accuracy"),
    "clarity": gettext_lazy("Clarity"),
    "concision": gettext_lazy("Concision"),
    "word_choice": gettext_lazy("Choice of words"),
    "tone": gettext_lazy("Tone"),
    "audience": gettext_lazy("Audience"),
    "grammar": gettext_lazy("Grammar"),
    "mechanics": gettext_lazy("Mechanics"),
    "method": gettext_lazy("Method"),
    "calculation": gettext_lazy("Calculation"),
    "visuals": gettext_lazy("Tables and figures"),
    "other": gettext_lazy("Other"),
}


@dataclass(frozen=True)
class Bar:
    """One level of a criterion: how many released drafts stand there. ``share`` of the drafts with a level."""

    label: str
    count: int
    share: float | None

    @property
    def words(self) -> str:
        return f"{self.count}" if self.share is None else f"{self.count} ({self.share:.0%})"


@dataclass(frozen=True)
class Distribution:
    """The released levels of one criterion; ``without``: drafts for which no level was decided."""

    title: str
    bars: tuple[Bar, ...]
    without: int

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)


@dataclass(frozen=True)
class Plot:
    """A coefficient with its interval, as words and as places on the drawn axis."""

    n: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        if self.n < MINIMUM_CONFIRMED_DRAFTS:
            return _("%(n)s drafts: too few") % {"n": self.n}
        if self.value is None:
            return _("no value: nothing varies")
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return _("%(value)s (%(low)s to %(high)s)") % {
            "value": f"{self.value:.2f}",
            "low": f"{self.low:.2f}",
            "high": f"{self.high:.2f}",
        }

    @property
    def drawn(self) -> dict[str, float] | None:
        """x of value, low and high, and of 0; None where there is nothing to draw."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return {"value": _x(self.value), "low": _x(self.low), "high": _x(self.high), "zero": _x(0.0)}


def _x(value: float) -> float:
    inside = min(max(value, AXIS_LOW), AXIS_HIGH)
    return 4 + (inside - AXIS_LOW) / (AXIS_HIGH - AXIS_LOW) * (AXIS_W - 8)


@dataclass(frozen=True)
class AgreementRow:
    """One criterion's agreement, ready to print."""

    title: str
    same: float | None
    within_one: float | None
    qwk: Plot
    alpha: Plot
    icc: Plot
    other_scale: int

    @property
    def same_words(self) -> str:
        """How often the suggestion was the confirmed level, or next to it."""
        if self.same is None or self.within_one is None:
            return ""
        return _("%(same)s the same, %(near)s within one level") % {
            "same": f"{self.same:.0%}",
            "near": f"{self.within_one:.0%}",
        }


@dataclass(frozen=True)
class NoteKind:
    """Notes on one topic of one criterion, over all released drafts; counts of drafts and of students' answers."""

    criterion: str
    topic: str
    kind: str
    drafts: int
    share: float
    helpful: int
    unclear: int
    wrong: int

    @property
    def answers(self) -> str:
        """What students said of these notes, "" when they said nothing."""
        said = (
            (self.helpful, _("helpful %(n)s")),
            (self.unclear, _("unclear %(n)s")),
            (self.wrong, _("wrong %(n)s")),
        )
        return ", ".join(words % {"n": n} for n, words in said if n)


@dataclass(frozen=True)
class Editing:
    """What became of what the reviewers suggested, in released feedback."""

    notes: int
    as_suggested: int
    changed: int
    own: int
    levels: int
    levels_kept: int
    levels_decided: int  # where none was suggested

    @property
    def levels_changed(self) -> int:
        return self.levels - self.levels_kept

    @property
    def level_rate(self) -> float | None:
        """Share of the suggested levels that a person changed."""
        return self.levels_changed / self.levels if self.levels else None

    @property
    def edit_rate(self) -> float | None:
        """Share of the reviewers' notes that a person changed or brought in by hand; None where there are none."""
        given = self.as_suggested + self.changed
        return self.changed / given if given else None


def span_words(span: timedelta) -> str:
    """A length of time in the largest unit that still says something: "40 minutes", "26 hours", "3 days"."""
    minutes = max(0, round(span.total_seconds() / 60))
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


@dataclass(frozen=True)
class Times:
    """From hand-in to release."""

    released: int
    middle: timedelta | None
    slowest_tenth: timedelta | None

    @property
    def middle_words(self) -> str:
        return "" if self.middle is None else span_words(self.middle)

    @property
    def tenth_words(self) -> str:
        """How long the slowest tenth waited at least."""
        if self.slowest_tenth is None:
            return ""
        return _("in the middle; a tenth waited %(span)s or more") % {"span": span_words(self.slowest_tenth)}


@dataclass(frozen=True)
class Spent:
    """What the readings of the assignment's drafts cost; ``unpriced`` answered calls have no known price."""

    usd: Decimal | None
    unpriced: int
    drafts: int

    @property
    def per_draft(self) -> Decimal | None:
        return self.usd / self.drafts if self.usd is not None and self.drafts else None

    @property
    def words(self) -> str | None:
        return None if self.usd is None else money(self.usd)

    @property
    def hint(self) -> str:
        if self.usd is None:
            return _("no price known") if self.unpriced else ""
        each = "" if self.per_draft is None else _("%(each)s a draft") % {"each": money(self.per_draft)}
        rest = _("%(n)s calls without a price") % {"n": self.unpriced} if self.unpriced else ""
        return ", ".join(part for part in (each, rest) if part)


@dataclass(frozen=True)
class Insight:
    """Everything the page prints."""

    drafts: int
    released: int
    confirmed: int
    practice: int
    waiting: int
    distributions: list[Distribution]
    agreement: list[AgreementRow]
    models: dict[str, ModelRecord]
    calibration: Calibration
    notes: list[NoteKind]
    editing: Editing
    times: Times
    spent: Spent
    computed_at: datetime | None
    is_due: bool

    @property
    def missing(self) -> int:
        """How many confirmed drafts are still missing before coefficients are shown."""
        return max(0, MINIMUM_CONFIRMED_DRAFTS - self.confirmed)


def insight_of(assignment: Assignment) -> Insight:
    """Read everything about one assignment: a fixed number of queries."""
    rubric = freeze(assignment.rubric) if assignment.rubric else {"criteria": []}
    titles = {criterion["key"]: criterion["title"] for criterion in rubric["criteria"]}
    report = InsightReport.objects.filter(assignment=assignment).first()
    numbers = report.numbers if report else {}
    records = records_from_json(numbers.get("models", {}))
    states = _states(assignment)
    confirmed = confirmed_feedback(assignment.pk).count()
    released = states[Feedback.Status.RELEASED]
    return Insight(
        drafts=Draft.objects.filter(assignment=assignment).counted().count(),
        released=released,
        confirmed=confirmed,
        practice=Feedback.objects.filter(
            draft__assignment=assignment, practice=True, status=Feedback.Status.RELEASED
        ).count(),
        waiting=states[Feedback.Status.IN_REVIEW] + states[Feedback.Status.APPROVED],
        distributions=_distributions(assignment, rubric["criteria"]),
        agreement=[] if confirmed < MINIMUM_CONFIRMED_DRAFTS else _agreement(numbers, titles),
        models=records,
        calibration=calibration_of(assignment, records),
        notes=_notes(assignment, titles, released),
        editing=_editing(assignment),
        times=_times(assignment),
        spent=_spent(assignment),
        computed_at=report.computed_at if report else None,
        is_due=report is not None and report.due_at is not None,
    )


def calibration_of(assignment: Assignment, records: dict[str, ModelRecord]) -> Calibration:
    """Return the calibration of the models that read the assignment's drafts now, as a plan frozen now would use it."""
    rows = AssignmentModel.objects.filter(
        assignment=assignment, is_fallback=False, ai_model__in=AIModel.objects.usable()
    ).values_list("ai_model__display_name", "weight")
    own = {name: float(weight) for name, weight in rows.order_by("position", "pk")}
    return calibrate(records, list(own), own=own)


def _released(assignment: Assignment) -> Q:
    return Q(feedback__draft__assignment=assignment, feedback__status=Feedback.Status.RELEASED)


def _states(assignment: Assignment) -> Counter[str]:
    rows = Feedback.objects.filter(draft__assignment=assignment).values_list("status").annotate(n=Count("pk"))
    return Counter(dict(rows))


def _distributions(assignment: Assignment, criteria: list[dict[str, Any]]) -> list[Distribution]:
    rows = (
        CriterionResult.objects.filter(_released(assignment))
        .annotate(given=Coalesce("level", "suggested_level"))
        .values_list("criterion_key", "given")
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts: dict[str, Counter[int | None]] = defaultdict(Counter)
    for key, level, n in rows:
        counts[key][level] += n
    found = []
    for criterion in criteria:
        here = counts[criterion["key"]]
        total = sum(n for level, n in here.items() if level is not None and level < len(criterion["levels"]))
        bars = tuple(
            Bar(level["label"], here[level["position"]], here[level["position"]] / total if total else None)
            for level in criterion["levels"]
        )
        found.append(Distribution(criterion["title"], bars, here[None]))
    return found


def _agreement(numbers: dict[str, Any], titles: dict[str, str]) -> list[AgreementRow]:
    rows = {entry["key"]: entry for entry in numbers.get("criteria", [])}
    return [
        AgreementRow(
            title=titles[key],
            same=rows[key]["same"],
            within_one=rows[key]["within_one"],
            qwk=Plot(**rows[key]["qwk"]),
            alpha=Plot(**rows[key]["alpha"]),
            icc=Plot(**rows[key]["icc"]),
            other_scale=rows[key]["other_scale"],
        )
        for key in titles
        if key in rows
    ]


def _notes(assignment: Assignment, titles: dict[str, str], released: int) -> list[NoteKind]:
    kinds = {"issue": _("to work on"), "strength": _("strength"), "question": _("question")}
    rows = (
        FeedbackItem.objects.filter(_released(assignment), status=FeedbackItem.Status.SHOWN)
        .exclude(tag="")
        .values("criterion_key", "tag", "kind")
        .annotate(
            drafts=Count("feedback", distinct=True),
            helpful=Count("pk", filter=Q(rating=FeedbackItem.Rating.HELPFUL)),
            unclear=Count("pk", filter=Q(rating=FeedbackItem.Rating.UNCLEAR)),
            wrong=Count("pk", filter=Q(rating=FeedbackItem.Rating.WRONG)),
        )
        .order_by("-drafts", "criterion_key", "tag", "kind")[:MOST_NOTES]
    )
    return [
        NoteKind(
            criterion=titles.get(row["criterion_key"], "–"),
            topic=str(TAG_WORDS.get(row["tag"], row["tag"])),
            kind=kinds.get(row["kind"], row["kind"]),
            drafts=row["drafts"],
            share=row["drafts"] / released if released else 0.0,
            helpful=row["helpful"],
            unclear=row["unclear"],
            wrong=row["wrong"],
        )
        for row in rows
    ]


def _editing(assignment: Assignment) -> Editing:
    shown = FeedbackItem.objects.filter(_released(assignment), status=FeedbackItem.Status.SHOWN)
    by_person = Q(origin=FeedbackItem.Origin.INSTRUCTOR)
    notes = shown.aggregate(
        all=Count("pk"),
        own=Count("pk", filter=by_person),
        changed=Count("pk", filter=~by_person & Q(edited_by__isnull=False)),
    )
    levels = CriterionResult.objects.filter(_released(assignment), feedback__practice=False).aggregate(
        all=Count("pk", filter=Q(suggested_level__isnull=False)),
        kept=Count(
            "pk",
            filter=Q(suggested_level__isnull=False) & (Q(level__isnull=True) | Q(level=F("suggested_level"))),
        ),
        decided=Count("pk", filter=Q(suggested_level__isnull=True, level__isnull=False)),
    )
    return Editing(
        notes=notes["all"],
        as_suggested=notes["all"] - notes["own"] - notes["changed"],
        changed=notes["changed"],
        own=notes["own"],
        levels=levels["all"],
        levels_kept=levels["kept"],
        levels_decided=levels["decided"],
    )


def _times(assignment: Assignment) -> Times:
    rows = Feedback.objects.filter(draft__assignment=assignment, released_at__isnull=False, practice=False)
    waits = sorted(
        (released - submitted).total_seconds()
        for released, submitted in rows.values_list("released_at", "draft__submitted_at")
        if released is not None
    )
    if not waits:
        return Times(0, None, None)
    tenth = waits[min(len(waits) - 1, int(0.9 * len(waits)))]
    return Times(len(waits), timedelta(seconds=median(waits)), timedelta(seconds=tenth))


def _spent(assignment: Assignment) -> Spent:
    runs = ModelRun.objects.filter(request__draft__assignment=assignment)
    found = runs.aggregate(usd=Sum("cost_usd"), unpriced=Sum("unpriced_calls"))
    drafts = FeedbackRequest.objects.filter(draft__assignment=assignment, finished_at__isnull=False).count()
    return Spent(found["usd"], found["unpriced"] or 0, drafts)
