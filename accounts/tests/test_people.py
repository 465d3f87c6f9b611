"""The administrator's pages about people, mail and the audit, and the rules behind them."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from accounts import people
from accounts.audit import record
from accounts.models import AuditEvent, Invitation, User
from accounts.tests.test_login import PASSWORD, is_signed_in, sign_in, words_of
from feedforward.models import OutgoingMail
from feedforward.outbox import queue_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    return people.add_person(
        email="root@uni.example", name="Root", password=PASSWORD, roles=["administrator"], actor=None
    )


@pytest.fixture
def alice() -> User:
    return people.add_person(email="alice@uni.example", name="Alice", password=PASSWORD, roles=["student"], actor=None)


@pytest.fixture
def desk(root: User) -> Client:
    """A browser in which the administrator is signed in."""
    client = Client()
    sign_in(client, root.email)
    return client


def test_the_list_searches_filters_and_pages(desk, alice):
    for number in range(60):
        User.objects.create(email=f"p{number:02}@uni.example", name=f"Person {number:02}", is_student=True)
    page = desk.get(reverse("people")).content.decode()
    assert "Person 00" in page and "Person 59" not in page and "of 62" in page
    assert "Person 59" in desk.get(reverse("people"), {"page": 2}).content.decode()
    found = desk.get(reverse("people"), {"q": "alice uni"}).context["rows"]
    assert [person for person, _roles in found] == [alice]
    found = desk.get(reverse("people"), {"role": "administrator"}).context["rows"]
    assert [person.email for person, _roles in found] == ["root@uni.example"]
    assert not desk.get(reverse("people"), {"state": "closed"}).context["rows"]
    assert desk.get(reverse("people"), {"sort": "-email"}).context["rows"][0][0].email == "root@uni.example"
    assert desk.get(reverse("people"), {"sort": "password", "page": "x", "role": "x"}).status_code == 200


def test_the_number_of_queries_does_not_grow_with_people(desk, django_assert_max_num_queries):
    for number in range(40):
        User.objects.create(email=f"p{number:02}@uni.example", is_student=True)
    with django_assert_max_num_queries(12):
        desk.get(reverse("people"))


def test_roles_are_given_and_taken_and_end_sessions_at_once(desk, alice):
    theirs = Client()
    sign_in(theirs, alice.email)
    url = reverse("person_roles", args=[alice.public_id])
    answer = desk.post(url, {"roles": ["student", "instructor"]})
    assert answer.status_code == 302
    alice.refresh_from_db()
    assert alice.is_instructor and alice.is_student and not alice.is_superuser
    assert not is_signed_in(theirs)
    sign_in(theirs, alice.email)
    desk.post(url, {"roles": ["student", "instructor"]})  # nothing changes, nobody is signed out
    assert is_signed_in(theirs)
    assert AuditEvent.objects.get(code="person.roles_changed").fields == ["is_instructor"]


def test_an_administrator_may_use_django_admin_only_as_long_as_they_are_one(desk, alice):
    people.set_roles(person=alice, roles=["administrator"], actor=User.objects.get(email="root@uni.example"))
    assert alice.is_staff and alice.is_superuser
    desk.post(reverse("person_roles", args=[alice.public_id]), {"roles": []})
    alice.refresh_from_db()
    assert not alice.is_staff and not alice.is_superuser and not alice.is_administrator


def test_nobody_takes_their_own_or_the_last_administrator_role(desk, root, alice):
    url = reverse("person_roles", args=[root.public_id])
    answer = desk.post(url, {"roles": ["student"]})
    assert answer.status_code == 422 and "your own administrator role" in words_of(answer)
    answer = desk.post(reverse("person_deactivate", args=[root.public_id]), follow=True)
    assert "your own account" in words_of(answer)
    root.refresh_from_db()
    assert root.is_administrator and root.is_active
    # Two administrators who remove each other at once: the second one is none any more.
    people.set_roles(person=alice, roles=["administrator"], actor=root)
    people.set_roles(person=root, roles=[], actor=alice)
    stale = User(pk=root.pk, is_active=True, is_administrator=True)
    with pytest.raises(people.NotAllowed):
        people.set_roles(person=alice, roles=[], actor=stale)
    alice.refresh_from_db()
    assert alice.is_administrator


def test_unknown_roles_are_refused(desk, alice):
    answer = desk.post(reverse("person_roles", args=[alice.public_id]), {"roles": ["owner"]})
    assert answer.status_code == 422


def test_closing_an_account_signs_out_everywhere_and_opening_does_not_bring_sessions_back(desk, alice):
    theirs = Client()
    sign_in(theirs, alice.email)
    desk.post(reverse("person_deactivate", args=[alice.public_id]))
    assert not is_signed_in(theirs)
    assert sign_in(Client(), alice.email).status_code == 200
    desk.post(reverse("person_reactivate", args=[alice.public_id]))
    assert not is_signed_in(theirs)
    assert sign_in(Client(), alice.email).status_code == 302
    assert list(AuditEvent.objects.filter(code__startswith="person.").values_list("code", flat=True))[-2:] == [
        "person.deactivated",
        "person.reactivated",
    ]


def test_signing_somebody_out_everywhere(desk, alice):
    theirs = Client()
    sign_in(theirs, alice.email)
    desk.post(reverse("person_sign_out", args=[alice.public_id]))
    assert not is_signed_in(theirs) and sign_in(theirs, alice.email).status_code == 302


@pytest.mark.parametrize(("decision", "instructor"), [("approve", True), ("decline", False)])
def test_wishes_to_teach_are_answered_once(desk, alice, decision, instructor):
    User.objects.filter(pk=alice.pk).update(instructor_requested=True)
    assert "Wants to teach" in desk.get(reverse("people"), {"state": "waiting"}).content.decode()
    url = reverse("person_instructor", args=[alice.public_id])
    desk.post(url, {"decision": decision})
    alice.refresh_from_db()
    assert (alice.is_instructor, alice.instructor_requested) == (instructor, False)
    assert "answered already" in words_of(desk.post(url, {"decision": "approve"}, follow=True))
    alice.refresh_from_db()
    assert alice.is_instructor == instructor


def test_instructors_are_invited_resent_and_withdrawn(desk):
    answer = desk.post(reverse("people_invite"), {"email": "new@uni.example", "name": "New", "role": "instructor"})
    assert answer.status_code == 302
    invitation = Invitation.objects.get()
    assert "new@uni.example" in desk.get(reverse("people")).content.decode()
    desk.post(reverse("site_invitation_resend", args=[invitation.public_id]))
    assert OutgoingMail.objects.filter(kind="invitation").count() == 2
    desk.post(reverse("site_invitation_withdraw", args=[invitation.public_id]))
    invitation.refresh_from_db()
    assert invitation.status == "withdrawn"
    answer = desk.post(reverse("site_invitation_resend", args=[invitation.public_id]), follow=True)
    assert "withdrawn" in words_of(answer) and OutgoingMail.objects.filter(kind="invitation").count() == 2


@pytest.mark.parametrize(
    "data", [{}, {"email": "x", "role": "instructor"}, {"email": "a@b.example", "role": "student"}]
)
def test_a_wrong_invitation_is_refused_beside_the_field(desk, data):
    answer = desk.post(reverse("people_invite"), data)
    assert answer.status_code == 422 and not Invitation.objects.exists()


def test_the_person_page_shows_what_is_known(desk, alice):
    page = words_of(desk.get(reverse("person", args=[alice.public_id])))
    assert "Alice" in page and "added a person" in page


# --- the audit ------------------------------------------------------------------------------------------


def test_the_audit_is_searched_filtered_and_paged(desk, root, alice):
    for number in range(60):
        record(actor=alice, code="draft.submitted", obj=alice, counts={"n": number}, course_id=5)
    answer = desk.get(reverse("audit"))
    assert len(answer.context["entries"]) == 50
    answer = desk.get(reverse("audit"), {"q": "alice draft"})
    assert answer.context["page"].paginator.count == 60
    answer = desk.get(reverse("audit"), {"family": "account"})
    assert {entry[0].code for entry in answer.context["entries"]} == {"account.signed_in"}
    assert not desk.get(reverse("audit"), {"since": "2999-01-01"}).context["entries"]
    assert desk.get(reverse("audit"), {"since": "nonsense", "until": "2999-12-31"}).context["entries"]


def test_the_audit_is_exported_guarded_and_that_is_recorded(desk, root):
    people.add_person(email="x@uni.example", name="=HYPERLINK(1)", actor=root)
    record(actor=root, code="=1+1")
    answer = desk.get(reverse("audit_export"))
    assert answer["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))
    assert rows[0][0] == "at" and "'=1+1" in [row[1] for row in rows]
    assert AuditEvent.objects.filter(code="audit.exported", actor=root).exists()


# --- the outbox -----------------------------------------------------------------------------------------


@pytest.fixture
def mail() -> OutgoingMail:
    from accounts.mails import Letter

    letter = Letter("Hello", ("A secret: https://localhost/join/token/",))
    queued = queue_mail(
        kind="invitation", to="a@b.example", subject="Hello", template="account", context={"letter": letter}
    )
    assert queued
    return queued


def test_the_outbox_shows_mails_but_no_text_outside_the_demo(desk, mail, settings):
    page = desk.get(reverse("outbox")).content.decode()
    assert "a@b.example" in page and "secret" not in page
    assert desk.get(reverse("outbox_mail", args=[mail.public_id])).status_code == 404
    settings.DEMO = True
    page = desk.get(reverse("outbox_mail", args=[mail.public_id])).content.decode()
    assert '<a href="https://localhost/join/token/"' in page


def test_only_failed_mails_are_sent_again_with_the_same_message_id(desk, mail):
    url = reverse("outbox_resend", args=[mail.public_id])
    answer = desk.post(url, follow=True)
    assert "Only mails that failed" in words_of(answer)
    OutgoingMail.objects.update(status="failed", attempts=8, error="ConnectionError")
    desk.post(url)
    again = OutgoingMail.objects.get()
    assert (again.status, again.attempts, again.message_id) == ("pending", 0, mail.message_id)
    assert AuditEvent.objects.filter(code="mail.resent").exists()


@pytest.mark.parametrize(("demo", "kept"), [(False, False), (True, True)])
def test_a_sent_link_is_not_kept(mail, settings, demo, kept, mailoutbox):
    from feedforward.outbox import send_due

    settings.DEMO = demo
    assert send_due() == 1
    assert "https://localhost/join/token/" in mailoutbox[0].body
    sent = OutgoingMail.objects.get()
    assert sent.status == "sent" and ("token" in sent.text + sent.html) == kept


# --- Django admin -----------------------------------------------------------------------------------------


def test_django_admin_has_no_door_of_its_own(client, alice):
    answer = client.get("/django-admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    client.post("/django-admin/login/", {"username": "root@uni.example", "password": PASSWORD})
    assert not is_signed_in(client)
    sign_in(client, alice.email)
    assert client.get("/django-admin/").status_code in {302, 403}
    assert client.get("/django-admin/", follow=True).status_code == 403


def test_django_admin_opens_no_back_door(desk, alice, root):
    index = desk.get("/django-admin/").content.decode()
    for closed in ("emailaddress", "authenticator", "socialtoken", "usersession", "/group/"):
        assert closed not in index.lower()
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    desk.post(url, {"name": "Alice Arden", "student_number": "", "time_zone": "", "is_administrator": "on"})
    alice.refresh_from_db()
    assert alice.name == "Alice Arden" and not alice.is_administrator
    changed = AuditEvent.objects.get(code="table.row_changed", actor=root, object_label="accounts.User")
    assert (changed.object_id, changed.fields) == (str(alice.pk), ["name"])
    event = AuditEvent.objects.first()
    assert desk.get(reverse("admin:accounts_auditevent_change", args=[event.pk])).status_code == 200
    assert desk.post(reverse("admin:accounts_auditevent_change", args=[event.pk]), {"code": "x"}).status_code == 403
    assert desk.post(reverse("admin:accounts_auditevent_delete", args=[event.pk]), {"post": "yes"}).status_code == 403
    for name in ("accounts_user", "accounts_invitation", "accounts_auditevent"):
        assert desk.get(reverse(f"admin:{name}_changelist")).status_code == 200
