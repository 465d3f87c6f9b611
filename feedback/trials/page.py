"""What the pages of trials show: one trial, or two side by side. Read in a handful of queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from aiconfig.plans import ModelChoice
from courses.models import Assignment
from feedback.contract import RubricSnapshot
from feedback.desk_page import numbered, scale_of
from feedback.highlights import marks_of, paragraphs
from feedback.insight.scoring import Points, by_criterion, criterion_words, points_of
from feedback.models import CriterionResult, FeedbackItem, FeedbackRequest, ModelRun, Trial
from feedback.planning import Setting
from feedback.trials.result import criteria_of, notes_of
from submissions.extraction.verdicts import Reason, sentence
from submissions.room import limit_words, limits_for

TONES = {"must": "danger", "check": "warn", "info": "info"}


@dataclass(frozen=True)
class Numbers:
    """What a trial took. ``wall_s`` from asking to the last answer; ``cost_usd`` None: no price known for any call.

    ``unpriced`` counts answered calls whose price is not known, so that a sum is not taken for the whole.
    """

    wall_s: float | None
    slowest_ms: int | None
    cost_usd: Decimal | None
    unpriced: int
    tokens: int | None
    done: int
    failed: int
    all: int

    @property
    def settled(self) -> int:
        return self.done + self.failed


def numbers_of(request: FeedbackRequest | None, runs: list[ModelRun]) -> Numbers:
    """Add up the runs; None is not 0. Costs are those of every call, what is done is counted in readings."""
    readings = [run for run in runs if run.purpose == ModelRun.Purpose.READING]
    states = Counter(run.status for run in readings)
    costs = [run.cost_usd for run in runs if run.cost_usd is not None]
    counts = [n for run in runs for n in (run.input_tokens, run.output_tokens) if n is not None]
    times = [run.latency_ms for run in runs if run.latency_ms is not None]
    wall = None
    if request is not None and request.finished_at is not None:
        wall = (request.finished_at - request.created_at).total_seconds()
    answered = states[ModelRun.Status.SUCCEEDED]
    return Numbers(
        wall_s=wall,
        slowest_ms=max(times, default=None),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        unpriced=sum(run.unpriced_calls for run in runs),
        tokens=sum(counts) if counts else None,
        done=answered,
        failed=states[ModelRun.Status.FAILED] + states[ModelRun.Status.CANCELLED],
        all=len(readings),
    )


@dataclass(frozen=True)
class TrialView:
    """One trial, ready to print. ``phase``: reading, failed, removed, previewing, preview, running, done."""

    trial: Trial
    request: FeedbackRequest | None
    phase: str
    problem: str
    numbers: Numbers
    runs: list[ModelRun]
    criteria: list[CriterionResult]
    points: Points | None
    shown: list[FeedbackItem]
    others: list[FeedbackItem]
    flags: list[dict[str, Any]]
    prompts: list[dict[str, Any]]
    paragraphs: list[Any]
    setting: list[tuple[str, str]]

    @property
    def moving(self) -> bool:
        """Whether asking again makes sense."""
        return self.phase in {"reading", "previewing", "running"}


def view_of(trial: Trial) -> TrialView:
    """Return one trial with its runs (three queries)."""
    request = FeedbackRequest.objects.filter(trial=trial).first()
    runs = list(request.runs.order_by("round", "slot", "repeat", "pk")) if request else []
    criteria, notes = criteria_of(trial.result), notes_of(trial.result)
    titles = {row.criterion_key: row.snapshot.get("title", "") for row in criteria}
    points = points_of(criteria)
    entries = by_criterion(points)
    for row in criteria:
        row.scale = scale_of(row)  # type: ignore[attr-defined]
        row.points_words = criterion_words(entries.get(row.criterion_key))  # type: ignore[attr-defined]
    for note in notes:
        note.criterion_title = titles.get(note.criterion_key, "")  # type: ignore[attr-defined]
    shown = numbered(notes)
    phase = _phase(trial, request)
    return TrialView(
        trial=trial,
        request=request,
        phase=phase,
        problem=_problem(trial, request, phase),
        numbers=numbers_of(request, runs),
        runs=runs,
        criteria=criteria,
        points=points,
        shown=shown,
        others=sorted(
            (note for note in notes if note.status != FeedbackItem.Status.SHOWN),
            key=lambda note: (-note.priority, note.position),
        ),
        flags=[{**flag, "tone": TONES.get(flag["severity"], "info")} for flag in trial.result.get("flags", [])],
        prompts=trial.result.get("prompts", []),
        paragraphs=paragraphs(trial.text, [], marks_of(shown)) if trial.text else [],
        setting=setting_words(trial.plan),
    )


def _phase(trial: Trial, request: FeedbackRequest | None) -> str:
    if trial.status == Trial.Status.FAILED:
        return "removed" if trial.content_removed_at else "failed"
    if trial.status != Trial.Status.READY:
        return "reading"
    if request is None:
        if trial.content_removed_at:
            return "removed"
        return "preview" if trial.result.get("prompts") else "previewing"
    if request.status in (FeedbackRequest.Status.OPEN, FeedbackRequest.Status.AGGREGATING):
        return "running"
    return "done"


def _problem(trial: Trial, request: FeedbackRequest | None, phase: str) -> str:
    if phase == "failed":
        try:
            return sentence(Reason(trial.failure), **limit_words(limits_for(trial.assignment)))
        except ValueError:
            return sentence(Reason.CORRUPT)
    if phase == "done" and request is not None and not trial.content_removed_at:
        return request.reason
    return ""


def setting_words(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the frozen setting as (name, words), the same names for every plan."""
    methods: dict[str, str | Promise] = dict(Assignment.Aggregation.choices)
    return [
        (_("Reviewers"), "; ".join(_model_words(entry) for entry in plan["models"]) or "–"),
        (_("Stand-ins"), "; ".join(_model_words(entry) for entry in plan["fallbacks"]) or "–"),
        (_("Levels combined by"), _method_words(plan, methods)),
        (_("One more run where models disagree"), _("yes") if plan["adaptive"] else _("no")),
        (_("A model words the notes"), _("yes") if plan.get("model_wording") else _("no")),
        (_("Instructions to the reviewers"), plan["assignment"]["custom_instructions"] or "–"),
        (_("Rubric"), f"{plan['rubric']['title']} ({plan['rubric_revision']})"),
    ]


def _method_words(plan: dict[str, Any], methods: dict[str, str | Promise]) -> str:
    words = str(methods.get(plan["method"], plan["method"]))
    if plan.get("method_chosen", plan["method"]) == plan["method"]:
        return words
    return _("%(method)s, because the models are not calibrated yet") % {"method": words}


def _model_words(entry: dict[str, Any]) -> str:
    words = f"{entry['display_name']} × {entry['runs']}"
    return words if entry["temperature"] is None else f"{words}, {_('temperature')} {entry['temperature']:g}"


def setting_of(trial: Trial) -> Setting:
    """Return the setting a trial was made with, to begin the next one from."""
    plan = trial.plan

    def choice(entry: dict[str, Any], *, fallback: bool) -> ModelChoice:
        return ModelChoice(
            ai_model_id=entry["ai_model"],
            runs=entry["runs"],
            is_fallback=fallback,
            temperature=entry["temperature"],
            max_output_tokens=entry["max_output_tokens"],
        )

    return Setting(
        choices=tuple(
            [choice(entry, fallback=False) for entry in plan["models"]]
            + [choice(entry, fallback=True) for entry in plan["fallbacks"]]
        ),
        method=plan.get("method_chosen", plan["method"]),
        adaptive=plan["adaptive"],
        model_wording=plan.get("model_wording", False),
        custom_instructions=plan["assignment"]["custom_instructions"],
    )


@dataclass(frozen=True)
class Pair:
    """One criterion under two settings; ``same`` is None where one of them gives no level."""

    title: str
    first: CriterionResult | None
    second: CriterionResult | None
    same: bool | None


@dataclass(frozen=True)
class Comparison:
    """Two trials of one text side by side. ``differing``: names of the parts of the setting that differ."""

    first: TrialView
    second: TrialView
    pairs: list[Pair]
    setting: list[tuple[str, str, str]]
    differing: list[str]

    @property
    def comparable(self) -> int:
        return sum(pair.same is not None for pair in self.pairs)

    @property
    def alike(self) -> int:
        return sum(pair.same is True for pair in self.pairs)


def compare(first: Trial, second: Trial) -> Comparison:
    """Put two trials side by side, criterion by criterion in the order of the first's rubric."""
    left, right = view_of(first), view_of(second)
    rows = [{row.criterion_key: row for row in view.criteria} for view in (left, right)]
    titles = {
        criterion.key: criterion.title
        for trial in (second, first)
        for criterion in RubricSnapshot.from_json(trial.plan["rubric"]).criteria
    }
    keys = [criterion["key"] for criterion in first.plan["rubric"]["criteria"]]
    keys += [key for key in rows[1] if key not in keys]
    pairs = [_pair(titles.get(key, key), rows[0].get(key), rows[1].get(key)) for key in keys]
    setting = [(name, a, b) for (name, a), (_name, b) in zip(left.setting, right.setting, strict=True)]
    return Comparison(left, right, pairs, setting, [name for name, a, b in setting if a != b])


def _pair(title: str, first: CriterionResult | None, second: CriterionResult | None) -> Pair:
    levels = [None if row is None else row.suggested_level for row in (first, second)]
    same = None if None in levels else levels[0] == levels[1]
    return Pair(title, first, second, same)
