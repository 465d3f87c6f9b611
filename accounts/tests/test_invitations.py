"""Invitations: sent once, used once, by whom they were sent to."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, Invitation, User
from accounts.people import NotAllowed, add_person, deactivate
from accounts.signals import invitation_accepted
from accounts.tests.test_login import PASSWORD, is_signed_in, sign_in
from courses.models import Course
from feedforward.models import OutgoingMail

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    return add_person(email="root@uni.example", name="Root", password=PASSWORD, roles=["administrator"], actor=None)


@pytest.fixture
def bob() -> User:
    return add_person(email="bob@uni.example", name="Bob Birch", password=PASSWORD, roles=["instructor"], actor=None)


@pytest.fixture
def course(bob: User) -> Course:
    return Course.objects.create(title="Writing", code="WR101", instructor=bob)


def invite(course: Course | None, actor: User, role: str = "student", email: str = "Alice@Uni.example") -> Invitation:
    return invitations.invite(email=email, name="Alice Arden", role=role, course=course, actor=actor)


def token_of(email: str = "alice@uni.example") -> str:
    mail = OutgoingMail.objects.filter(kind="invitation", to=email).order_by("-pk")[0]
    found = re.search(r"/join/([^/\s]+)/", mail.text)
    assert found
    return found.group(1)


def test_an_invitation_is_mailed_and_only_its_hash_is_kept(course, bob):
    invitation = invite(course, bob)
    token = token_of()
    assert len(token) >= 43  # 256 bits in base64
    assert invitation.email == "alice@uni.example"
    assert invitation.token_hash == invitations.token_hash(token) != token
    assert invitations.find(token) == invitation
    mail = OutgoingMail.objects.get()
    assert "Bob Birch" in mail.text and "WR101 Writing" in mail.text and mail.text in mail.text


def test_the_same_invitation_is_sent_again_instead_of_doubled(course, bob):
    first = invite(course, bob)
    old = token_of()
    again = invite(course, bob)
    assert again.pk == first.pk and again.sent_count == 2
    assert Invitation.objects.count() == 1
    with pytest.raises(invitations.InvitationUnknown):
        invitations.find(old)
    assert invitations.find(token_of()) == first
    other_role = invite(course, bob, role="assistant")
    assert other_role.pk != first.pk


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x@y.example\nBcc: all@uni.example"])
def test_addresses_that_are_none_are_refused(course, bob, email):
    with pytest.raises(invitations.InvitationRefused):
        invite(course, bob, email=email)
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("role", ["instructor", "administrator"])
def test_roles_of_the_site_are_for_administrators_to_give(role, bob, root, course):
    with pytest.raises(NotAllowed):
        invite(None, bob, role=role)
    with pytest.raises(invitations.InvitationRefused):
        invite(course, bob, role=role)
    assert invite(None, root, role=role).role == role


def test_somebody_new_joins_by_name_and_password(client, course, bob):
    invite(course, bob)
    url = reverse("join", args=[token_of()])
    page = client.get(url)
    assert page.status_code == 200 and "Bob Birch" in page.content.decode()
    assert not User.objects.filter(email="alice@uni.example").exists()
    heard: list[tuple[str, User]] = []

    def hear(sender, invitation, user, now, **kwargs):
        heard.append((invitation.status, user))

    invitation_accepted.connect(hear)
    try:
        answer = client.post(url, {"name": "Alice Arden", "password": PASSWORD})
    finally:
        invitation_accepted.disconnect(hear)
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))
    alice = User.objects.get(email="alice@uni.example")
    assert alice.is_student and not alice.is_instructor and heard == [("accepted", alice)]
    assert is_signed_in(client)
    # The address counts as confirmed: signing in again works at once.
    assert sign_in(Client(), alice.email).status_code == 302
    assert AuditEvent.objects.filter(code="invitation.accepted", course_id=course.pk, actor=alice).count() == 1


@pytest.mark.parametrize("data", [{}, {"name": "Alice"}, {"name": "Alice", "password": "short"}])
def test_a_form_with_errors_keeps_the_invitation_open(client, course, bob, data):
    invitation = invite(course, bob)
    answer = client.post(reverse("join", args=[token_of()]), {"name": "", **data})
    assert answer.status_code == 422
    invitation.refresh_from_db()
    assert invitation.status == "open" and not User.objects.filter(email="alice@uni.example").exists()


def test_somebody_known_signs_in_first_and_then_accepts(client, course, bob):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    invite(course, bob)
    url = reverse("join", args=[token_of()])
    page = client.get(url)
    assert "password" not in [field.name for field in page.context.get("form") or []]
    # A stranger with the link cannot set a new password for the account.
    answer = client.post(url, {"name": "Mallory", "password": "mallory was here 1"})
    assert answer.status_code == 302 and reverse("account_login") in answer["Location"]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD) and alice.name == ""
    assert sign_in(client, alice.email, next=url)["Location"] == url
    assert Invitation.objects.get().status == "open"
    client.get(url)
    assert Invitation.objects.get().status == "open"
    assert client.post(url)["Location"] == reverse("home")
    assert Invitation.objects.get().accepted_by == alice
    assert is_signed_in(client)


def test_somebody_else_cannot_use_it(client, course, bob):
    add_person(email="mallory@uni.example", password=PASSWORD, actor=None)
    sign_in(client, "mallory@uni.example")
    invite(course, bob)
    url = reverse("join", args=[token_of()])
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 403 and "another address" in answer.content.decode()
    assert Invitation.objects.get().status == "open"
    assert not User.objects.get(email="mallory@uni.example").is_student


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("used", 403, "accepted already"),
        ("withdrawn", 403, "withdrawn"),
        ("old", 403, "ran out"),
        ("none", 404, "not a valid"),
    ],
)
def test_a_spent_link_says_why(client, course, bob, how, status, words):
    invitation = invite(course, bob)
    url = reverse("join", args=[token_of()])
    if how == "used":
        client.post(url, {"name": "Alice Arden", "password": PASSWORD})
        client.post(reverse("account_logout"))
    elif how == "withdrawn":
        invitations.withdraw(invitation=invitation, actor=bob)
    elif how == "old":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        url = reverse("join", args=["x" * 43])
    people = User.objects.count()
    for answer in (client.get(url), client.post(url, {"name": "Eve", "password": PASSWORD})):
        assert answer.status_code == status and words in answer.content.decode()
    assert User.objects.count() == people


def test_used_twice_at_once_counts_once(course, bob):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    invite(course, bob)
    token = token_of()
    stale = invitations.find(token)
    invitations.redeem(token=token, user=alice)
    # What a second process sees that read the row before the first one wrote.
    from feedforward.transitions import TransitionError

    with pytest.raises(TransitionError):
        stale.move("accepted", accepted_by=alice, accepted_at=timezone.now())
    with pytest.raises(invitations.InvitationUsed):
        invitations.redeem(token=token, user=alice)


def test_a_failure_of_the_course_undoes_the_acceptance(course, bob):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    invite(course, bob)

    def fail(sender, **kwargs):
        raise RuntimeError("no place")

    invitation_accepted.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            invitations.redeem(token=token_of(), user=alice)
    finally:
        invitation_accepted.disconnect(fail)
    alice.refresh_from_db()
    assert Invitation.objects.get().status == "open" and not alice.is_student


def test_more_rights_end_the_other_sessions(client, root):
    alice = add_person(email="alice@uni.example", password=PASSWORD, roles=["student"], actor=None)
    other = Client()
    sign_in(client, alice.email)
    sign_in(other, alice.email)
    key = client.session.session_key
    invite(None, root, role="instructor")
    client.post(reverse("join", args=[token_of()]))
    alice.refresh_from_db()
    assert alice.is_instructor and is_signed_in(client) and not is_signed_in(other)
    assert client.session.session_key != key


def test_a_co_instructor_teaches_the_course_but_founds_none_yet(course, bob):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    invite(course, bob, role="co_instructor")
    invitations.redeem(token=token_of(), user=alice)
    alice.refresh_from_db()
    assert alice.is_assistant and alice.instructor_requested and not alice.is_instructor


def test_a_closed_account_accepts_nothing(course, bob, root):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    invite(course, bob)
    deactivate(person=alice, actor=root)
    with pytest.raises(invitations.InvitationRefused):
        invitations.redeem(token=token_of(), user=alice)


def test_create_administrator_prints_a_link_that_sets_the_password(client, capsys, settings):
    call_command("create_administrator", "Boss@Uni.example", name="Bess Boss")
    printed = capsys.readouterr().out
    link = re.search(r"http://localhost:\d+(/\S+)", printed)
    assert link
    boss = get_user_model().objects.get(email="boss@uni.example")
    assert boss.is_administrator and not boss.has_usable_password()
    client.post(link.group(1), {"password1": PASSWORD, "password2": PASSWORD})
    assert sign_in(Client(), boss.email).status_code == 302
    with pytest.raises(CommandError, match="already"):
        call_command("create_administrator", "boss@uni.example")


def test_create_administrator_takes_a_password_from_standard_input(monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("weak\n"))
    with pytest.raises(CommandError, match="12 characters"):
        call_command("create_administrator", "boss@uni.example", password_stdin=True)
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    call_command("create_administrator", "boss@uni.example", password_stdin=True)
    assert get_user_model().objects.get().check_password(PASSWORD)
