"""Who may open which address: one row per URL name and method.

A URL without a row fails the suite (test_access.py). ``allow`` names the actors (cast.py) for whom the address does
its work; for everybody else nothing may change and nothing may be told. ``about`` names what the address is about:
those for whom that is invisible get the same answer as for an id that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from feedforward.tests.cast import ACTORS, ANONYMOUS, CLOSED, Scene

Actors = frozenset[str]
Kwargs = Callable[[Scene], dict[str, Any]]

EVERYBODY: Actors = frozenset(ACTORS)
SIGNED_IN: Actors = EVERYBODY - {ANONYMOUS, CLOSED}
NOT_SIGNED_IN: Actors = frozenset({ANONYMOUS, CLOSED})
ADMIN: Actors = frozenset({"admin"})
INSTRUCTORS: Actors = frozenset({"instructor", "co_instructor", "other_instructor"})
ANY_STAFF: Actors = INSTRUCTORS | {"assistant"}
ANY_STUDENT: Actors = frozenset({"owner", "peer", "elsewhere", "dropped"})
# Of the course in question.
OWNER: Actors = frozenset({"instructor"})
EDITORS: Actors = OWNER | {"co_instructor"}
STAFF: Actors = EDITORS | {"assistant"}
STUDENTS: Actors = frozenset({"owner", "peer"})
AUTHOR: Actors = frozenset({"owner"})

# To whom a thing is visible at all; for the others it does not exist.
SEES: dict[str, Actors] = {
    "": EVERYBODY,
    "course": STUDENTS | STAFF | ADMIN,
    "draft": AUTHOR | STAFF,
    "own": AUTHOR,
    "waiting": frozenset({"peer"}) | STAFF,
    "trial": EDITORS,
}


def nothing(scene: Scene) -> dict[str, Any]:
    return {}


def course(scene: Scene) -> dict[str, Any]:
    return {"course_id": scene.course.public_id}


def course_student(scene: Scene) -> dict[str, Any]:
    return {"course_id": scene.course.public_id, "person_id": scene.people.amy.public_id}


def course_member(scene: Scene) -> dict[str, Any]:
    return {"course_id": scene.course.public_id, "person_id": scene.people.tom.public_id}


def course_invitation(scene: Scene) -> dict[str, Any]:
    return {"course_id": scene.course.public_id, "invitation_id": scene.course_invitation.public_id}


def assignment(scene: Scene) -> dict[str, Any]:
    return {"assignment_id": scene.assignment.public_id}


def assignment_public(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.assignment.public_id}


def rubric(scene: Scene) -> dict[str, Any]:
    return {"rubric_id": scene.people.rubric.public_id}


def released(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.released.public_id}


def released_file(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.released.public_id, "position": 1}


def waiting(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.waiting.public_id}


def item(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.item.public_id}


def waiting_item(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.waiting_item.public_id}


def run(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.waiting.public_id, "run_id": scene.run.pk}


def trial(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.trial.public_id}


def trial_run_of(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.trial.public_id, "run_id": scene.trial.request.runs.get().pk}


def trials_of(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.trial.public_id, "other_id": scene.other_trial.public_id}


def provider(scene: Scene) -> dict[str, Any]:
    return {"provider_id": scene.provider.public_id}


def model(scene: Scene) -> dict[str, Any]:
    return {"model_id": scene.model.public_id}


def someone(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.people.alice.public_id}


def mail(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.mail.public_id}


def site_invitation(scene: Scene) -> dict[str, Any]:
    return {"public_id": scene.site_invitation.public_id}


def join_token(scene: Scene) -> dict[str, Any]:
    return {"token": scene.join_token}


def any_number(scene: Scene) -> dict[str, Any]:
    return {"pk": 999_999}


@dataclass(frozen=True)
class Row:
    """One address with one method. ``data`` is posted; ``note`` says what a number alone does not."""

    name: str
    allow: Actors
    method: str = "GET"
    kwargs: Kwargs = nothing
    about: str = ""
    data: tuple[tuple[str, str], ...] = ()
    # An address about one's own thing that the actors here do not have: 404 is no refusal.
    may_be_missing: bool = False
    # Statuses that are the address's own way of answering, not a refusal.
    answers: tuple[int, ...] = ()
    note: str = ""


def get(name: str, allow: Actors, kwargs: Kwargs = nothing, about: str = "", **more: Any) -> Row:
    return Row(name, allow, "GET", kwargs, about, **more)


def post(name: str, allow: Actors, kwargs: Kwargs = nothing, about: str = "", **more: Any) -> Row:
    return Row(name, allow, "POST", kwargs, about, **more)


def both(name: str, allow: Actors, kwargs: Kwargs = nothing, about: str = "", **more: Any) -> tuple[Row, Row]:
    return get(name, allow, kwargs, about, **more), post(name, allow, kwargs, about, **more)


ROWS: tuple[Row, ...] = (
    # --- the ground
    get("healthz", EVERYBODY, answers=(503,), note="503 where no broker runs"),
    get("home", SIGNED_IN),
    # --- signing in (allauth)
    *both("account_login", EVERYBODY),
    *both("account_logout", EVERYBODY, note="GET asks, POST signs out; nobody signed in: led to the login page"),
    *both("account_signup", EVERYBODY, note="closed without SIGNUP_DOMAINS"),
    *both("mfa_login_webauthn", EVERYBODY, note="without a passkey's answer: led to the login page"),
    get("account_inactive", EVERYBODY),
    *both("account_reset_password", EVERYBODY),
    get("account_reset_password_done", EVERYBODY),
    *both("account_reset_password_from_key", EVERYBODY, lambda scene: {"token": "no-token"}, answers=(403,)),
    get("account_reset_password_from_key_done", EVERYBODY),
    get("account_email_verification_sent", EVERYBODY),
    get("account_confirm_email", EVERYBODY, lambda scene: {"key": "nokey"}),
    get("account_confirm_login_code", EVERYBODY, note="not offered: leads to the login page"),
    *both("account_reauthenticate", SIGNED_IN),
    *both("account_email", SIGNED_IN),
    *both("account_change_password", SIGNED_IN),
    *both("account_set_password", SIGNED_IN, note="led to changing it when there is one"),
    *both("mfa_authenticate", EVERYBODY, note="the second step of signing in; otherwise led to the login page"),
    get("mfa_index", SIGNED_IN),
    *both("mfa_reauthenticate", SIGNED_IN),
    *both("mfa_reauthenticate_webauthn", SIGNED_IN),
    *both("mfa_activate_totp", SIGNED_IN),
    *both("mfa_deactivate_totp", SIGNED_IN, may_be_missing=True),
    get("mfa_view_recovery_codes", SIGNED_IN, may_be_missing=True),
    *both("mfa_generate_recovery_codes", SIGNED_IN),
    get("mfa_download_recovery_codes", SIGNED_IN, may_be_missing=True),
    get("mfa_list_webauthn", SIGNED_IN),
    *both("mfa_add_webauthn", SIGNED_IN),
    *both("mfa_edit_webauthn", SIGNED_IN, any_number, note="of one's own keys only; asked again first"),
    *both("mfa_remove_webauthn", SIGNED_IN, any_number, note="of one's own keys only; asked again first"),
    *both("usersessions_list", SIGNED_IN),
    get("socialaccount_login_cancelled", EVERYBODY),
    get("socialaccount_login_error", EVERYBODY, answers=(401,)),
    *both("socialaccount_signup", EVERYBODY, note="only in the middle of signing up; otherwise led away"),
    *both("socialaccount_connections", SIGNED_IN),
    # --- one's account
    *both("profile", SIGNED_IN),
    post("session_end", SIGNED_IN, any_number, may_be_missing=True, note="one's own only: test_sessions"),
    *both("join", NOT_SIGNED_IN, join_token, note="signed in with another address: refused"),
    # --- administrators: people, mail, audit
    get("people", ADMIN),
    *both("people_invite", ADMIN),
    post("site_invitation_resend", ADMIN, site_invitation),
    post("site_invitation_withdraw", ADMIN, site_invitation),
    get("person", ADMIN, someone),
    post("person_roles", ADMIN, someone),
    post("person_deactivate", ADMIN, someone),
    post("person_reactivate", ADMIN, someone),
    post("person_sign_out", ADMIN, someone),
    post("person_instructor", ADMIN, someone),
    get("audit", ADMIN),
    get("audit_export", ADMIN),
    get("outbox", ADMIN),
    get("outbox_mail", ADMIN, mail, may_be_missing=True, note="in the demo only: test_people"),
    post("outbox_resend", ADMIN, mail),
    # --- courses
    get("course_list", SIGNED_IN),
    *both("course_create", INSTRUCTORS | ADMIN),
    *both("join_by_code", SIGNED_IN),
    get("course_detail", SEES["course"], course, "course"),
    *both("course_edit", EDITORS | ADMIN, course, "course"),
    *both("course_lifecycle", OWNER | ADMIN, course, "course"),
    *both("course_leave", STUDENTS, course, "course"),
    get("roster", STAFF | ADMIN, course, "course"),
    post("roster_invite", EDITORS | ADMIN, course, "course"),
    *both("roster_import", EDITORS | ADMIN, course, "course"),
    post("roster_code", EDITORS | ADMIN, course, "course"),
    get("roster_export", EDITORS | ADMIN, course, "course"),
    *both("roster_remove", EDITORS | ADMIN, course_student, "course"),
    post("invitation_change", EDITORS | ADMIN, course_invitation, "course"),
    get("staff", STAFF | ADMIN, course, "course"),
    post("staff_invite", OWNER | ADMIN, course, "course"),
    post("staff_owner", ADMIN, course, "course"),
    *both("staff_change", OWNER | ADMIN, course_member, "course"),
    get("course_record", OWNER | ADMIN, course, "course"),
    get("course_record_export", OWNER | ADMIN, course, "course"),
    get("rubric_list", STAFF | ADMIN, course, "course"),
    *both("rubric_create", EDITORS, course, "course"),
    *both("rubric_templates", ANY_STAFF | ADMIN, may_be_missing=True),
    get("rubric_edit", STAFF | ADMIN, rubric, "course"),
    post("rubric_edit", EDITORS, rubric, "course"),
    get("rubric_export", STAFF | ADMIN, rubric, "course"),
    post("rubric_save_template", EDITORS, rubric, "course"),
    get("assignment_detail", SEES["course"], assignment, "course"),
    post("assignment_publish", EDITORS, assignment, "course"),
    *both("assignment_lifecycle", EDITORS | ADMIN, assignment, "course"),
    *both("assignment_create", EDITORS, course, "course"),
    *both("assignment_edit", EDITORS, assignment, "course"),
    get("assignment_reviewers", STAFF | ADMIN, assignment, "course"),
    *both("course_copy", EDITORS | ADMIN, course, "course"),
    # --- providers and models
    post("plan_estimate", EDITORS, course, "course"),
    *both("budgets", ADMIN),
    get("course_costs", EDITORS | ADMIN, course, "course"),
    post("course_costs", ADMIN, course, "course", note="the limit is the administrator's to set"),
    *both("assignment_costs", EDITORS | ADMIN, assignment, "course"),
    get("providers", ADMIN),
    *both("provider_create", ADMIN),
    *both("provider_edit", ADMIN, provider),
    *both("provider_key", ADMIN, provider, note="asked again first"),
    post("provider_lifecycle", ADMIN, provider),
    *both("provider_test", ADMIN, provider),
    get("models", INSTRUCTORS | ADMIN),
    *both("model_create", ADMIN, provider),
    *both("model_edit", ADMIN, model),
    post("model_price", ADMIN, model),
    post("model_lifecycle", ADMIN, model),
    # --- drafts
    *both("submit", STUDENTS, assignment_public, "course"),
    get("assignment_drafts", STUDENTS, assignment_public, "course"),
    *both("draft_text", AUTHOR, released, "own", note="staff read it on the desk"),
    get("draft_file", AUTHOR | STAFF, released, "draft"),
    get("draft_file_at", AUTHOR | STAFF, released_file, "draft"),
    *both("draft_replace", AUTHOR, released, "own"),
    post("draft_withdraw", AUTHOR, released, "own"),
    # --- feedback, as its student sees it
    get("draft_progress", AUTHOR, released, "own"),
    get("draft_progress_panel", AUTHOR, released, "own"),
    get("feedback_read", AUTHOR, released, "own"),
    get("feedback_download", AUTHOR, released, "own"),
    post("feedback_contest", AUTHOR, released, "own"),
    get("draft_changes", AUTHOR, released, "own"),
    post("note_respond", AUTHOR, item, "own"),
    # --- review
    get("queue", ANY_STAFF),
    get("review_queue", STAFF, assignment_public, "course"),
    post("queue_bulk", STAFF, assignment_public, "course"),
    get("desk", STAFF, waiting, "waiting"),
    get("desk_changes", STAFF, waiting, "waiting"),
    get("desk_seen", STAFF, waiting, "waiting"),
    post("desk_lease", STAFF, waiting, "waiting"),
    post("desk_level", STAFF, waiting, "waiting"),
    post("desk_words", STAFF, waiting, "waiting"),
    post("desk_add", STAFF, waiting, "waiting"),
    post("desk_decide", STAFF, waiting, "waiting", note="an assistant releases only where the course allows it"),
    post("desk_note", STAFF, waiting_item, "waiting"),
    get("run_transcript", STAFF, run, "waiting"),
    # --- insight: numbers over many drafts
    get("insight", STAFF, assignment, "course"),
    get("insight_export", STAFF, assignment, "course"),
    get("results_export", EDITORS, assignment, "course"),
    get("calibration", STAFF | ADMIN, assignment, "course"),
    # --- trials: a text that is nobody's draft
    *both("trials", EDITORS, assignment, "course"),
    get("trial", EDITORS, trial, "trial"),
    get("trial_panel", EDITORS, trial, "trial"),
    post("trial_run", EDITORS, trial, "trial"),
    post("trial_remove", EDITORS, trial, "trial"),
    get("trial_transcript", EDITORS, trial_run_of, "trial"),
    get("trial_compare", EDITORS, trials_of, "trial"),
)

# Old addresses of allauth that only lead to the new ones.
REDIRECTS = ("accounts/social/",)

# Pages that exist in some installations only (DEBUG, demo, institutions for signing in).
SOMETIMES = frozenset({"styleguide", "openid_connect_login", "openid_connect_callback"}) | frozenset(
    f"saml_{name}" for name in ("login", "acs", "finish_acs", "sls", "metadata")
)
