"""The audit: append-only, chained, checkable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import append_only, audit
from accounts.models import AuditEvent, AuditSeal, User
from accounts.people import add_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    return add_person(email="root@uni.example", password=None, roles=["administrator"], actor=None)


@pytest.fixture
def chain(root: User) -> list[AuditEvent]:
    for number in range(5):
        audit.record(actor=root, code="test.done", obj=root, fields=["b", "a"], counts={"n": number})
    audit.seal()
    return list(AuditEvent.objects.order_by("pk"))


@pytest.fixture
def triggers(chain):
    append_only.drop(connection)
    append_only.install(connection)
    yield
    append_only.drop(connection)


def test_a_whole_chain_is_found_whole(chain):
    assert audit.check_chain() == audit.Verdict(checked=len(chain), broken=(), unsealed=0)


def test_sealing_goes_on_where_it_stopped(chain, root):
    audit.record(actor=root, code="test.later")
    assert audit.check_chain().unsealed == 1
    assert audit.seal(limit=1) == 1 and audit.seal() == 0
    assert audit.verify() == (len(chain) + 1, [])


def change(field: str, value: object) -> None:
    event = AuditEvent.objects.order_by("pk")[2]
    AuditEvent.objects.filter(pk=event.pk).update(**{field: value})


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: change("code", "test.undone"),
        lambda: change("actor_id", None),
        lambda: change("object_id", "999"),
        lambda: change("course_id", 7),
        lambda: change("fields", ["a"]),
        lambda: change("counts", {"n": 99}),
        lambda: change("created_at", timezone.now() - timedelta(days=1)),
        lambda: change("ip_class", "10.0.0.0/24"),
        lambda: AuditSeal.objects.filter(sequence=3).delete(),
        lambda: AuditSeal.objects.filter(sequence=3).update(mac="0" * 64),
    ],
    ids=["code", "actor", "object", "course", "fields", "counts", "time", "network", "removed", "forged"],
)
def test_every_kind_of_change_breaks_the_chain(chain, tamper, capsys):
    tamper()
    assert audit.check_chain().broken
    with pytest.raises(SystemExit) as stop:
        call_command("verify_audit")
    assert stop.value.code == 1
    assert "broken" in capsys.readouterr().err


def test_the_command_says_that_all_is_well(chain, capsys):
    call_command("verify_audit")
    assert "whole" in capsys.readouterr().out


def test_a_changed_secret_key_keeps_the_old_links_valid(chain, settings, root):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-for-this-test-" + "x" * 40
    audit.record(actor=root, code="test.after")
    audit.seal()
    assert audit.verify()[1] == []
    settings.SECRET_KEY_FALLBACKS = []
    assert audit.verify()[1]


@pytest.mark.parametrize(
    "write",
    [
        lambda: AuditEvent.objects.update(code="x"),
        lambda: AuditEvent.objects.all()._raw_delete("default"),
        lambda: AuditSeal.objects.update(mac="x"),
        lambda: AuditSeal.objects.all().delete(),
    ],
    ids=["change event", "remove event", "change seal", "remove seal"],
)
def test_the_database_refuses_changes(triggers, chain, write):
    with pytest.raises(DatabaseError), transaction.atomic():
        write()
    assert audit.check_chain() == audit.Verdict(checked=len(chain), broken=(), unsealed=0)


def test_migrating_installs_the_triggers():
    from importlib import import_module

    migration = import_module("accounts.migrations.0003_audit_append_only")
    assert migration.Migration.operations[0].code is migration.install


def test_what_is_old_enough_can_go_and_the_rest_stays_checkable(root):
    old = timezone.now() - timedelta(days=4 * 365)
    for _ in range(3):
        event = audit.record(actor=root, code="test.old")
        AuditEvent.objects.filter(pk=event.pk).update(created_at=old)
    AuditEvent.objects.filter(code="person.added").update(created_at=old)
    audit.record(actor=root, code="test.new")
    audit.seal()
    append_only.install(connection)
    try:
        assert audit.prune(before=timezone.now() - timedelta(days=3 * 365)) == 4
        assert audit.prune(before=timezone.now() - timedelta(days=3 * 365)) == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            audit.prune(before=timezone.now() + timedelta(days=1))
    finally:
        append_only.drop(connection)
    audit.seal()
    verdict = audit.check_chain()
    assert verdict.broken == () and verdict.checked == 2
    AuditSeal.objects.order_by("sequence").first().delete()
    assert audit.check_chain().broken


def test_addresses_are_kept_as_networks_only():
    assert audit.ip_class("192.0.2.77") == "192.0.2.0/24"
    assert audit.ip_class("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert audit.ip_class("nonsense") == ""
