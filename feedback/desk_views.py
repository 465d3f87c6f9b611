"""The review desk: one draft, what the readings say, and the instructor's decision.

Each POST is one change on one version. With htmx the answer is the changed part; without JavaScript the same
forms lead back to the desk.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.access import actor_of, get_or_404, staff_required
from accounts.models import User
from feedback import release as releasing
from feedback import review
from feedback.desk_page import desk_context
from feedback.models import Feedback, FeedbackItem, FeedbackRequest, ModelRun
from feedback.queue import View
from feedback.requests import rerun
from feedback.revision import changes_since
from feedback.seen import compared_rows, what_was_seen
from feedback.still_open import asked_first, refusal
from feedforward.errors import DomainError
from feedforward.transitions import TransitionError
from feedforward.typed import whole_number
from submissions.hiding import hiding_words
from submissions.models import Draft

TABS = ("notes", "rubric", "runs", "history")


def _draft(user: User, public_id: str) -> Draft:
    rows = Draft.objects.reviewable_by(user).select_related("assignment__course", "student", "content")
    return get_or_404(rows, public_id=public_id)


def _look(request: HttpRequest) -> tuple[View, bool, str]:
    data = request.GET if request.method == "GET" else request.POST
    tab = data.get("tab", "notes")
    return View.of(data), data.get("all") == "1", tab if tab in TABS else "notes"


@staff_required
@require_GET
def desk(request: HttpRequest, public_id: str) -> HttpResponse:
    """The desk with one draft on it."""
    user = actor_of(request)
    draft = _draft(user, public_id)
    view, everywhere, tab = _look(request)
    context = desk_context(draft=draft, user=user, view=view, all_assignments=everywhere, tab=tab)
    return render(request, "feedback/desk.html", context)


def _back(request: HttpRequest, draft: Draft, *, anchor: str = "") -> HttpResponse:
    view, everywhere, tab = _look(request)
    suffix = "&all=1" if everywhere else ""
    return redirect(f"{reverse('desk', args=[draft.public_id])}?{view.query}{suffix}&tab={tab}{anchor}")


def _version(request: HttpRequest) -> int | None:
    return whole_number(request.POST.get("version", ""))


def _criterion(request: HttpRequest) -> str:
    return request.POST.get("criterion", "").replace("\0", "")


def _change(request: HttpRequest, draft: Draft, act: Callable[[], Any], *, anchor: str = "") -> HttpResponse:
    """Do one change and answer: 204 with the new version for htmx, else back to the desk. Refusals keep the words."""
    by_htmx = bool(request.headers.get("HX-Request"))
    try:
        act()
    except (DomainError, TransitionError) as error:
        if by_htmx:
            clash = isinstance(error, review.EditedMeanwhile)
            response = HttpResponse(status=409 if clash else 422)
            response["HX-Trigger"] = json.dumps({"desk:refused": {"words": str(error)}})
            return response
        messages.error(request, str(error))
        return _back(request, draft, anchor=anchor)
    if by_htmx:
        version = Feedback.objects.values_list("version", flat=True).get(draft=draft)
        if request.POST.get("refresh"):
            return desk_rail(request, draft)
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"desk:saved": {"version": version}})
        return response
    return _back(request, draft, anchor=anchor)


def desk_rail(request: HttpRequest, draft: Draft) -> HttpResponse:
    """The right side and, out of band, the text with its highlights: after a note came, went or changed."""
    view, everywhere, tab = _look(request)
    user = actor_of(request)
    context = desk_context(draft=draft, user=user, view=view, all_assignments=everywhere, tab=tab)
    context["swapped"] = True
    return render(request, "feedback/_desk_work.html", context)


def _feedback(draft: Draft) -> Feedback:
    return get_or_404(Feedback.objects.select_related("draft"), draft=draft)


@staff_required
@require_POST
def desk_lease(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say who works here; answers with the other person's name, if somebody else does."""
    user = actor_of(request)
    feedback = _feedback(_draft(user, public_id))
    if request.POST.get("leave"):
        review.drop_lease(feedback=feedback, actor=user)
        return HttpResponse(status=204)
    other = review.take_lease(feedback=feedback, actor=user)
    return render(request, "feedback/_desk_lease.html", {"other": other, "feedback": feedback})


@staff_required
@require_POST
def desk_level(request: HttpRequest, public_id: str) -> HttpResponse:
    user = actor_of(request)
    draft = _draft(user, public_id)
    feedback = _feedback(draft)
    level = whole_number(request.POST.get("level", ""), digits=3)
    key = _criterion(request)
    return _change(
        request,
        draft,
        lambda: review.set_level(
            feedback=feedback, criterion_key=key, level=level, actor=user, version=_version(request)
        ),
        anchor=f"#criterion-{key}",
    )


@staff_required
@require_POST
def desk_words(request: HttpRequest, public_id: str) -> HttpResponse:
    """The word to the student, or the instructor's comment on one criterion."""
    user = actor_of(request)
    draft = _draft(user, public_id)
    feedback, version = _feedback(draft), _version(request)
    key = _criterion(request)
    words = request.POST.get("words", "")

    def act() -> None:
        if key:
            review.set_criterion_comment(
                feedback=feedback, criterion_key=key, comment=words, actor=user, version=version
            )
        else:
            review.set_summary(feedback=feedback, summary=words, actor=user, version=version)

    return _change(request, draft, act)


def _note_words(request: HttpRequest, group: str) -> review.NoteWords:
    return review.NoteWords(
        comment=request.POST.get("comment", ""),
        why=request.POST.get("why", ""),
        next_step=request.POST.get("next_step", ""),
        group=request.POST.get("group", group),
        criterion_key=_criterion(request),
    )


def _item(user: User, public_id: str) -> FeedbackItem:
    rows = FeedbackItem.objects.filter(feedback__draft__in=Draft.objects.reviewable_by(user)).select_related("feedback")
    return get_or_404(rows, public_id=public_id)


@staff_required
@require_POST
def desk_note(request: HttpRequest, public_id: str) -> HttpResponse:
    """Edit one note, take another run's words for it, or show, put aside, discard it."""
    user = actor_of(request)
    item = _item(user, public_id)
    draft = Draft.objects.select_related("assignment__course", "student", "content").get(pk=item.feedback.draft_id)
    version = _version(request)
    action = request.POST.get("action", "edit")

    def act() -> None:
        if action in FeedbackItem.Status.values:
            review.move_note(item=item, status=action, actor=user, version=version)
        elif action == "swap":
            source = whole_number(request.POST.get("source", ""), digits=4)
            review.swap_wording(item=item, source=-1 if source is None else source, actor=user, version=version)
        else:
            review.edit_note(item=item, words=_note_words(request, item.group), actor=user, version=version)

    return _change(request, draft, act, anchor=f"#item-{item.public_id}")


@staff_required
@require_POST
def desk_add(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add the instructor's own note, on a selected passage or on the whole draft."""
    user = actor_of(request)
    draft = _draft(user, public_id)
    feedback = _feedback(draft)
    start, end = (whole_number(request.POST.get(name, ""), digits=8) for name in ("start", "end"))
    has_place = start is not None and end is not None
    return _change(
        request,
        draft,
        lambda: review.add_note(
            feedback=feedback,
            words=_note_words(request, FeedbackItem.Group.PRIORITY),
            actor=user,
            start=start if has_place else None,
            end=end if has_place else None,
            version=_version(request),
        ),
        anchor="#notes",
    )


def _ask(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask before a step with something open: the desk with its question, or for htmx the question alone."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=422)
        response["HX-Trigger"] = json.dumps({"desk:refused": {"words": refusal(context["still_open"])}})
        return response
    return render(request, "feedback/desk.html", context, status=409)


@staff_required
@require_POST
def desk_decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Approve, release, take back, read again, mark by hand; "and next" opens the next draft of the queue.

    Approving or releasing with something open shows the desk again, which asks (409); its answer brings ``sure=1``.
    """
    user = actor_of(request)
    draft = _draft(user, public_id)
    action = request.POST.get("action", "")
    view, everywhere, tab = _look(request)
    context = desk_context(draft=draft, user=user, view=view, all_assignments=everywhere, tab=tab)
    feedback, readings = context["feedback"], context["readings"]
    version = _version(request)
    following = context["place"].next
    told = context.get("still_open", ())
    approved = feedback is not None and feedback.status == Feedback.Status.APPROVED
    if asked_first(action=action, sure=request.POST.get("sure") == "1", told=told, approved=approved):
        return _ask(request, {**context, "asked": action})
    try:
        if action in {"rerun", "rerun_failed"} and readings is not None:
            rerun(request=readings, actor=user, only_failed=action == "rerun_failed")
            messages.success(request, _("The draft is being read again. What you wrote is kept."))
        elif feedback is None:
            raise review.ReviewRefused(_("This draft has not been read yet."))
        elif action in {"approve", "approve_next"}:
            if feedback.status != Feedback.Status.APPROVED:
                review.approve_draft(feedback=feedback, actor=user, version=version)
            messages.success(request, _("Approved."))
        elif action in {"release", "release_next"}:
            before = feedback.status
            releasing.release(feedback=feedback, actor=user)
            if before == Feedback.Status.RELEASED:
                messages.info(request, _("It had been released already."))
            else:
                messages.success(request, _("Released. The student has been told."))
        elif action == "settle":
            releasing.settle(feedback=feedback, actor=user)
            messages.success(request, _("The student has been told that you looked again."))
        elif action == "retract":
            releasing.retract(feedback=feedback, actor=user)
            messages.success(request, _("Taken back. The student no longer sees it."))
        elif action == "by_hand" and readings is not None:
            review.mark_by_hand(request=readings, actor=user)
            messages.success(request, _("The reviewers’ notes are put aside. Write your own, or bring some back."))
        else:
            raise review.ReviewRefused(_("That step is not possible here."))
    except (DomainError, TransitionError) as error:
        messages.error(request, str(error))
        return _back(request, draft)
    if action.endswith("_next"):
        return redirect(following or context["place"].queue_url)
    return _back(request, draft)


@staff_required
@require_GET
def run_transcript(request: HttpRequest, public_id: str, run_id: int) -> HttpResponse:
    """The exact prompt of one run and the exact answer, while they are kept."""
    user = actor_of(request)
    draft = _draft(user, public_id)
    run = get_or_404(
        ModelRun.objects.filter(request__in=FeedbackRequest.objects.filter(draft=draft)).select_related("transcript"),
        pk=run_id,
    )
    audit.record(actor=user, code="run.transcript_opened", obj=run, course_id=draft.assignment.course_id)
    return render(
        request,
        "feedback/transcript.html",
        {
            "assignment": draft.assignment,
            "run": run,
            "transcript": getattr(run, "transcript", None),
            "back_words": str(draft),
            "seen_url": reverse("desk_seen", args=[draft.public_id]),
            "back_url": reverse("desk", args=[draft.public_id]),
        },
    )


@staff_required
@require_GET
def desk_changes(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the student changed since the last draft."""
    draft = _draft(actor_of(request), public_id)
    context = {"draft": draft, "assignment": draft.assignment, "changes": changes_since(draft), "on_desk": True}
    return render(request, "feedback/changes.html", context)


@staff_required
@require_GET
def desk_seen(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the reviewers saw of the draft, beside what a person sees."""
    draft = _draft(actor_of(request), public_id)
    seen = what_was_seen(draft)
    content = getattr(draft, "content", None)
    gone = content is None or draft.content_removed_at is not None
    hidden = [] if content is None or gone else (content.structure or {}).get("hidden", [])
    hidden = [{**passage, "how": hiding_words(passage["kind"])} for passage in hidden]
    context = {
        "draft": draft,
        "assignment": draft.assignment,
        "seen": seen,
        "hidden": hidden,
        "compared": compared_rows(seen) if seen else [],
    }
    return render(request, "feedback/seen.html", context)
