"""The student's side of handing in."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
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
from feedforward.sealing import Unopenable
from feedforward.storage import StorageUnavailable, draft_storage
from feedforward.transitions import TransitionError
from submissions.extraction import pasted
from submissions.extraction.limits import MediaFormat
from submissions.forms import ReplaceForm, SubmitForm
from submissions.intake import (
    NotAccepted,
    confirm_text,
    replace_files,
    replaceable,
    submit_draft,
    withdraw_draft,
)
from submissions.models import Draft
from submissions.refusals import AnotherMeanwhile, SameFile
from submissions.retention import content_days
from submissions.room import limit_words, limits_for, room_for
from submissions.text_page import parts_of

SUFFIXES = {
    "docx": ".docx",
    "pdf": ".pdf",
    "odt": ".odt",
    "rtf": ".rtf",
    "txt": ".txt",
    "md": ".md",
    "paste": ".txt",
    "html": ".txt",
}


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
        form = SubmitForm(request.POST, request.FILES, max_files=assignment.max_files)
        if form.is_valid():
            try:
                receipt = submit_draft(
                    assignment=assignment,
                    student=user,
                    actor=user,
                    uploads=form.cleaned_data["file"],
                    text=form.cleaned_data["text"],
                    rich=form.cleaned_data["rich"],
                    submission_key=form.cleaned_data["key"],
                    ask_about_same=not form.cleaned_data["same"],
                    shown_number=form.cleaned_data["number"],
                    now=now,
                )
            except AnotherMeanwhile as error:
                form.add_error(None, str(error))
                form.ask_for(error.number)
                room = room_for(assignment=assignment, student=user, now=now)
                status = 409
            except NotAccepted as error:
                _add_refusal(form, error)
                status = 422
            else:
                if receipt.created:
                    messages.success(request, _("Draft %(number)s was received.") % {"number": receipt.draft.number})
                return redirect("draft_progress", receipt.draft.public_id)
        else:
            status = 422
    else:
        form = SubmitForm(max_files=assignment.max_files, initial={"number": room.next_number})
    context = {
        "form": form,
        "room": room,
        "content_days": content_days(assignment),
        "goals_days": settings.GOALS_KEPT_DAYS,
        **_upload_words(assignment),
    }
    return render(request, "submissions/submit.html", context, status=status)


def _add_refusal(form: SubmitForm, error: NotAccepted) -> None:
    form.add_error(error.field, str(error))
    form.asked_same = isinstance(error, SameFile)


def _upload_words(assignment: Assignment) -> dict[str, object]:
    """Return what the upload field tells before anything is sent."""
    max_mb = limit_words(limits_for(assignment))["max_mb"]
    return {"assignment": assignment, "suffixes": _suffixes(assignment), "max_mb": max_mb}


@student_required
@require_http_methods(["GET", "POST"])
@limited("submission")
def draft_replace(request: HttpRequest, public_id: str) -> HttpResponse:
    """Other files, or pasted text, in the place of what could not be read or was read wrongly; the number stays."""
    user = actor_of(request)
    draft = get_or_404(
        Draft.objects.of_student(user).select_related("assignment__course", "student"), public_id=public_id
    )
    assignment = draft.assignment
    now = timezone.now()
    files = list(draft.files)
    status = 200
    if request.method == "POST":
        form = ReplaceForm(request.POST, request.FILES, files=files, max_files=assignment.max_files)
        if form.is_valid():
            try:
                replace_files(
                    draft=draft,
                    actor=user,
                    uploads=form.cleaned_data["file"],
                    text=form.cleaned_data["text"],
                    rich=form.cleaned_data["rich"],
                    position=form.cleaned_data.get("position"),
                    form_key=form.cleaned_data["key"],
                    ask_about_same=not form.cleaned_data["same"],
                    now=now,
                )
            except NotAccepted as error:
                _add_refusal(form, error)
            else:
                messages.success(
                    request, _("Thank you. Draft %(number)s is being read again.") % {"number": draft.number}
                )
                return redirect("draft_progress", draft.public_id)
        status = 422
    else:
        form = ReplaceForm(files=files, max_files=assignment.max_files)
    context = {"form": form, "draft": draft, "open": replaceable(draft, now), **_upload_words(assignment)}
    return render(request, "submissions/replace.html", context, status=status)


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
    gone = draft.content_removed_at is not None
    return render(
        request,
        "submissions/text.html",
        {
            "draft": draft,
            "assignment": draft.assignment,
            "parts": [] if gone else parts_of(draft, content),
            "notices": [] if gone or content is None else (content.structure or {}).get("notices", []),
            "can_replace": replaceable(draft, timezone.now()),
            "gone": gone,
        },
    )


@require_GET
def draft_file(request: HttpRequest, public_id: str, position: int | None = None) -> HttpResponseBase:
    """A file as it was handed in (the first without ``position``): always an attachment, under our own name."""
    user = actor_of(request)
    draft = get_or_404(Draft.objects.visible_to(user).select_related("assignment"), public_id=public_id)
    files = list(draft.files)
    row = next((file for file in files if position in (None, file.position)), None)
    if row is None or draft.content_removed_at is not None:
        raise Http404
    try:
        stored = draft_storage().open(row.stored_name)
    except (FileNotFoundError, Unopenable):
        raise Http404 from None
    except StorageUnavailable:
        return render(request, "503.html", status=503)
    if draft.student_id != user.pk:
        audit.record(actor=user, code="draft.file_opened", obj=draft, course_id=draft.assignment.course_id)
    # Our own name: the one it came with may hold the author's, and reviewing may be blind.
    part = f"-file-{row.position}" if len(files) > 1 else ""
    name = f"draft-{draft.number}{part}{SUFFIXES.get(row.media_format, '')}"
    if (
        row.media_format == MediaFormat.HTML.value
    ):  # what stood in the box; the formatting behind it is no file of theirs
        with stored:
            response: HttpResponseBase = HttpResponse(pasted.unpack(stored.read())[0], "application/octet-stream")
    else:
        response = FileResponse(stored, content_type="application/octet-stream")
        response["Content-Length"] = str(row.size_bytes)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
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
