"""Pages of rubrics: starting one, the editor, templates."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor_of, get_or_404
from accounts.models import User
from courses import rubric_editor as editor
from courses.access import Standing, open_course, open_rubric
from courses.catalogue import change_lifecycle
from courses.forms import RubricTextForm, TemplateForm
from courses.lives import state_tone
from courses.models import Assignment, Course, Rubric, RubricTemplate
from courses.rubric_import import ImportRefused, read
from courses.rubric_lint import lint_rubric
from courses.rubric_spec import from_content, to_content
from courses.rubrics import (
    RubricInvalid,
    create_rubric,
    from_template,
    save_as_template,
    spec_of,
    templates_for,
    update_rubric,
)
from courses.views.tabs import course_tabs
from feedforward.errors import DomainError


@require_GET
def rubric_list(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """The rubrics of a course and where they are used."""
    standing = open_course(actor_of(request), course_id, "may_see_people")
    rows = (
        Rubric.objects.filter(course=standing.course)
        .annotate(criteria_count=Count("criteria", distinct=True), used=Count("assignments", distinct=True))
        .order_by("title", "pk")
        .values("public_id", "title", "revision", "updated_at", "criteria_count", "used")
    )
    context = {
        "course": standing.course,
        "standing": standing,
        "tabs": course_tabs(standing, "rubric_list"),
        "rows": rows,
        "may_change": standing.may_teach and not standing.course.is_read_only,
    }
    return render(request, "courses/rubric_list.html", context)


@require_http_methods(["GET", "POST"])
def rubric_create(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Start a rubric: from a template, from a table or file, or blank in the editor."""
    user = actor_of(request)
    standing = open_course(user, course_id, "may_teach")
    if request.method == "POST":
        start = request.POST.get("start", "")
        if start == "template":
            return _from_template(request, user, standing)
        if start != "import":
            return _editor(request, user, standing, None)
        form = RubricTextForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                imported = read(form.cleaned_data["text"])
            except ImportRefused as error:
                form.add_error("text", str(error))
            else:
                return _editor_page(request, standing, None, editor.draft_of(imported.spec), notes=imported.notes)
        return _start_page(request, user, standing, form, status=422)
    if request.GET.get("start") == "blank":
        return _editor_page(request, standing, None, editor.blank())
    return _start_page(request, user, standing, RubricTextForm())


def _start_page(
    request: HttpRequest, user: User, standing: Standing, form: RubricTextForm, status: int = 200
) -> HttpResponse:
    context = {
        "course": standing.course,
        "standing": standing,
        "tabs": course_tabs(standing, "rubric_list"),
        "templates": [_template_row(row) for row in templates_for(user)],
        "form": form,
        "once": uuid4(),
    }
    return render(request, "courses/rubric_start.html", context, status=status)


def _template_row(row: RubricTemplate) -> dict[str, Any]:
    """What a card of a template shows; its content may have been made elsewhere, so it is read with care."""
    try:
        titles = [criterion.title for criterion in from_content(row.content, title=row.title).criteria]
    except ValueError:
        titles = []
    return {
        "public_id": row.public_id,
        "title": row.title,
        "description": row.description,
        "criteria": titles,
        "is_own": row.owner_id is not None,
        "status": row.status,
        "status_words": row.get_status_display(),
        "tone": state_tone(row.status),
    }


def _from_template(request: HttpRequest, user: User, standing: Standing) -> HttpResponse:
    templates = {str(row.public_id): row for row in templates_for(user)}
    template = templates.get(request.POST.get("template", ""))
    form = RubricTextForm(request.POST)
    if template is None or not form.is_valid():
        return _start_page(request, user, standing, RubricTextForm(), status=422)
    key = form.cleaned_data["key"]
    try:
        rubric = from_template(template=template, course=standing.course, actor=user, public_id=key)
    except IntegrityError:
        rubric = get_or_404(Rubric.objects.filter(course=standing.course), public_id=key)
    except DomainError as error:
        messages.error(request, str(error))
        return _start_page(request, user, standing, RubricTextForm(), status=422)
    else:
        messages.success(request, _("The rubric is there. Change whatever your course needs."))
    return redirect("rubric_edit", rubric.public_id)


@require_http_methods(["GET", "POST"])
def rubric_edit(request: HttpRequest, rubric_id: UUID) -> HttpResponse:
    """The editor; those who may not change the rubric read it."""
    user = actor_of(request)
    rubric, standing = open_rubric(user, rubric_id)
    if request.method == "POST":
        if not standing.may_teach:
            raise PermissionDenied
        return _editor(request, user, standing, rubric)
    if not standing.may_teach or standing.course.is_read_only:
        context = {
            "rubric": rubric,
            "spec": spec_of(rubric),
            "course": standing.course,
            "standing": standing,
            "tabs": course_tabs(standing, "rubric_list"),
        }
        return render(request, "courses/rubric_detail.html", context)
    return _editor_page(request, standing, rubric, editor.draft_of(spec_of(rubric)))


def _editor(request: HttpRequest, user: User, standing: Standing, rubric: Rubric | None) -> HttpResponse:
    """Take one POST of the editor: a button that rearranges, a look at the hints, or saving."""
    draft = editor.read_form(request.POST)
    button = request.POST.get("do", "save")
    if button != "save":
        editor.press(draft, button)
        return _editor_page(request, standing, rubric, draft)
    spec = editor.to_spec(draft)
    if draft.has_errors:
        return _editor_page(request, standing, rubric, draft, status=422)
    key = _uuid(request.POST.get("key", ""))
    try:
        if rubric is None:
            rubric = create_rubric(
                course=standing.course,
                title=spec.title,
                criteria=spec.criteria,
                pass_position=spec.pass_position,
                actor=user,
                public_id=key,
            )
        else:
            rubric = update_rubric(
                rubric=rubric,
                title=spec.title,
                criteria=spec.criteria,
                pass_position=spec.pass_position,
                actor=user,
                expected_revision=_whole(request.POST.get("revision", "")),
            )
    except IntegrityError:
        rubric = get_or_404(Rubric.objects.filter(course=standing.course), public_id=key)
    except RubricInvalid as error:
        editor.mark(draft, error.problems)
        return _editor_page(request, standing, rubric, draft, status=422)
    except DomainError as error:
        draft.errors["all"] = str(error)
        if rubric is not None:
            rubric.refresh_from_db()
        return _editor_page(request, standing, rubric, draft, status=409)
    messages.success(request, _("The rubric is saved."))
    return redirect("rubric_edit", rubric.public_id)


def _editor_page(
    request: HttpRequest,
    standing: Standing,
    rubric: Rubric | None,
    draft: editor.RubricDraft,
    *,
    notes: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    hints = lint_rubric(editor.to_spec(draft, strict=False))
    used = []
    if rubric is not None:
        used = list(
            Assignment.objects.alive().filter(rubric=rubric).order_by("pk").values("public_id", "title", "status")
        )
    context = {
        "course": standing.course,
        "standing": standing,
        "tabs": course_tabs(standing, "rubric_list"),
        "rubric": rubric,
        "draft": draft,
        "hints": [
            {"words": hint.message, "criterion": hint.criterion + 1 if hint.criterion is not None else None}
            for hint in hints
        ],
        "notes": notes,
        "used": used,
        "once": _uuid(request.POST.get("key", "")) or uuid4(),
        "template_form": TemplateForm(initial={"title": draft.title}),
    }
    return render(request, "courses/rubric_form.html", context, status=status)


@require_GET
def rubric_export(request: HttpRequest, rubric_id: UUID) -> HttpResponse:
    """The saved rubric as a .ffrubric file, to be read in again anywhere."""
    rubric, _standing = open_rubric(actor_of(request), rubric_id)
    spec = spec_of(rubric)
    content = {"format": "ffrubric/1", "title": spec.title, "description": "", **to_content(spec)}
    response = HttpResponse(
        json.dumps(content, ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8"
    )
    name = slugify(spec.title)[:60] or "rubric"
    response["Content-Disposition"] = f'attachment; filename="{name}.ffrubric"'
    return response


@require_POST
def rubric_save_template(request: HttpRequest, rubric_id: UUID) -> HttpResponse:
    """Save the rubric as a template of one's own."""
    user = actor_of(request)
    rubric, _standing = open_rubric(user, rubric_id, "may_teach")
    form = TemplateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the template a title."))
        return redirect("rubric_edit", rubric.public_id)
    title = form.cleaned_data["title"].strip()
    same = RubricTemplate.objects.active().filter(owner=user, title=title, content=to_content(spec_of(rubric)))
    if not same.exists():
        save_as_template(rubric=rubric, title=title, description=form.cleaned_data["description"], actor=user)
    messages.success(request, _("Saved as a template. You find it when you start the next rubric."))
    return redirect("rubric_edit", rubric.public_id)


@require_http_methods(["GET", "POST"])
def rubric_templates(request: HttpRequest) -> HttpResponse:
    """The library and one's own templates; POST moves one through its life."""
    user = actor_of(request)
    if not (user.is_instructor or user.is_assistant or user.is_administrator):
        raise PermissionDenied
    if request.method == "POST":
        rows = RubricTemplate.objects.alive()
        rows = rows.filter(owner__isnull=True) if user.is_administrator else rows.filter(owner=user)
        own = RubricTemplate.objects.alive().filter(owner=user)
        template = get_or_404(rows | own, public_id=_uuid(request.POST.get("template", "")))
        action = request.POST.get("action", "")
        if action == "delete" and template.owner_id is None:
            raise PermissionDenied  # the library would bring it back; it can be switched off
        try:
            change_lifecycle(obj=template, action=action, actor=user)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("“%(title)s” is changed.") % {"title": template.title})
        return redirect("rubric_templates")
    library = RubricTemplate.objects.alive().filter(owner__isnull=True).order_by("title")
    if not user.is_administrator:
        library = library.active()
    own = RubricTemplate.objects.alive().filter(owner=user).order_by("title")
    context = {
        "library": [_template_row(row) for row in library],
        "own": [_template_row(row) for row in own],
        "courses": Course.objects.editable_by(user)
        .exclude(status=Course.Status.ARCHIVED)
        .order_by("title")
        .values("public_id", "title", "code")[:50],
    }
    return render(request, "courses/rubric_templates.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
