"""The administrator's pages about people."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import invitations, people
from accounts.access import actor_of, admin_required, get_or_404
from accounts.audit_log import words_for
from accounts.forms import InviteForm, RolesForm
from accounts.models import AuditEvent, Invitation, User
from feedforward.errors import DomainError
from feedforward.ratelimit import limited

PAGE_SIZE = 50
SORTS = {"name": ("name", "email"), "email": ("email",), "joined": ("date_joined",), "last_login": ("last_login",)}


@admin_required
@require_GET
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by words, role and state."""
    words = request.GET.get("q", "").strip()[:200]
    role, state = request.GET.get("role", ""), request.GET.get("state", "")
    found = people.search(words=words, role=role, state=state)
    sort = request.GET.get("sort", "name")
    columns = SORTS.get(sort.removeprefix("-"), SORTS["name"])
    sign = "-" if sort.startswith("-") else ""
    found = found.order_by(*(f"{sign}{column}" for column in columns), "pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(person, people.roles_of(person)) for person in page]
    totals = User.objects.aggregate(
        all=Count("pk"),
        closed=Count("pk", filter=Q(is_active=False)),
        waiting=Count("pk", filter=Q(instructor_requested=True)),
    )
    context = {
        "page": page,
        "rows": rows,
        "role": role,
        "state": state,
        "words": words,
        "totals": totals,
        "roles": people.ROLE_CHOICES,
        "invitations": invitations.waiting(course=None)[:50],
        "now": timezone.now(),
    }
    return render(request, "accounts/people.html", context)


@admin_required
@require_GET
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """One person: what they may do, and what to do about it."""
    somebody = get_or_404(User.objects.all(), public_id=public_id)
    return _person_page(request, somebody, RolesForm(initial={"roles": people.roles_of(somebody)}))


def _person_page(request: HttpRequest, somebody: User, form: RolesForm, *, status: int = 200) -> HttpResponse:
    context = {
        "somebody": somebody,
        "form": form,
        "roles": people.roles_of(somebody),
        "second_step": is_mfa_enabled(somebody),
        "session_count": UserSession.objects.filter(user=somebody).count(),
        "is_self": somebody.pk == actor_of(request).pk,
        "events": [
            (event, words_for(event))
            for event in AuditEvent.objects.filter(object_label="accounts.User", object_id=str(somebody.pk))
            .select_related("actor")
            .order_by("-pk")[:10]
        ],
    }
    return render(request, "accounts/person.html", context, status=status)


@admin_required
@require_POST
def person_roles(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give exactly the ticked roles."""
    somebody = get_or_404(User.objects.all(), public_id=public_id)
    actor = actor_of(request)
    form = RolesForm(request.POST)
    if form.is_valid():
        try:
            people.set_roles(person=somebody, roles=form.cleaned_data["roles"], actor=actor)
        except DomainError as error:
            form.add_error("roles", str(error))
        else:
            if somebody.pk == actor.pk:
                update_session_auth_hash(request, somebody)  # a new key for one's own changed session
            messages.success(request, _("Roles saved. %(name)s was signed out everywhere.") % {"name": somebody})
            return redirect("person", public_id=somebody.public_id)
    return _person_page(request, somebody, form, status=422)


def _do(request: HttpRequest, public_id: str, action: Callable[..., User], done: str) -> HttpResponse:
    """Run one write function on a person and say how it went."""
    somebody = get_or_404(User.objects.all(), public_id=public_id)
    try:
        action(person=somebody, actor=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done % {"name": somebody})
    return redirect("person", public_id=somebody.public_id)


@admin_required
@require_POST
def person_deactivate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Close an account."""
    return _do(request, public_id, people.deactivate, _("%(name)s is signed out everywhere and cannot sign in."))


@admin_required
@require_POST
def person_reactivate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Open a closed account."""
    return _do(request, public_id, people.reactivate, _("%(name)s can sign in again."))


@admin_required
@require_POST
def person_sign_out(request: HttpRequest, public_id: str) -> HttpResponse:
    """End somebody's sessions."""
    return _do(request, public_id, people.end_sessions, _("%(name)s is signed out everywhere."))


@admin_required
@require_POST
def person_instructor(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer a wish to teach: ``decision`` is approve or decline."""
    approve = request.POST.get("decision") == "approve"

    def decide(*, person: User, actor: User) -> User:
        return people.decide_instructor(person=person, approve=approve, actor=actor)

    done = _("%(name)s is an instructor now.") if approve else _("%(name)s stays without that role.")
    return _do(request, public_id, decide, done)


@admin_required
@require_http_methods(["GET", "POST"])
@limited("invitation")
def people_invite(request: HttpRequest) -> HttpResponse:
    """Invite an instructor or administrator."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(**form.cleaned_data, course=None, actor=actor_of(request))
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email})
            return redirect("people")
    return render(request, "accounts/people_invite.html", {"form": form}, status=422 if form.is_bound else 200)


def _site_invitation(public_id: str) -> Invitation:
    return get_or_404(Invitation.objects.filter(course=None), public_id=public_id)


@admin_required
@require_POST
@limited("invitation")
def site_invitation_resend(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send an invitation to a role of the site again."""
    try:
        invitation = invitations.resend(invitation=_site_invitation(public_id), actor=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Sent again to %(email)s.") % {"email": invitation.email})
    return redirect("people")


@admin_required
@require_POST
def site_invitation_withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take an invitation to a role of the site back."""
    try:
        invitations.withdraw(invitation=_site_invitation(public_id), actor=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation is withdrawn; its link no longer works."))
    return redirect("people")
