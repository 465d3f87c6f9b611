"""The one place where the hints of permissions.csv become addresses of this site.

A plan says what to ask, with which data, after which change of state. ``absent`` marks what this site does not
have: there the address of the hint itself is asked, and nobody may get anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, User
from accounts.resets import issue
from courses.models import Assignment, Course
from feedback.models import Feedback
from feedforward.models import OutgoingMail
from feedforward.tests.cast import CANARY, ESSAY, Scene
from submissions.models import Draft, DraftContent

PASSWORD = "correct horse battery"
NEW_PASSWORD = "a new and long enough sentence"


@dataclass
class Plan:
    """One request. ``missing`` is the same address for a thing that does not exist."""

    url: str
    data: dict[str, Any] = field(default_factory=dict)
    missing: str = ""
    absent: bool = False
    # Asked signed out, whoever the row names: the row is about a link or a form, not about a session.
    signed_out: bool = False
    before: Callable[[], None] | None = None
    secrets: tuple[str, ...] = ()
    # Statuses that are this address's own way to say yes.
    answers: tuple[int, ...] = ()
    # For refusals that depend on what was posted: what counts as the thing that must not happen.
    unchanged: Callable[[], Any] | None = None


Row = dict[str, str]
Planner = Callable[[Scene, Row, str], Plan]
PLANS: list[tuple[str, str, Planner]] = []


def plan(method: str, *hints: str) -> Callable[[Planner], Planner]:
    """Register a planner for the hints of one method."""

    def register(planner: Planner) -> Planner:
        PLANS.extend((method, hint, planner) for hint in hints)
        return planner

    return register


def at(name: str, **kwargs: Any) -> str:
    return reverse(name, kwargs=kwargs or None)


def has(name: str, *args: Any) -> str:
    """The address of a name, or "" when this installation has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def find(row: Row) -> Planner | None:
    """The planner of a row, by method and hint."""
    for method, hint, planner in PLANS:
        if method == row["method"] and hint == row["url_hint"]:
            return planner
    return None


# --- states ------------------------------------------------------------------------------------------


def set_course(scene: Scene, state: str) -> None:
    """Put the course in the state the row names."""
    for status in ("inactive", "archived", "deleted", "draft"):
        if status in state:
            chosen = "archived" if "archived" in state else status
            gone = timezone.now() if chosen == "deleted" else None
            Course.objects.filter(pk=scene.course.pk).update(status=chosen, deleted_at=gone)
            return


def set_assignment(scene: Scene, state: str) -> None:
    """Put the assignment (or its course) in the state the row names."""
    rows = Assignment.objects.filter(pk=scene.assignment.pk)
    now = timezone.now()
    if "after deadline" in state:
        rows.update(due_at=now - timedelta(days=2), closes_at=now - timedelta(days=1))
    elif "limit" in state:
        rows.update(max_drafts=1)
    elif "course" in state:
        set_course(scene, state)
    elif "deleted" in state:
        rows.update(status="deleted", deleted_at=now)
    elif "archived" in state:
        rows.update(status="archived")
    elif "draft" in state and "has drafts" not in state:
        rows.update(status="draft")


def set_draft(scene: Scene, draft: Draft, state: str) -> None:
    """Put a draft or its feedback in the state the row names."""
    feedback = Feedback.objects.filter(draft=draft)
    if "removed" in state:
        DraftContent.objects.filter(draft=draft).delete()
        Draft.objects.filter(pk=draft.pk).update(content_removed_at=timezone.now())
    if state.startswith(("not released", "un-released", "ready")) or state == "any":
        feedback.update(status="in_review", released_at=None)
    if state == "approved":
        feedback.update(status="approved", released_at=None, approved_at=timezone.now())
    if "not approved" in state:
        feedback.update(status="in_review", released_at=None)
    if "archived" in state:
        set_course(scene, "archived")


# --- accounts ----------------------------------------------------------------------------------------


@plan("GET", "/login")
def login_page(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("account_login"))


@plan("POST", "/login")
def login(scene: Scene, row: Row, actor: str) -> Plan:
    person = scene.actor(actor) or scene.people.alice
    return Plan(
        at("account_login"),
        {"login": person.email, "password": PASSWORD},
        signed_out=True,
        unchanged=lambda: get_user_model().objects.get(pk=person.pk).last_login,
    )


@plan("POST", "/password/reset")
def reset(scene: Scene, row: Row, actor: str) -> Plan:
    person = scene.actor(actor) or User(email="nobody@example.edu")
    return Plan(at("account_reset_password"), {"email": person.email}, signed_out=True)


@plan("POST", "/password/reset/key")
def reset_link(scene: Scene, row: Row, actor: str) -> Plan:
    person = scene.actor(actor) or scene.people.alice
    key = issue(user=person, actor=None).rstrip("/").rpartition("/")[2]
    spent = row["state"].startswith(("used", "expired")) or not person.is_active
    if spent:
        key = f"{key[:-1]}{'0' if key[-1] != '0' else '1'}"
    url = at("account_reset_password_from_key", token=key)
    return Plan(
        f"follow:{url}",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        signed_out=True,
        unchanged=lambda: get_user_model().objects.get(pk=person.pk).password,
    )


@plan("POST", "/signup")
def signup(scene: Scene, row: Row, actor: str) -> Plan:
    data = {"name": "Eve", "email": "eve@example.edu", "password1": NEW_PASSWORD}
    return Plan(at("account_signup"), data, signed_out=True, unchanged=lambda: User.objects.count())


@plan("POST", "/invite/<token>")
def invitation(scene: Scene, row: Row, actor: str) -> Plan:
    person = scene.actor(actor)
    other = "other" in row["state"] or "another" in row["action"]
    # Issued to somebody who has an account: whoever is not signed in has to sign in as that person first.
    email = scene.people.amy.email if other else person.email if person else "new.person@example.edu"
    if other and actor == "peer":
        email = scene.people.alice.email
    # A course in which the person is nobody yet.
    at_home = actor in {"other_instructor", "elsewhere"} or other
    course, teacher = (scene.course, scene.people.bob) if at_home else (scene.people.other, scene.people.charlie)
    made = invitations.invite(email=email, role="student", course=course, actor=teacher)
    mail = OutgoingMail.objects.filter(kind="invitation", to=email).order_by("-pk")[0]
    token = mail.text.split("/join/", 1)[1].split("/", 1)[0]
    if "spent" in row["state"] or "expired" in row["state"].replace("unexpired", ""):
        Invitation.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(days=1))
    data = {} if other and person is None else {"name": "New Person", "password": NEW_PASSWORD}
    found = Plan(at("join", token=token), data)
    found.unchanged = lambda: Invitation.objects.get(pk=made.pk).status
    return found


@plan("GET", "/account")
def account(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("profile"))


@plan("POST", "/account")
def account_post(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("profile"), {"name": "x", "time_zone": "", "role": "admin", "is_administrator": "on"})


@plan("POST", "/account/password")
def password(scene: Scene, row: Row, actor: str) -> Plan:
    data = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return Plan(at("account_change_password"), data)


@plan("POST", "/account/email")
def email(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("account_email"), {"email": "new@example.edu", "action_add": "1"})


@plan("GET", "/users/<id>")
def user_page(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "owner":
        return Plan(at("profile"))
    if actor in {"instructor", "co_instructor", "assistant"}:
        return Plan(at("roster", course_id=scene.course.public_id))
    return Plan(at("person", public_id=scene.people.alice.public_id), missing=at("person", public_id=uuid4()))


# --- administration of people ------------------------------------------------------------------------


@plan("GET", "/manage/users")
def users(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("people"))


@plan("POST", "/manage/users/new")
def user_new(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("people_invite"), {"email": "prof@example.edu", "role": "instructor"})


@plan("POST", "/manage/users/<id>/role")
def user_role(scene: Scene, row: Row, actor: str) -> Plan:
    person = scene.people.admin if "last" in row["state"] or "own" in row["action"] else scene.people.alice
    return Plan(at("person_roles", public_id=person.public_id), {"roles": ["student", "instructor"]})


@plan("POST", "/manage/users/<id>/deactivate")
def user_deactivate(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("person_deactivate", public_id=scene.people.amy.public_id))


@plan("POST", "/manage/users/<id>/logout")
def user_logout(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("person_sign_out", public_id=scene.people.amy.public_id))


# --- courses -----------------------------------------------------------------------------------------


@plan("GET", "/courses")
def courses(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("course_list"))


def _course(scene: Scene, row: Row, name: str, data: dict[str, Any] | None = None, **kwargs: Any) -> Plan:
    return Plan(
        at(name, course_id=scene.course.public_id, **kwargs),
        data or {},
        missing=at(name, course_id=uuid4(), **kwargs),
        before=lambda: set_course(scene, row["state"]),
    )


@plan("GET", "/courses/A")
def course(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin" and "deleted" in row["state"]:
        found = _admin_page("courses_course", scene.course.pk)
        found.before = lambda: set_course(scene, row["state"])
        return found
    return _course(scene, row, "course_detail")


@plan("POST", "/courses/new")
def course_new(scene: Scene, row: Row, actor: str) -> Plan:
    data = {"title": "New course", "owner": str(scene.people.bob.public_id), "instructor": str(scene.people.bob.pk)}
    return Plan(at("course_create"), data)


@plan("POST", "/courses/A/edit")
def course_edit(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "course_edit", {"title": "Renamed", "code": "", "term": "", "description": ""})


@plan("POST", "/courses/A/status")
def course_status(scene: Scene, row: Row, actor: str) -> Plan:
    skip = "skip" in row["action"]
    return _course(scene, {**row, "state": ""}, "course_lifecycle", {"action": "activate" if skip else "deactivate"})


@plan("POST", "/courses/A/delete")
def course_delete(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "course_lifecycle", {"action": "delete"})


@plan("POST", "/courses/A/owner")
def course_owner(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "staff_owner", {"instructor": str(scene.people.carol.pk)})


@plan("POST", "/courses/A/staff")
def course_staff(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "staff_invite", {"email": "tara@example.edu", "role": "assistant"})


@plan("GET", "/courses/A/students")
def roster(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "roster")


@plan("GET", "/courses/A/students.csv")
def roster_csv(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "roster_export")


@plan("POST", "/courses/A/invite")
def roster_invite(scene: Scene, row: Row, actor: str) -> Plan:
    data = {"email": "nina@example.edu", "name": "Nina"}
    found = _course(scene, row, "roster_invite", data)
    if "role=" in row["action"]:
        # The field is not looked at: whoever is invited here is invited as a student.
        data["role"] = "instructor"
        found.unchanged = lambda: Invitation.objects.filter(email="nina@example.edu").exclude(role="student").count()
    return found


@plan("POST", "/invitations/<id>/resend")
def invitation_resend(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(
        scene, row, "invitation_change", {"action": "resend"}, invitation_id=scene.course_invitation.public_id
    )


@plan("POST", "/courses/A/students/<id>/remove")
def roster_remove(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "roster_remove", {"action": "remove"}, person_id=scene.people.amy.public_id)


# --- assignments -------------------------------------------------------------------------------------


def _assignment(scene: Scene, row: Row, name: str, data: dict[str, Any] | None = None, key: str = "public_id") -> Plan:
    return Plan(
        at(name, **{key: scene.assignment.public_id}),
        data or {},
        missing=at(name, **{key: uuid4()}),
        before=lambda: set_assignment(scene, row["state"]),
    )


def _fields(scene: Scene, **more: str) -> dict[str, Any]:
    fields = {
        "title": "Second essay",
        "rubric": str(scene.people.rubric.pk),
        "max_drafts": "3",
        "hours_between": "0",
        "aggregation": "clamped_mean",
        "feedback_language": "en",
        "levels_shown": "never",
        "models-TOTAL_FORMS": "0",
        "models-INITIAL_FORMS": "0",
    }
    return {**fields, **more}


@plan("GET", "/assignments/<id>")
def assignment(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin" and "deleted" in row["state"]:
        found = _admin_page("courses_assignment", scene.assignment.pk)
        found.before = lambda: set_assignment(scene, row["state"])
        return found
    return _assignment(scene, row, "assignment_detail", key="assignment_id")


@plan("GET", "/assignments/<id>/config")
def assignment_config(scene: Scene, row: Row, actor: str) -> Plan:
    return _assignment(scene, row, "assignment_reviewers", key="assignment_id")


@plan("POST", "/courses/A/assignments/new")
def assignment_new(scene: Scene, row: Row, actor: str) -> Plan:
    return _course(scene, row, "assignment_create", _fields(scene))


@plan("POST", "/courses/X/assignments/new")
def assignment_swapped(scene: Scene, row: Row, actor: str) -> Plan:
    """Staff of one course post the other's id, in the path and in the body."""
    mine = scene.course if actor in {"other_instructor", "elsewhere"} else scene.people.other
    body = {"course": str(mine.pk), "course_id": str(mine.public_id)}
    found = Plan(at("assignment_create", course_id=mine.public_id), _fields(scene, **body))
    found.missing = at("assignment_create", course_id=uuid4())
    found.unchanged = lambda: Assignment.objects.count()
    return found


@plan("POST", "/assignments/<id>/edit")
def assignment_edit(scene: Scene, row: Row, actor: str) -> Plan:
    return _assignment(scene, row, "assignment_edit", _fields(scene), key="assignment_id")


@plan("POST", "/assignments/<id>/config")
def assignment_models(scene: Scene, row: Row, actor: str) -> Plan:
    """More runs than the site allows, or a model that is not in use."""
    runs = "99" if "limit" in row["action"] else "1"
    if "disabled" in row["action"] or "not allowed" in row["action"]:
        type(scene.model).objects.filter(pk=scene.model.pk).update(status="inactive")
    model = str(scene.model.pk)
    data = _fields(scene)
    for prefix in ("models", "form", "model"):
        data |= {
            f"{prefix}-TOTAL_FORMS": "1",
            f"{prefix}-INITIAL_FORMS": "0",
            f"{prefix}-0-ai_model": model,
            f"{prefix}-0-model": model,
            f"{prefix}-0-runs": runs,
        }
    found = _assignment(scene, {**row, "state": ""}, "assignment_edit", data, key="assignment_id")
    found.unchanged = lambda: list(
        scene.model.assignment_models.filter(assignment=scene.assignment).values_list("runs", flat=True)
    )
    return found


@plan("POST", "/assignments/<id>/rubric")
def assignment_rubric(scene: Scene, row: Row, actor: str) -> Plan:
    url = at("rubric_edit", rubric_id=scene.people.rubric.public_id)
    return Plan(url, {"do": "save", "title": "Essay"}, missing=at("rubric_edit", rubric_id=uuid4()))


@plan("POST", "/assignments/<id>/delete")
def assignment_delete(scene: Scene, row: Row, actor: str) -> Plan:
    return _assignment(scene, {**row, "state": ""}, "assignment_lifecycle", {"action": "delete"}, key="assignment_id")


@plan("GET", "/assignments/<id>/drafts")
def assignment_drafts(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin":
        return Plan(has("admin:submissions_draft_changelist"))
    return _assignment(scene, row, "review_queue")


# --- drafts ------------------------------------------------------------------------------------------


@plan("POST", "/assignments/<id>/submit")
def submit(scene: Scene, row: Row, actor: str) -> Plan:
    data = {"text": ESSAY.replace("small", "very small"), "key": str(uuid4())}
    found = _assignment(scene, row, "submit", data)
    if "another student" in row["action"]:
        data |= {"student_id": str(scene.people.dana.pk), "student": str(scene.people.dana.pk)}
        found.unchanged = lambda: Draft.objects.filter(student=scene.people.dana).count()
    return found


def _admin_page(kind: str, pk: int) -> Plan:
    """Administrators see drafts and feedback as rows of Django's admin, without their text."""
    url = has(f"admin:{kind}_change", pk)
    return Plan(url) if url else Plan(f"/{kind}/", absent=True)


STAFF = {"assistant", "instructor", "co_instructor"}


def _draft(scene: Scene, row: Row, actor: str, own: str, staff: str, draft: Draft, data: Any = None) -> Plan:
    """A page about a draft: its author's own page, the desk for staff, the bare row for administrators."""
    if actor == "admin":
        found = _admin_page("submissions_draft", draft.pk)
    else:
        name = staff if actor in STAFF else own
        found = Plan(at(name, public_id=draft.public_id), data or {}, missing=at(name, public_id=uuid4()))
    found.before = lambda: set_draft(scene, draft, row["state"])
    return found


@plan("GET", "/drafts/<id>", "/drafts/<id>/status (HTMX)")
def draft_page(scene: Scene, row: Row, actor: str) -> Plan:
    own = "draft_progress_panel" if "HTMX" in row["url_hint"] else "draft_progress"
    return _draft(scene, row, actor, own, "desk", scene.released)


@plan("GET", "/drafts/<dropped's>")
def draft_of_left(scene: Scene, row: Row, actor: str) -> Plan:
    return _draft(scene, {**row, "state": ""}, actor, "draft_progress", "desk", scene.parted)


@plan("GET", "/drafts/<id>/text")
def draft_text(scene: Scene, row: Row, actor: str) -> Plan:
    return _draft(scene, row, actor, "draft_text", "desk", scene.released)


@plan("GET", "/drafts/<id>/file")
def draft_file(scene: Scene, row: Row, actor: str) -> Plan:
    url = at("draft_file", public_id=scene.released.public_id)
    return Plan(url, missing=at("draft_file", public_id=uuid4()))


@plan("POST", "/drafts/<id>/delete")
def draft_withdraw(scene: Scene, row: Row, actor: str) -> Plan:
    url = at("draft_withdraw", public_id=scene.released.public_id)
    return Plan(url, missing=at("draft_withdraw", public_id=uuid4()))


@plan("POST", "/drafts/<id>")
def draft_fields(scene: Scene, row: Row, actor: str) -> Plan:
    url = at("draft_progress", public_id=scene.released.public_id)
    return Plan(url, {"status": "ready", "assignment": "1"}, missing=at("draft_progress", public_id=uuid4()))


@plan("POST", "/drafts/<id>/rerun")
def draft_rerun(scene: Scene, row: Row, actor: str) -> Plan:
    found = _decide(scene, row, "rerun")
    if "removed" in row["state"]:
        found.before = lambda: set_draft(scene, scene.released, "content removed")
    else:
        found.before = lambda: set_draft(scene, scene.released, "not released")
    return found


@plan("GET", "/drafts/?q=")
def draft_search(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin":
        return Plan(has("admin:submissions_draft_changelist"))
    if actor == "other_instructor":
        return Plan(
            at("review_queue", public_id=scene.assignment.public_id), missing=at("review_queue", public_id=uuid4())
        )
    if actor in STAFF:
        return Plan(f"{at('queue')}?q=alice")
    return Plan(
        at("draft_progress", public_id=scene.parted.public_id if actor != "dropped" else scene.waiting.public_id)
    )


# --- feedback ----------------------------------------------------------------------------------------


@plan("GET", "/drafts/<id>/feedback")
def feedback_page(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin":
        return _admin_page("feedback_feedback", scene.feedback.pk)
    return _draft(scene, row, actor, "feedback_read", "desk", scene.released)


@plan("GET", "/drafts/<id>/runs")
def runs(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin":
        return _admin_page("feedback_modelrun", scene.run.pk)
    kwargs = {"run_id": scene.run.pk}
    url = at("run_transcript", public_id=scene.waiting.public_id, **kwargs)
    return Plan(url, missing=at("run_transcript", public_id=uuid4(), **kwargs))


def _decide(scene: Scene, row: Row, action: str) -> Plan:
    draft = scene.released
    url, missing = at("desk_decide", public_id=draft.public_id), at("desk_decide", public_id=uuid4())
    data = {"action": action, "sure": "1"}
    return Plan(url, data, missing=missing, before=lambda: set_draft(scene, draft, row["state"]))


@plan("POST", "/feedback/<id>/edit")
def feedback_edit(scene: Scene, row: Row, actor: str) -> Plan:
    draft = scene.released
    name, data = "desk_words", {"words": "Read it aloud once."}
    if "range" in row["action"]:
        name, data = "desk_level", {"criterion": "c1", "level": "99"}
    found = Plan(at(name, public_id=draft.public_id), data, missing=at(name, public_id=uuid4()))
    found.before = lambda: set_draft(scene, draft, row["state"])
    if row["state"] == "released" and actor in {"instructor", "co_instructor"}:
        # Released feedback is taken back first; then it can be changed.
        found = _decide(scene, row, "retract")
    return found


@plan("POST", "/feedback/<id>/approve")
def feedback_approve(scene: Scene, row: Row, actor: str) -> Plan:
    return _decide(scene, row, "approve")


@plan("POST", "/feedback/<id>/release")
def feedback_release(scene: Scene, row: Row, actor: str) -> Plan:
    return _decide(scene, row, "release")


@plan("POST", "/feedback/<id>/unrelease")
def feedback_retract(scene: Scene, row: Row, actor: str) -> Plan:
    return _decide(scene, row, "retract")


@plan("POST", "/assignments/<id>/release")
def feedback_bulk(scene: Scene, row: Row, actor: str) -> Plan:
    """An id of another course among those to release."""
    data = {"action": "release", "draft": [str(uuid4()), str(scene.waiting.public_id)]}
    return _assignment(scene, {**row, "state": ""}, "queue_bulk", data)


@plan("POST", "/feedback/<id>/rate")
def feedback_rate(scene: Scene, row: Row, actor: str) -> Plan:
    url = at("note_respond", public_id=scene.item.public_id)
    return Plan(url, {"rating": "helpful"}, missing=at("note_respond", public_id=uuid4()))


@plan("GET", "/review")
def review(scene: Scene, row: Row, actor: str) -> Plan:
    if actor == "admin":
        return Plan(has("admin:feedback_feedback_changelist"))
    return Plan(at("queue"))


@plan("POST", "/review/<id>")
def review_by_hand(scene: Scene, row: Row, actor: str) -> Plan:
    url = at("desk_add", public_id=scene.waiting.public_id)
    return Plan(url, {"comment": "Name the island.", "group": "priority"}, missing=at("desk_add", public_id=uuid4()))


# --- providers, audit, mail, operations --------------------------------------------------------------


@plan("GET", "/manage/providers")
def providers(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("providers") if actor == "admin" else at("models"), secrets=(f"sk-{CANARY}",))


@plan("GET", "/manage/providers/<id>")
def provider_page(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("provider_edit", provider_id=scene.provider.public_id), secrets=(f"sk-{CANARY}", "0123456789abcdef"))


@plan("POST", "/manage/providers/<id>")
def provider_edit(scene: Scene, row: Row, actor: str) -> Plan:
    data = {"name": "Loopback two", "kind": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    data |= {"max_concurrent": "5", "requests_per_minute": "60", "key": ""}
    return Plan(at("provider_edit", provider_id=scene.provider.public_id), data, secrets=(f"sk-{CANARY}",))


@plan("POST", "/manage/providers/<id>/test")
def provider_test(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("provider_test", provider_id=scene.provider.public_id), secrets=(f"sk-{CANARY}",))


@plan("POST", "/manage/providers/<id>/delete")
def provider_delete(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("provider_lifecycle", provider_id=scene.provider.public_id), {"action": "deactivate"})


@plan("GET", "/manage/audit")
def audit(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("audit"))


@plan("POST", "/manage/audit/<id>")
def audit_edit(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(reverse("admin:accounts_auditevent_change", args=[1]), {"code": "x"})


@plan("GET", "/manage/emails")
def mails(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("outbox"), secrets=("/join/", scene.join_token))


@plan("POST", "/manage/emails/<id>/retry")
def mail_retry(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(
        at("outbox_resend", public_id=scene.mail.public_id),
        before=lambda: OutgoingMail.objects.filter(pk=scene.mail.pk).update(status="failed") and None,
    )


@plan("GET", "/admin/")
def django_admin(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(f"follow:{at('admin:index')}")


@plan("GET", "/healthz")
def healthz(scene: Scene, row: Row, actor: str) -> Plan:
    return Plan(at("healthz"), answers=(503,))
