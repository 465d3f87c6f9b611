"""What the author of a draft sees and answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import actor_of, get_or_404
from accounts.models import User
from courses.models import Assignment
from feedback.export import feedback_markdown
from feedback.highlights import marks_of, paragraphs
from feedback.insight.scoring import by_criterion, criterion_words, points_of
from feedback.models import Feedback, FeedbackItem, FeedbackRequest
from feedback.progress_page import progress_of
from feedback.replies import ReplyRefused, contest, mark_read, respond
from feedback.revision import changes_since, goals_met
from feedforward.ratelimit import limited
from submissions.models import Draft
from submissions.room import Room, room_for

POLL_MIN_S, POLL_MAX_S = 2, 30


def _own_draft(user: User, public_id: str) -> Draft:
    return get_or_404(
        Draft.objects.of_student(user).select_related("assignment__course", "assignment"), public_id=public_id
    )


@require_GET
def draft_progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """The receipt and what has become of the draft since."""
    draft = _own_draft(actor_of(request), public_id)
    return render(
        request,
        "feedback/progress.html",
        {"draft": draft, "assignment": draft.assignment, "progress": progress_of(draft)},
    )


@require_GET
@limited("poll", methods=("GET",))
def draft_progress_panel(request: HttpRequest, public_id: str) -> HttpResponse:
    """The moving part of the progress page: no write, three small reads."""
    draft = _own_draft(actor_of(request), public_id)
    return render(
        request,
        "feedback/_progress.html",
        {"draft": draft, "assignment": draft.assignment, "progress": progress_of(draft)},
    )


def _released(user: User, public_id: str) -> Feedback:
    rows: QuerySet[Feedback] = Feedback.objects.filter(
        draft__student=user, status=Feedback.Status.RELEASED
    ).select_related("draft__assignment__course", "draft__content", "released_by")
    return get_or_404(rows, draft__public_id=public_id)


def levels_visible(assignment: Assignment, draft: Draft) -> bool:
    """Whether the student sees levels of this draft."""
    if assignment.levels_shown == Assignment.LevelsShown.ALWAYS:
        return True
    return assignment.levels_shown == Assignment.LevelsShown.LAST and draft.number >= assignment.max_drafts


def numbered_items(feedback: Feedback) -> list[FeedbackItem]:
    """Return the shown notes in the order they are read, numbered from 1."""
    order = {"priority": 0, "strength": 1, "note": 2, "question": 3}
    items = sorted(
        feedback.items.filter(status=FeedbackItem.Status.SHOWN), key=lambda i: (order[i.group], i.position, i.pk)
    )
    for number, item in enumerate(items, start=1):
        item.number = number  # type: ignore[attr-defined]
    return items


@require_GET
def feedback_read(request: HttpRequest, public_id: str) -> HttpResponse:
    """The released feedback beside the draft's own text."""
    user = actor_of(request)
    if (
        Feedback.objects.filter(draft__student=user, draft__public_id=public_id, first_read_at__isnull=False)
        .exclude(status=Feedback.Status.RELEASED)
        .exists()
    ):
        # Read before and taken back since: the link in the mail should not look broken.
        messages.info(request, _("Your instructor has taken this feedback back to look at it again."))
        return redirect("draft_progress", public_id)
    feedback = _released(user, public_id)
    mark_read(feedback=feedback, actor=user)
    draft, assignment = feedback.draft, feedback.draft.assignment
    items = numbered_items(feedback)
    content = getattr(draft, "content", None)
    text = content.text if content and draft.content_removed_at is None else ""
    criteria = list(feedback.criteria.all())
    visible = levels_visible(assignment, draft)
    points = points_of(criteria) if visible else None
    entries = by_criterion(points)
    for row in criteria:
        row.points_words = criterion_words(entries.get(row.criterion_key))  # type: ignore[attr-defined]
    titles = {row.criterion_key: row.snapshot.get("title", "") for row in criteria}
    for item in items:
        item.criterion_title = titles.get(item.criterion_key, "")  # type: ignore[attr-defined]
        item.next_level = next_level(criteria, item)  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "feedback": feedback,
        "draft": draft,
        "assignment": assignment,
        "items": items,
        "groups": grouped(items),
        "paragraphs": paragraphs(text, (content.structure or {}).get("blocks", []), marks_of(items))
        if content and text
        else [],
        "criteria": [row for row in criteria if row.comment or visible],
        "levels_visible": visible,
        "points": points,
        "goals": goals_met(feedback),
        "next_room": _room(assignment, user),
        "disclosure": disclosure(feedback),
        "plans": FeedbackItem.Plan.choices,
        "ratings": FeedbackItem.Rating.choices,
    }
    return render(request, "feedback/read.html", context)


def _room(assignment: Assignment, user: User) -> Room | None:
    """Return whether another draft can be handed in now; None for somebody who has left the course."""
    if not Assignment.objects.submittable_by(user).filter(pk=assignment.pk).exists():
        return None
    return room_for(assignment=assignment, student=user, now=timezone.now())


def grouped(items: list[FeedbackItem]) -> list[tuple[str, str, list[FeedbackItem]]]:
    """Return (group, heading, notes) for the groups that have notes."""
    headings = [
        ("priority", _("Work on this next")),
        ("strength", _("What works")),
        ("note", _("Also worth a look")),
        ("question", _("A question to ask yourself")),
    ]
    found = [(key, words, [item for item in items if item.group == key]) for key, words in headings]
    return [entry for entry in found if entry[2]]


def next_level(criteria: list[Any], item: FeedbackItem) -> str:
    """Return the descriptor of the level after the one the draft stands at: what the next step aims for."""
    for row in criteria:
        if row.criterion_key != item.criterion_key or row.shown_level is None:
            continue
        levels = row.snapshot.get("levels", [])
        following = [level for level in levels if level["position"] == row.shown_level + 1]
        return following[0]["descriptor"] if following else ""
    return ""


def disclosure(feedback: Feedback) -> str:
    """One line: which kinds of systems commented, who reviewed, when."""
    if feedback.by_hand:
        who = feedback.released_by.display_name if feedback.released_by else ""
        return _("Written by %(who)s without AI reviewers.") % {"who": who}
    plan = FeedbackRequest.objects.filter(draft_id=feedback.draft_id).values_list("plan", flat=True).first() or {}
    models = plan.get("models", [])
    names = ", ".join(dict.fromkeys(model["display_name"] for model in models))
    demo = any(model.get("is_demo") for model in models)
    kind = _("demo reviewers (rules, not AI)") if demo else _("language models (AI)")
    if feedback.practice:
        return _("Practice: commented by %(kind)s: %(names)s. No person has reviewed this.") % {
            "kind": kind,
            "names": names,
        }
    who = feedback.released_by.display_name if feedback.released_by else ""
    return _("Suggested by %(kind)s: %(names)s. Reviewed and released by %(who)s.") % {
        "kind": kind,
        "names": names,
        "who": who,
    }


@require_POST
@limited("poll")
def note_respond(request: HttpRequest, public_id: str) -> HttpResponse:
    """The student's plan, rating or reply to one note; the answer is the note's foot again."""
    user = actor_of(request)
    item = get_or_404(
        FeedbackItem.objects.filter(
            feedback__draft__student=user,
            feedback__status=Feedback.Status.RELEASED,
            status=FeedbackItem.Status.SHOWN,
        ).select_related("feedback__draft__assignment"),
        public_id=public_id,
    )
    status = 200
    try:
        respond(
            item=item,
            actor=user,
            plan=request.POST.get("plan"),
            plan_words=request.POST.get("plan_words"),
            rating=request.POST.get("rating"),
            reply=request.POST.get("reply"),
        )
    except ReplyRefused as error:
        messages.error(request, str(error))
        status = 422
    if request.headers.get("HX-Request"):
        context = {
            "item": item,
            "plans": FeedbackItem.Plan.choices,
            "ratings": FeedbackItem.Rating.choices,
            "saved": status == 200,
            "error": "" if status == 200 else str(list(messages.get_messages(request))[-1]),
        }
        return render(request, "feedback/_note_foot.html", context, status=status)
    return redirect("feedback_read", item.feedback.draft.public_id)


@require_POST
@limited("submission")
def feedback_contest(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask the instructor to look again: one click to a human."""
    user = actor_of(request)
    feedback = _released(user, public_id)
    try:
        contest(feedback=feedback, actor=user, words=request.POST.get("words", ""), now=timezone.now())
    except ReplyRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your instructor has been asked to look again."))
    return redirect("feedback_read", feedback.draft.public_id)


@require_GET
@limited("export", methods=("GET",))
def feedback_download(request: HttpRequest, public_id: str) -> HttpResponse:
    """The feedback as Markdown, to keep."""
    user = actor_of(request)
    feedback = _released(user, public_id)
    items = numbered_items(feedback)
    show = levels_visible(feedback.draft.assignment, feedback.draft)
    body = feedback_markdown(feedback=feedback, items=items, show_levels=show, disclosure=disclosure(feedback))
    response = HttpResponse(body, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="feedback-draft-{feedback.draft.number}.md"'
    return response


@require_GET
def draft_changes(request: HttpRequest, public_id: str) -> HttpResponse:
    """What changed since the last draft, while both texts are still kept."""
    user = actor_of(request)
    draft = _own_draft(user, public_id)
    return render(
        request,
        "feedback/changes.html",
        {"draft": draft, "assignment": draft.assignment, "changes": changes_since(draft)},
    )
