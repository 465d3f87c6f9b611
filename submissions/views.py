"""The student's side of handing in."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.core.files.storage import storages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.access import actor_of, get_or_404, student_required
from accounts.models import User
from courses.models import Assignment
from feedforward.errors import DomainError
from feedforward.ratelimit import limited
from feedforward.transitions import TransitionError
from submissions.extraction.limits import MediaFormat
from submissions.extraction.verdicts import Reason, sentence
from submissions.forms import SubmitForm
from submissions.intake import (
    NotAccepted,
    confirm_text,
    limit_words,
    limits_for,
    room_for,
    submit_draft,
    withdraw_draft,
)
from submissions.models import Draft
from submissions.retention import content_days

SUFFIXES = {"docx": ".docx", "pdf": ".pdf", "odt": ".odt", "rtf": ".rtf", "txt": ".txt", "md": ".md", "paste": ".txt"}


def _takeable(user: User) -> QuerySet[Assignment]:
    """Assignments of courses the person takes, whatever their phase: closed ones answer in words."""
    return Assignment.objects.visible_to(user).filter(
        course__enrolments__student=user, course__enrolments__status="active"
    )


def _suffixes(assignment: Assignment) -> list[str]:
    formats = assignment.formats or [m.value for m in MediaFormat if m.value not in {"html", "paste"}]
    return [SUFFIXES[name] for name in formats if name in SUFFIXES]


@student_required
@require_http_methods(["GET", "POST"])
@limited("submission")
def submit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hand in a draft: the receipt is the progress page."""
    user = actor_of(request)
    assignment = get_or_404(_takeable(user).select_related("course", "rubric"), public_id=public_id)
    now = timezone.now()
    room = room_for(assignment=assignment, student=user, now=now)
    status = 200
    if request.method == "POST":
        form = SubmitForm(request.POST, request.FILES)
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                receipt = submit_draft(
                    assignment=assignment,
                    student=user,
                    actor=user,
                    upload=upload,
                    declared_type=upload.content_type or "" if upload else "",
                    text=form.cleaned_data["text"],
                    submission_key=form.cleaned_data["key"],
                    now=now,
                )
            except NotAccepted as error:
                form.add_error(error.field, str(error))
            else:
                if receipt.created:
                    messages.success(request, _("Draft %(number)s was received.") % {"number": receipt.draft.number})
                return redirect("draft_progress", receipt.draft.public_id)
        status = 422
    else:
        form = SubmitForm()
    limits = limits_for(assignment)
    return render(
        request,
        "submissions/submit.html",
        {
            "assignment": assignment,
            "form": form,
            "room": room,
            "suffixes": _suffixes(assignment),
            "max_mb": limit_words(limits)["max_mb"],
            "content_days": content_days(assignment),
        },
        status=status,
    )


@student_required
@require_GET
def assignment_drafts(request: HttpRequest, public_id: str) -> HttpResponse:
    """The student's drafts of one assignment, as a panel of the assignment's page."""
    user = actor_of(request)
    assignment = get_or_404(Assignment.objects.visible_to(user), public_id=public_id)
    drafts = Draft.objects.of_student(user).filter(assignment=assignment).select_related("feedback").order_by("-number")
    return render(
        request,
        "submissions/_drafts.html",
        {
            "assignment": assignment,
            "drafts": drafts,
            "room": room_for(assignment=assignment, student=user, now=timezone.now()),
        },
    )


@require_http_methods(["GET", "POST"])
def draft_text(request: HttpRequest, public_id: str) -> HttpResponse:
    """What was read from the file. The author confirms it where the assignment asks for that."""
    user = actor_of(request)
    draft = get_or_404(
        Draft.objects.of_student(user).select_related("assignment__course", "content"), public_id=public_id
    )
    if request.method == "POST":
        try:
            confirm_text(draft=draft, actor=user)
        except (DomainError, TransitionError) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Thank you. Your draft is on its way to the reviewers."))
        return redirect("draft_progress", draft.public_id)
    content = getattr(draft, "content", None)
    return render(
        request,
        "submissions/text.html",
        {
            "draft": draft,
            "assignment": draft.assignment,
            "blocks": _blocks(content) if content else [],
            "gone": draft.content_removed_at is not None,
        },
    )


def _blocks(content: object) -> list[dict[str, object]]:
    """Return the read text in its blocks; pasted text without structure as one paragraph each."""
    structure = getattr(content, "structure", {}) or {}
    blocks = structure.get("blocks") or []
    if blocks:
        return [{"kind": b["kind"], "text": b["text"], "level": b.get("level", 0)} for b in blocks]
    return [{"kind": "paragraph", "text": p, "level": 0} for p in str(getattr(content, "text", "")).split("\n\n") if p]


@require_GET
def draft_file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The file as it was handed in, always as an attachment, under the name it came with."""
    user = actor_of(request)
    draft = get_or_404(Draft.objects.visible_to(user).select_related("content", "assignment"), public_id=public_id)
    content = getattr(draft, "content", None)
    if content is None or not content.stored_name or draft.content_removed_at is not None:
        raise Http404
    storage = storages["drafts"]
    if not storage.exists(content.stored_name):
        raise Http404
    if draft.student_id != user.pk:
        audit.record(actor=user, code="draft.file_opened", obj=draft, course_id=draft.assignment.course_id)
    name = draft.original_name or f"draft-{draft.number}.txt"
    response = FileResponse(storage.open(content.stored_name), content_type="application/octet-stream")
    # Our own header instead of as_attachment: one form, for any name, with nothing to break out of.
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def draft_withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a draft back before its feedback is released."""
    user = actor_of(request)
    draft = get_or_404(Draft.objects.of_student(user).select_related("assignment"), public_id=public_id)
    try:
        withdraw_draft(draft=draft, actor=user)
    except NotAccepted as error:
        messages.error(request, str(error))
        return redirect("draft_progress", draft.public_id)
    messages.success(request, _("Draft %(number)s was taken back.") % {"number": draft.number})
    return redirect("assignment_detail", draft.assignment.public_id)


def failure_sentence(draft: Draft) -> str:
    """Return the sentence for a draft that could not be read."""
    try:
        reason = Reason(draft.failure)
    except ValueError:
        reason = Reason.CORRUPT
    return sentence(reason, **limit_words(limits_for(draft.assignment)))
