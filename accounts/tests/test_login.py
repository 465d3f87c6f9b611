"""Signing in and out, passwords, confirming addresses: through the pages."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.people import add_person, deactivate
from feedforward.models import OutgoingMail

pytestmark = pytest.mark.django_db
PASSWORD = "four quiet herons at dawn"


@pytest.fixture
def alice() -> User:
    return add_person(email="alice@uni.example", name="Alice Arden", password=PASSWORD, roles=["student"], actor=None)


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: str):
    return client.post(reverse("account_login"), {"login": email, "password": password, **extra})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


def link_in(mail: OutgoingMail) -> str:
    found = re.search(r"http://localhost:\d+(/\S+)", mail.text)
    assert found, mail.text
    return found.group(1)


def test_signing_in_leads_home_and_is_recorded(client, alice):
    answer = sign_in(client, "Alice@Uni.example")
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))
    assert is_signed_in(client)
    assert AuditEvent.objects.filter(code="account.signed_in", actor=alice).count() == 1


def test_signing_in_gives_the_session_a_new_key(client, alice):
    client.get(reverse("account_login"))
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    client.cookies["session"] = before
    sign_in(client, alice.email)
    assert client.session.session_key != before


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(client, alice, target):
    answer = sign_in(client, alice.email, next=target)
    assert answer["Location"] == reverse("home")


def test_signing_in_leads_to_the_page_one_came_for(client, alice):
    assert sign_in(client, alice.email, next=reverse("usersessions_list"))["Location"] == reverse("usersessions_list")


def words_of(answer) -> str:
    text = re.sub(r"<(script|style).*?</\1>", "", answer.content.decode(), flags=re.S)
    text = re.sub(r"\S+@uni\.example", "ADDRESS", text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def of_an_institution() -> User:
    """Somebody who signs in by their institution and has no password."""
    person = add_person(email="sam@uni.example", password=PASSWORD, roles=["student"], actor=None)
    person.set_unusable_password()
    person.save()
    return person


def test_unknown_wrong_and_closed_get_the_same_words(client, alice):
    bob = add_person(email="bob@uni.example", password=PASSWORD, roles=["student"], actor=None)
    root = add_person(email="root@uni.example", password=PASSWORD, roles=["administrator"], actor=None)
    deactivate(person=bob, actor=root)
    without = of_an_institution()
    answers = [
        sign_in(Client(), "nobody@uni.example"),
        sign_in(Client(), without.email),
        sign_in(Client(), without.email, without.password),
        sign_in(Client(), alice.email, "not the right words"),
        sign_in(Client(), bob.email),
        sign_in(Client(), bob.email, "not the right words"),
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({words_of(answer) for answer in answers}) == 1
    assert "do not go together" in words_of(answers[0])


def test_every_address_costs_one_hash(client, alice, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    calls: list[str] = []
    original = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: (calls.append(password), original(self, password, salt))[1],
    )
    closed = add_person(email="bob@uni.example", password=PASSWORD, roles=["student"], actor=None)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    without = of_an_institution()
    costs = []
    for email, password in (
        ("nobody@uni.example", "x" * 20),
        (alice.email, "x" * 20),
        (closed.email, "x" * 20),
        (closed.email, PASSWORD),
        (without.email, "x" * 20),
        (without.email, ""),
    ):
        calls.clear()
        sign_in(Client(), email, password)
        costs.append(len(calls))
    assert costs == [1, 1, 1, 1, 1, 0]  # an empty field is refused before anybody is looked up


def test_signing_out_needs_a_post_and_clears_the_site(client, alice):
    sign_in(client, alice.email)
    client.get(reverse("account_logout"))
    assert is_signed_in(client)
    answer = client.post(reverse("account_logout"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(client)


def test_a_forgotten_password_is_set_by_the_mailed_link_once(client, alice):
    stranger = Client()
    sign_in(client, alice.email)
    answer = stranger.post(reverse("account_reset_password"), {"email": alice.email}, HTTP_HOST="localhost")
    assert answer["Location"] == reverse("account_reset_password_done")
    mail = OutgoingMail.objects.get(kind="password_reset_key")
    link = link_in(mail)
    assert stranger.get(link).status_code == 200
    assert is_signed_in(client)  # opening the link changes nothing
    new = "a new long enough sentence"
    assert stranger.post(link, {"password1": "short", "password2": "short"}).status_code == 422
    assert stranger.post(link, {"password1": new, "password2": new}).status_code == 302
    # The old password is gone, every session with it, and the link is spent.
    assert not is_signed_in(client)
    assert sign_in(Client(), alice.email).status_code == 200
    assert sign_in(Client(), alice.email, new).status_code == 302
    for spent in (Client().get(link), Client().post(link, {"password1": PASSWORD, "password2": PASSWORD})):
        assert spent.status_code == 403 and "no longer works" in spent.content.decode()
    assert OutgoingMail.objects.filter(kind="password_reset", to=alice.email).count() == 1  # and is told


def test_the_reset_mail_ignores_the_host_header(client, alice, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client.post(reverse("account_reset_password"), {"email": alice.email}, HTTP_HOST="evil.example")
    mail = OutgoingMail.objects.get(kind="password_reset_key")
    assert "evil.example" not in mail.text + mail.html


def test_reset_says_the_same_for_every_address_and_mails_only_the_known_and_open(client, alice):
    bob = add_person(email="bob@uni.example", password=PASSWORD, roles=["student"], actor=None)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        for email in (alice.email, bob.email, "nobody@uni.example", of_an_institution().email)
    ]
    assert len({words_of(answer) for answer in answers}) == 1
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {alice.email, "sam@uni.example"}


@pytest.mark.parametrize(
    "password",
    ["short one", "1qaz2wsx3edc4rfv", "alice@uni.example", "passwordpassword", "FeedForward2026", "abababababab"],
)
def test_weak_passwords_are_refused(client, alice, password):
    sign_in(client, alice.email)
    answer = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )
    assert answer.status_code == 200 and answer.context["form"].errors
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_changing_the_password_ends_the_other_sessions_and_tells(client, alice):
    other = Client()
    sign_in(client, alice.email)
    sign_in(other, alice.email)
    new = "a new long enough sentence"
    answer = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert OutgoingMail.objects.filter(kind="password_changed", to=alice.email).count() == 1
    assert AuditEvent.objects.filter(code="account.password_changed", object_id=str(alice.pk)).exists()


def test_changing_the_password_needs_the_current_one(client, alice):
    sign_in(client, alice.email)
    new = "a new long enough sentence"
    answer = client.post(
        reverse("account_change_password"), {"oldpassword": "guess", "password1": new, "password2": new}
    )
    assert answer.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_sign_up_is_closed_without_domains(client):
    answer = client.get(reverse("account_signup"))
    assert "An invitation is needed" in answer.content.decode()
    data = {"name": "Eve", "email": "eve@uni.example", "password1": PASSWORD}
    client.post(reverse("account_signup"), data)
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["eve@other.example", "eve@sub.uni.example", "eve@uni.example.evil.example"])
def test_sign_up_takes_exact_domains_only(client, settings, email):
    settings.SIGNUP_DOMAINS = ["uni.example"]
    answer = client.post(reverse("account_signup"), {"name": "Eve", "email": email, "password1": PASSWORD})
    assert "need an invitation" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("teaches", "trusted", "instructor", "waits"),
    [(False, False, False, False), (True, False, False, True), (True, True, True, False)],
)
def test_sign_up_by_domain_confirms_the_address_first(client, settings, teaches, trusted, instructor, waits):
    settings.SIGNUP_DOMAINS = ["uni.example"]
    settings.INSTRUCTOR_DOMAINS = ["uni.example"] if trusted else []
    data = {"name": "Eve Ember", "email": "eve@uni.example", "password1": PASSWORD}
    answer = client.post(reverse("account_signup"), data | ({"teaches": "on"} if teaches else {}))
    assert answer["Location"] == reverse("account_email_verification_sent")
    eve = User.objects.get()
    assert (eve.name, eve.is_instructor, eve.instructor_requested) == ("Eve Ember", instructor, waits)
    assert not is_signed_in(client)
    link = link_in(OutgoingMail.objects.get(to="eve@uni.example"))
    page = client.get(link)
    assert page.status_code == 200
    assert not EmailAddress.objects.get(user=eve).verified  # opening the link changes nothing
    client.post(link)
    assert EmailAddress.objects.get(user=eve).verified
    assert sign_in(Client(), eve.email).status_code == 302


def test_sign_up_with_a_known_address_says_the_same_and_tells_its_owner(client, settings, alice):
    settings.SIGNUP_DOMAINS = ["uni.example"]
    data = {"name": "Eve", "password1": PASSWORD}
    known = Client().post(reverse("account_signup"), data | {"email": alice.email}, follow=True)
    unknown = Client().post(reverse("account_signup"), data | {"email": "new@uni.example"}, follow=True)
    assert words_of(known) == words_of(unknown)
    assert OutgoingMail.objects.get(to=alice.email).kind == "account_already_exists"


def test_pages_need_no_inline_script(client, alice):
    for name in ("account_login", "account_reset_password"):
        page = client.get(reverse(name)).content.decode()
        for tag in re.findall(r"<script[^>]*>", page):
            assert "src=" in tag or 'type="application/json"' in tag, tag
        assert not re.search(r"\sstyle=|\son\w+=", page)


@pytest.mark.parametrize("page", ["account_change_password", "account_reset_password_from_key"])
def test_pages_of_a_new_password_say_the_rule_once(client, alice, page):
    from accounts import resets

    if page == "account_change_password":
        sign_in(client, alice.email)
        url = reverse(page)
    else:
        url = "/" + resets.issue(user=alice, actor=None).split("/", 3)[3]
    said = client.get(url).content.decode()
    assert said.count("At least 12 characters") == 1 and "too similar" not in said
