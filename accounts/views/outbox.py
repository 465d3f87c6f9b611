"""Mail that leaves: what was sent, what waits, what failed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import actor_of, admin_required, get_or_404
from accounts.audit import record
from feedforward.models import OutgoingMail

PAGE_SIZE = 50


@admin_required
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """The list, newest first, by state."""
    state = request.GET.get("state", "")
    words = request.GET.get("q", "").strip()[:200]
    mails = OutgoingMail.objects.defer("text", "html").order_by("-pk")
    if state in OutgoingMail.Status.values:
        mails = mails.filter(status=state)
    if words:
        mails = mails.filter(to__icontains=words)
    counts = dict(OutgoingMail.objects.values_list("status").annotate(Count("pk")))
    states = [(value, label, counts.get(value, 0)) for value, label in OutgoingMail.Status.choices]
    page = Paginator(mails, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "state": state, "states": states, "readable": settings.DEMO}
    return render(request, "accounts/outbox.html", context)


@admin_required
@require_GET
def outbox_mail(request: HttpRequest, public_id: str) -> HttpResponse:
    """One mail with its text. Only in the demo: elsewhere its links belong to whom it was sent to."""
    if not settings.DEMO:
        raise Http404
    mail = get_or_404(OutgoingMail.objects.all(), public_id=public_id)
    return render(request, "accounts/outbox_mail.html", {"mail": mail})


@admin_required
@require_POST
def outbox_resend(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a failed mail back among the waiting; it keeps its Message-ID."""
    mail = get_or_404(OutgoingMail.objects.all(), public_id=public_id)
    with transaction.atomic():
        moved = mail.status == OutgoingMail.Status.FAILED and mail.try_move(
            OutgoingMail.Status.PENDING, attempts=0, not_before=None, error=""
        )
        if moved:
            record(actor=actor_of(request), code="mail.resent", obj=mail)
    if moved:
        messages.success(request, _("The mail is among the waiting again."))
    else:
        messages.error(request, _("Only mails that failed can be sent again."))
    return redirect("outbox")
