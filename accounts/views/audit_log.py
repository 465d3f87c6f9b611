"""The audit as a page and as a file."""

from __future__ import annotations

from collections.abc import Collection

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit, audit_log
from accounts.access import actor_of, admin_required
from feedforward.csv_export import csv_response
from feedforward.ratelimit import limited

PAGE_SIZE = 50


def _search_in(request: HttpRequest) -> audit_log.Search:
    return audit_log.Search(
        words=request.GET.get("q", "")[:200],
        family=request.GET.get("family", "")[:40],
        since=audit_log.day_or_none(request.GET.get("since", "")),
        until=audit_log.day_or_none(request.GET.get("until", "")),
    )


def audit_page(
    request: HttpRequest, *, course_id: int | None = None, veiled: Collection[int] = (), **context: object
) -> HttpResponse:
    """The list for a view that has checked who may see it; ``course_id`` narrows it to one course.

    ``veiled`` are people whose names are not shown. ``context`` may bring ``export_url``, ``heading``, ``back_url``,
    ``back_label`` and ``tabs``.
    """
    search = _search_in(request)
    found = audit_log.events(search, course_id=course_id, veiled=veiled)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    entries = [
        (event, audit_log.words_for(event), audit_log.object_of(event), event.actor_id in veiled) for event in page
    ]
    families = audit_log.families(course_id=course_id)
    values = {"page": page, "entries": entries, "search": search, "families": families, **context}
    return render(request, "accounts/audit.html", values)


def audit_file(request: HttpRequest, *, course_id: int | None = None, veiled: Collection[int] = ()) -> HttpResponseBase:
    """The same events as CSV, for a view that has checked who may have it. The export is recorded itself."""
    found = audit_log.events(_search_in(request), course_id=course_id, veiled=veiled)
    audit.record(actor=actor_of(request), code="audit.exported", course_id=course_id, counts={"events": found.count()})
    return csv_response("audit", audit_log.HEAD, audit_log.rows(found, veiled=veiled))


@admin_required
@require_GET
def audit_list(request: HttpRequest) -> HttpResponse:
    """All events."""
    return audit_page(request)


@admin_required
@require_GET
@limited("export", methods=("GET",))
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """All events that match, as CSV."""
    return audit_file(request)
