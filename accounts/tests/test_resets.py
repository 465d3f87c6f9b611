"""Links for a new password: kept as a hash, bound to the account as it was, spent once also by two at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import expiry, invitations, people, resets
from accounts.models import AuditEvent, Invitation, PasswordReset, User
from accounts.people import add_person
from accounts.tests.test_login import PASSWORD
from accounts.tokens import token_hash

pytestmark = pytest.mark.django_db
NEW = "a new long enough sentence"


@pytest.fixture
def alice() -> User:
    return add_person(email="alice@uni.example", name="Alice", password=PASSWORD, roles=["student"], actor=None)


@pytest.fixture
def root() -> User:
    return add_person(email="root@uni.example", password=PASSWORD, roles=["administrator"], actor=None)


def token_in(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def token_for(person: User, **kwargs) -> str:
    return token_in(resets.issue(user=person, actor=None, **kwargs))


def test_only_the_hash_is_kept(alice):
    token = token_for(alice)
    assert len(token) >= 43  # 256 bits in base64
    row = PasswordReset.objects.get()
    assert row.token_hash == token_hash(token) and token not in str(row.__dict__)
    assert row.expires_at - row.created_at <= resets.LIFETIME
    assert resets.find(token) == row


@pytest.mark.parametrize("how", ["used", "old", "unknown", "closed", "address", "roles", "other link used"])
def test_a_link_opens_nothing_once_something_changed(alice, root, how):
    token = token_for(alice)
    if how == "used":
        resets.set_new_password(token=token, password="another long sentence")
    elif how == "old":
        PasswordReset.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "unknown":
        token = "x" * 43
    elif how == "closed":
        people.deactivate(person=alice, actor=root)
    elif how == "address":
        User.objects.filter(pk=alice.pk).update(email="alice@new.example")
    elif how == "roles":
        people.set_roles(person=alice, roles=["student", "instructor"], actor=root)
    else:
        resets.set_new_password(token=token_for(alice), password="another long sentence")
    events = AuditEvent.objects.count()
    with pytest.raises(resets.ResetRefused):
        resets.set_new_password(token=token, password=NEW)
    alice.refresh_from_db()
    assert not alice.check_password(NEW) and AuditEvent.objects.count() == events


def test_both_of_two_mails_work_until_one_is_used(alice):
    first, second = token_for(alice), token_for(alice)
    resets.set_new_password(token=first, password=NEW)
    with pytest.raises(resets.ResetRefused):
        resets.find(second)


def test_used_in_the_same_instant_counts_once(alice, monkeypatch):
    """What a second process sees that read the row before the first one wrote."""
    token, other = token_for(alice), token_for(alice)
    stale, stale_other = resets.find(token), resets.find(other)
    resets.set_new_password(token=token, password=NEW)
    for read_before in (stale, stale_other):
        monkeypatch.setattr(resets, "find", lambda token, now=None, row=read_before: row)
        with pytest.raises(resets.ResetRefused):
            resets.set_new_password(token=token if read_before is stale else other, password="too late, too late")
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert PasswordReset.objects.get(pk=stale_other.pk).status == "open"  # refused whole: nothing half done


@pytest.mark.races
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("links", [1, 6], ids=["one link, six times", "six links"])
def test_of_six_at_once_one_sets_the_password(links):
    alice = add_person(email="alice@uni.example", password=PASSWORD, actor=None)
    tokens = [token_for(alice) for _ in range(links)] * (6 // links)
    start = threading.Barrier(6)
    set_by: list[int] = []
    refused: list[int] = []
    errors: list[BaseException] = []

    def use(number: int) -> None:
        try:
            start.wait(timeout=10)
            resets.set_new_password(token=tokens[number], password=f"{NEW} {number}")
            set_by.append(number)
        except resets.ResetRefused:
            refused.append(number)
        except BaseException as error:  # whatever a thread dies of belongs in the assertion
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not errors and len(set_by) == 1 and len(refused) == 5
    alice.refresh_from_db()
    assert alice.check_password(f"{NEW} {set_by[0]}") and alice.session_epoch == 1
    assert AuditEvent.objects.filter(code="account.password_changed").count() == 1
    assert PasswordReset.objects.filter(status="used").count() == 1


def test_what_is_over_is_forgotten(client, alice, root):
    now = timezone.now()
    token = token_for(alice)
    invitations.invite(email="eve@uni.example", role="instructor", actor=root)
    client.force_login(alice)
    assert expiry.forget_expired(now=now) == 0
    assert expiry.forget_expired(now=now + timedelta(hours=24)) == 0  # the session has not ended before that
    assert resets.find(token)
    assert expiry.forget_expired(now=now + timedelta(hours=26)) >= 2
    assert not PasswordReset.objects.exists() and Invitation.objects.exists()
    assert not client.session.get("_auth_user_id")
    expiry.forget_expired(now=now + timedelta(days=7 + 91))
    assert not Invitation.objects.exists()
