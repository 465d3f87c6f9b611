"""What the desk shows of one draft: read in a handful of queries, printed by templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from accounts.audit_log import words_for
from accounts.models import AuditEvent, User
from courses.models import Assignment
from feedback.costs import cost_of_runs
from feedback.highlights import Paragraph, marks_of, paragraphs
from feedback.insight.scoring import by_criterion, criterion_words, points_of
from feedback.merging.selection import MAX_PRIORITIES
from feedback.models import CriterionResult, Feedback, FeedbackItem, FeedbackRequest, ModelRun
from feedback.queue import View, aliases_of, ordered_ids
from feedback.reading.sentences import split_sentences
from feedback.release import may_release
from feedback.requests import may_rerun
from feedback.revision import goals_met
from feedback.still_open import still_open
from submissions.files import shared_with_others
from submissions.hiding import hiding_words
from submissions.models import Draft, DraftFile

# A flag shows so many of the sentences it is about; the rest are in the text.
FLAG_SENTENCES = 3
GROUP_ORDER = {"priority": 0, "strength": 1, "note": 2, "question": 3}
# Width of the drawn scale, its margins and the middle of its height, in SVG units.
SCALE_W, SCALE_PAD, SCALE_Y = 132, 10, 10


@dataclass(frozen=True)
class Dot:
    """A place on the scale: a model's median (filled) or one of its runs (hollow)."""

    x: float
    y: float
    filled: bool
    title: str


@dataclass(frozen=True)
class ScaleLine:
    """One model's line of the scale: its dots, and the same in words."""

    model: str
    words: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Scale:
    """Where each model stood on one criterion, line by line: ``ticks`` are (x, label) of the levels."""

    ticks: tuple[tuple[float, str], ...]
    lines: tuple[ScaleLine, ...]


def scale_of(row: CriterionResult) -> Scale | None:
    """Return the drawn scale of a criterion, None when no reviewer gave a level."""
    levels = row.snapshot.get("levels", [])
    if not row.readings or len(levels) < 2:
        return None
    step = (SCALE_W - 2 * SCALE_PAD) / (len(levels) - 1)
    labels = {level["position"]: level["label"] for level in levels}
    lines: list[ScaleLine] = []
    for model, said in sorted(row.readings.items()):
        dots = [
            Dot(SCALE_PAD + run * step, SCALE_Y, False, labels.get(run, str(run)))
            for run in said.get("runs", [])
            if run is not None
        ]
        median = said.get("median")
        if median is None:
            words = "no level"
        else:
            dots.append(Dot(SCALE_PAD + median * step, SCALE_Y, True, "median"))
            words = labels.get(round(median), "") if float(median).is_integer() else "between levels"
        lines.append(ScaleLine(model, words, tuple(dots)))
    ticks = tuple((SCALE_PAD + level["position"] * step, level["label"]) for level in levels)
    return Scale(ticks, tuple(lines))


@dataclass(frozen=True)
class Place:
    """Where in the queue this draft stands."""

    index: int | None
    total: int
    previous: str
    next: str
    query: str
    queue_url: str


def place_in_queue(*, draft: Draft, user: User, view: View, all_assignments: bool) -> Place:
    """Return "x of y" and the neighbours in the queue's order."""
    assignment: Assignment | None = None if all_assignments else draft.assignment
    ids = ordered_ids(user, assignment=assignment, view=view)
    query = urlencode({"filter": view.filter, "sort": view.sort, **({"all": 1} if all_assignments else {})})
    base = reverse("queue") if all_assignments else reverse("review_queue", args=[draft.assignment.public_id])
    queue_url = f"{base}?filter={view.filter}&sort={view.sort}"
    if draft.pk in ids:
        index = ids.index(draft.pk)
        before, after = (ids[index - 1] if index else None), (ids[index + 1] if index + 1 < len(ids) else None)
    else:
        index, before = None, None
        after = ids[0] if ids else None
    found = dict(Draft.objects.filter(pk__in=[pk for pk in (before, after) if pk]).values_list("pk", "public_id"))

    def url(pk: int | None) -> str:
        return f"{reverse('desk', args=[found[pk]])}?{query}" if pk in found else ""

    return Place(None if index is None else index + 1, len(ids), url(before), url(after), query, queue_url)


def who_wrote(draft: Draft) -> str:
    """Return the author's name, or the alias where the assignment is reviewed blind."""
    if not draft.assignment.blind_review:
        return draft.student.display_name
    pair = (draft.assignment.course_id, draft.student_id)
    return aliases_of({pair}).get(pair, "Student")


def numbered(items: list[FeedbackItem]) -> list[FeedbackItem]:
    """Return the shown notes in reading order, numbered from 1."""
    shown = [item for item in items if item.status == FeedbackItem.Status.SHOWN]
    shown.sort(key=lambda item: (GROUP_ORDER[item.group], item.position, item.pk))
    for number, item in enumerate(shown, start=1):
        item.number = number  # type: ignore[attr-defined]
    return shown


def desk_context(*, draft: Draft, user: User, view: View, all_assignments: bool, tab: str) -> dict[str, Any]:
    """Return everything the desk's templates print."""
    feedback = Feedback.objects.select_related("reviewer", "released_by", "approved_by").filter(draft=draft).first()
    request = FeedbackRequest.objects.filter(draft=draft).first()
    content = getattr(draft, "content", None)
    gone = content is None or draft.content_removed_at is not None
    text = "" if content is None or gone else content.text
    structure = {} if content is None or gone else content.structure or {}
    files = [] if gone else list(draft.files)
    labels = _file_labels(draft, files)
    context: dict[str, Any] = {
        "draft": draft,
        "assignment": draft.assignment,
        "course": draft.assignment.course,
        "who": who_wrote(draft),
        "feedback": feedback,
        "readings": request,
        "gone": gone,
        "hidden": [
            {**item, "how": hiding_words(item["kind"]), "label": labels.get(item.get("file", 0), "")}
            for item in structure.get("hidden", [])
        ],
        "not_read": [{**item, "label": labels.get(item.get("file", 0), "")} for item in draft.not_read],
        "recognised": _recognised(structure, labels),
        "files": [{"position": row.position, "label": labels.get(row.position, "")} for row in files],
        "shared_file": shared_with_others(draft, files),
        "place": place_in_queue(draft=draft, user=user, view=view, all_assignments=all_assignments),
        "view": view,
        "all_assignments": all_assignments,
        "may_release": may_release(course=draft.assignment.course, user=user),
        "may_rerun": may_rerun(course=draft.assignment.course, user=user),
        "read_only": draft.assignment.course.is_read_only,
        "tab": tab,
    }
    items = list(feedback.items.all()) if feedback else []
    shown = numbered(items)
    priorities = sum(item.group == FeedbackItem.Group.PRIORITY for item in shown)
    criteria = list(feedback.criteria.all()) if feedback else []
    titles = {row.criterion_key: row.snapshot.get("title", "") for row in criteria}
    for item in items:
        item.criterion_title = titles.get(item.criterion_key, "")  # type: ignore[attr-defined]
        item.other_wordings = _other_wordings(item)  # type: ignore[attr-defined]
    for row in criteria:
        row.scale = scale_of(row)  # type: ignore[attr-defined]
    points = points_of(criteria)
    entries = by_criterion(points)
    for row in criteria:
        row.points_words = criterion_words(entries.get(row.criterion_key))  # type: ignore[attr-defined]
    flags = _flags(feedback, {row.criterion_key for row in criteria if row.level is not None}, text)
    context |= {
        "shown": shown,
        "suggested": sorted(
            (i for i in items if i.status == FeedbackItem.Status.SUGGESTED), key=lambda i: (-i.priority, i.position)
        ),
        "discarded": [i for i in items if i.status == FeedbackItem.Status.DISCARDED],
        "criteria": criteria,
        "points": points,
        "paragraphs": _paragraphs(text, structure, shown, labels),
        "groups": FeedbackItem.Group.choices,
        # Students read three priorities at most, unless a person decides for a fourth.
        "own_group": FeedbackItem.Group.NOTE if priorities >= MAX_PRIORITIES else FeedbackItem.Group.PRIORITY,
        "can_change": feedback is not None
        and feedback.status in (Feedback.Status.IN_REVIEW, Feedback.Status.APPROVED)
        and not context["read_only"],
        "flags": flags,
        "open_flags": sum(not flag["decided"] and flag["severity"] != "info" for flag in flags),
        "goals": goals_met(feedback) if feedback and draft.number > 1 else [],
    }
    if feedback is not None and feedback.status != Feedback.Status.RELEASED:
        context["still_open"] = still_open(assignment=draft.assignment, criteria=criteria, flags=flags)
    if tab == "runs" and request is not None:
        context["runs"] = list(
            ModelRun.objects.filter(request=request)
            .select_related("ai_model__provider")
            .order_by("-round", "slot", "repeat", "pk")
        )
        context["draft_cost"] = cost_of_runs(context["runs"])
        context["any_failed"] = any(run.status == ModelRun.Status.FAILED for run in context["runs"])
    if tab == "history":
        context["events"] = history_of(draft, feedback, request)
    return context


def _other_wordings(item: FeedbackItem) -> list[tuple[int, dict[str, Any]]]:
    """Return other reviewers' words for the same note, each wording once, without the ones shown now."""
    seen = {(item.comment, item.next_step)}
    found = []
    for index, source in enumerate(item.sources):
        words = (source.get("comment", ""), source.get("next_step", ""))
        if words[0] and words not in seen:
            seen.add(words)
            found.append((index, source))
    return found


def _file_labels(draft: Draft, files: list[DraftFile]) -> dict[int, str]:
    """Return what each of several files is called on the desk; a name may give away its author, so not in blind review."""
    if len(files) < 2:
        return {}
    blind = draft.assignment.blind_review
    return {row.position: f"File {row.position}" + ("" if blind else f": {row.original_name}") for row in files}


def _recognised(structure: dict[str, Any], labels: dict[int, str]) -> list[str]:
    """Say which pages were read from pictures, by a program that makes mistakes."""
    parts = structure.get("files") or [{"position": 0, "recognised": structure.get("recognised", [])}]
    told = []
    for part in parts:
        if part.get("recognised"):
            pages = ", ".join(str(page) for page in part["recognised"])
            label = labels.get(part["position"], "")
            words = f"Read from pictures by a program, with possible mistakes: page {pages}"
            told.append(f"{label}: {words}" if label else words)
    return told


def _paragraphs(
    text: str, structure: dict[str, Any], shown: list[FeedbackItem], labels: dict[int, str]
) -> list[Paragraph]:
    starts = {item["start"]: labels.get(item["position"], "") for item in structure.get("files", [])}
    return paragraphs(text, structure.get("blocks", []), marks_of(shown), starts) if text else []


def _flags(feedback: Feedback | None, decided: set[str], text: str) -> list[dict[str, Any]]:
    if feedback is None:
        return []
    named = {sentence_id for flag in feedback.flags for sentence_id in flag["sentence_ids"][:FLAG_SENTENCES]}
    words = {s.id: s.text for s in split_sentences(text) if s.id in named} if named and text else {}
    tones = {"must": "danger", "check": "warn", "info": "info"}
    settled = feedback.status == Feedback.Status.RELEASED
    return [
        {
            **flag,
            "tone": tones.get(flag["severity"], "info"),
            "sentences": [words[key] for key in flag["sentence_ids"][:FLAG_SENTENCES] if key in words],
            # What asked for a decision on a criterion is answered by the person's level, or by the release.
            "decided": settled or (flag["criterion_key"] in decided and flag["severity"] != "info"),
        }
        for flag in feedback.flags
    ]


def history_of(draft: Draft, feedback: Feedback | None, request: FeedbackRequest | None) -> list[AuditEvent]:
    """Return what happened to the draft, newest first: who did what, never contents."""
    about = Q(object_label="submissions.Draft", object_id=str(draft.pk))
    if feedback is not None:
        about |= Q(object_label="feedback.Feedback", object_id=str(feedback.pk))
    if request is not None:
        about |= Q(object_label="feedback.FeedbackRequest", object_id=str(request.pk))
    found = list(AuditEvent.objects.filter(about).select_related("actor").order_by("-pk")[:100])
    for event in found:
        event.words = words_for(event)  # type: ignore[attr-defined]
    return found
