"""The review queue: what waits for a person, the oldest first."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import actor_of, get_or_404, staff_required
from accounts.models import User
from courses.models import Assignment
from feedback import review
from feedback.models import Feedback, FeedbackRequest
from feedback.queue import FILTERS, SORTS, View, counts, drafts_in, ordered_ids, rows_for
from feedback.release import may_release
from feedback.requests import may_rerun, rerun_many, with_failed_runs
from feedforward.typed import row_ids
from submissions.models import Draft

PER_PAGE = 50
MOST_AT_ONCE = 500


def _show(request: HttpRequest, user: User, assignment: Assignment | None) -> HttpResponse:
    view = View.of(request.GET)
    numbers = counts(user, assignment=assignment)
    ids = ordered_ids(user, assignment=assignment, view=view)
    page = Paginator(ids, PER_PAGE).get_page(request.GET.get("page"))
    filters = [
        {"name": name, "words": words, "count": numbers[name], "current": name == view.filter}
        for name, (words, _condition) in FILTERS.items()
        if numbers[name] or name in ("review", view.filter)
    ]
    context = {
        "assignment": assignment,
        "rows": rows_for(list(page.object_list), user=user),
        "page_obj": page,
        "view": view,
        "filters": filters,
        "sorts": [(name, words) for name, (words, _order) in SORTS.items()],
        "failed": _failed_count(user, assignment),
        "may_release": assignment is not None and may_release(course=assignment.course, user=user),
    }
    return render(request, "feedback/queue.html", context)


def _failed_count(user: User, assignment: Assignment | None) -> int:
    """How many drafts of the assignment this person could have read again because a reading failed."""
    if assignment is None or not may_rerun(course=assignment.course, user=user):
        return 0
    drafts = drafts_in(user, assignment=assignment)
    return with_failed_runs(FeedbackRequest.objects.filter(draft__in=drafts)).count()


@staff_required
@require_GET
def review_queue(request: HttpRequest, public_id: str) -> HttpResponse:
    """The drafts of one assignment."""
    user = actor_of(request)
    assignment = get_or_404(Assignment.objects.reviewable_by(user).select_related("course"), public_id=public_id)
    return _show(request, user, assignment)


@staff_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Everything that waits for this person, over all assignments."""
    return _show(request, actor_of(request), None)


@staff_required
@require_POST
def queue_bulk(request: HttpRequest, public_id: str) -> HttpResponse:
    """Approve or release the ticked drafts; what was not done is said, with the reason."""
    user = actor_of(request)
    assignment = get_or_404(Assignment.objects.reviewable_by(user).select_related("course"), public_id=public_id)
    if request.POST.get("action") in {"rerun_failed", "rerun_all_failed"}:
        return _rerun_failed(request, user, assignment)
    chosen = row_ids(request.POST.getlist("draft"), at_most=MOST_AT_ONCE)
    drafts = Draft.objects.reviewable_by(user).filter(assignment=assignment, public_id__in=chosen)
    feedbacks = list(
        Feedback.objects.filter(draft__in=drafts).select_related("draft").order_by("draft__submitted_at", "pk")
    )
    action = request.POST.get("action")
    back = f"{reverse('review_queue', args=[assignment.public_id])}?{View.of(request.POST).query}"
    if not feedbacks or action not in {"approve", "release"}:
        messages.error(request, _("Tick the drafts first, then choose what to do with them."))
        return redirect(back)
    if action == "approve":
        result = review.bulk_approve(feedbacks=feedbacks, actor=user)
        words = ngettext("%(n)s draft approved.", "%(n)s drafts approved.", result.done)
    else:
        result = review.bulk_release(feedbacks=feedbacks, actor=user)
        words = ngettext("Feedback on %(n)s draft released.", "Feedback on %(n)s drafts released.", result.done)
    if result.done:
        messages.success(request, words % {"n": result.done})
    reasons = sorted({reason for _draft, reason in result.refused})
    if result.refused:
        left = ngettext("%(n)s draft was left:", "%(n)s drafts were left:", len(result.refused)) % {
            "n": len(result.refused)
        }
        messages.warning(request, f"{left} {' '.join(reasons)}")
    return redirect(back)


def _rerun_failed(request: HttpRequest, user: User, assignment: Assignment) -> HttpResponse:
    """Repeat the failed readings of the ticked drafts, or of all drafts of the assignment."""
    back = redirect(f"{reverse('review_queue', args=[assignment.public_id])}?{View.of(request.POST).query}")
    drafts = Draft.objects.reviewable_by(user).filter(assignment=assignment)
    if request.POST.get("action") == "rerun_failed":
        chosen = row_ids(request.POST.getlist("draft"), at_most=MOST_AT_ONCE)
        if not chosen:
            messages.error(request, _("Tick the drafts first, then choose what to do with them."))
            return back
        drafts = drafts.filter(public_id__in=chosen)
    waiting = with_failed_runs(FeedbackRequest.objects.filter(draft__in=drafts).select_related("draft"))
    done, refused = rerun_many(requests=waiting[:MOST_AT_ONCE], actor=user, only_failed=True)
    if done:
        words = ngettext(
            "The failed readings of %(n)s draft are being repeated.",
            "The failed readings of %(n)s drafts are being repeated.",
            done,
        )
        messages.success(request, words % {"n": done})
    elif not refused:
        messages.info(request, _("No reading of these drafts failed."))
    if refused:
        messages.warning(request, " ".join(sorted(set(refused))))
    return back
