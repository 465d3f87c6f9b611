"""The audit: append-only, chained, checkable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts import append_only, audit
from accounts.models import AuditEvent, AuditHead, AuditSeal, User
from accounts.people import add_person

pytestmark = pytest.mark.django_db
POSTGRES = connection.vendor == "postgresql"


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
    append_only.drop_head(connection)
    append_only.install(connection)
    append_only.install_head(connection)
    yield
    append_only.drop(connection)
    append_only.drop_head(connection)


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
        lambda: remove(3),
        lambda: remove(1),
        lambda: swap(2, 3),
    ],
    ids=[
        *("code", "actor", "object", "course", "fields", "counts", "time", "network", "removed", "forged"),
        *("removed whole", "first removed", "reordered"),
    ],
)
def test_every_kind_of_change_breaks_the_chain(chain, tamper, capsys):
    tamper()
    assert audit.check_chain().broken
    with pytest.raises(SystemExit) as stop:
        call_command("verify_audit")
    assert stop.value.code == 1
    assert "broken" in capsys.readouterr().err


def remove(sequence: int) -> None:
    """Take an event and its link out."""
    link = AuditSeal.objects.get(sequence=sequence)
    AuditSeal.objects.filter(pk=link.pk).delete()
    AuditEvent.objects.filter(pk=link.event_id)._raw_delete("default")


def swap(one: int, other: int) -> None:
    """Let two events change places in the chain."""
    first, second = (AuditSeal.objects.get(sequence=number) for number in (one, other))
    AuditSeal.objects.filter(pk=first.pk).update(sequence=-1)
    AuditSeal.objects.filter(pk=second.pk).update(sequence=one)
    AuditSeal.objects.filter(pk=first.pk).update(sequence=other)


def copy_of(event: AuditEvent, **changes: object) -> None:
    """Put a row in beside the site, as by SQL."""
    row = AuditEvent.objects.filter(pk=event.pk).values().get()
    AuditEvent.objects.bulk_create([AuditEvent(**{**row, "id": None, **changes})])


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda chain: remove(len(chain)), "ends at"),
        (lambda chain: [remove(number) for number in range(len(chain), 0, -1)], "empty"),
        (lambda chain: AuditHead.objects.all().delete(), "is gone"),
        (lambda chain: AuditHead.objects.update(sequence=4), "was changed"),
        (lambda chain: AuditHead.objects.update(unsigned_up_to=10**9), "was changed"),
        (lambda chain: copy_of(chain[0], mac=""), "not as the site wrote"),
        (lambda chain: copy_of(chain[0], mac="0" * 16 + "." + "0" * 64), "not as the site wrote"),
        (lambda chain: copy_of(chain[0], mac=chain[1].mac[:-1] + "_"), "not as the site wrote"),
    ],
    ids=["last", "all", "no head", "head back", "head lies", "put in", "forged", "copied"],
)
@pytest.mark.parametrize("sealed", [False, True], ids=["at once", "after the next seal"])
def test_what_is_taken_from_the_end_or_put_in_shows(chain, root, tamper, said, sealed, capsys):
    tamper(chain)
    if sealed and said.startswith("not as"):
        audit.seal()
    with pytest.raises(SystemExit):
        call_command("verify_audit")
    assert said in capsys.readouterr().err


def test_a_row_cannot_be_copied_with_its_mac(chain):
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(chain[0])


def test_the_command_misses_a_trigger(triggers, chain, capsys):
    append_only.drop_head(connection)
    with pytest.raises(SystemExit):
        call_command("verify_audit")
    assert "no longer refuses changes" in capsys.readouterr().err


def test_an_end_noted_elsewhere_shows_a_table_put_back(chain, root, capsys, monkeypatch):
    # Whoever puts tables back can take triggers away and make them again.
    monkeypatch.setattr(append_only, "missing", lambda connection: [])
    call_command("verify_audit")
    noted = capsys.readouterr().out.split("ends with ")[1].strip()
    audit.record(actor=root, code="test.later")
    audit.seal()
    call_command("verify_audit", "--expect", noted)
    later = str(AuditHead.objects.get())
    # Somebody puts events, links and the note of the end back to how they were, by a copy made then.
    remove(len(chain) + 1)
    number, _, mac = noted.partition(":")
    head = AuditHead(sequence=int(number), mac=mac)
    AuditHead.objects.update(sequence=head.sequence, mac=mac, signature=audit.sign_head(head))
    call_command("verify_audit")
    with pytest.raises(SystemExit):
        call_command("verify_audit", "--expect", later)
    assert "no longer there" in capsys.readouterr().err


def test_events_from_before_they_had_a_mac_count(chain, root):
    """As the migration leaves them: no mac of their own, the links as they were, the end signed."""
    AuditSeal.objects.all().delete()
    AuditHead.objects.all().delete()
    AuditEvent.objects.update(mac="")
    head = AuditHead(unsigned_up_to=chain[-1].pk)
    head.signature = audit.sign_head(head)
    head.save()
    audit.record(actor=root, code="test.new")
    audit.seal()
    assert audit.check_chain().whole
    AuditEvent.objects.filter(code="test.new").update(mac="")
    assert audit.check_chain().foreign


def test_the_command_says_that_all_is_well(triggers, chain, capsys):
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


RAW = [
    "UPDATE accounts_auditevent SET code = 'x' WHERE id > 0",
    "DELETE FROM accounts_auditevent",
    "DELETE FROM accounts_auditseal WHERE sequence = 5",
    *(
        ["TRUNCATE accounts_auditevent CASCADE", "TRUNCATE accounts_auditseal", "TRUNCATE accounts_audithead"]
        * POSTGRES
    ),
]


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "write",
    [
        lambda: AuditEvent.objects.update(code="x"),
        lambda: AuditEvent.objects.all()._raw_delete("default"),
        lambda: AuditSeal.objects.update(mac="x"),
        lambda: AuditSeal.objects.all().delete(),
        lambda: AuditHead.objects.update(sequence=1),
        lambda: AuditHead.objects.update(unsigned_up_to=10**6),
        lambda: AuditHead.objects.all().delete(),
        *(lambda sql=sql: raw(sql) for sql in RAW),
    ],
    ids=["change event", "remove event", "change seal", "remove seal", "head back", "head lies", "remove head", *RAW],
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
    assert verdict.whole and verdict.checked == 2
    # The removal noted the last mac, so the first link that is left is checked like any other.
    first = AuditSeal.objects.order_by("sequence").first()
    AuditSeal.objects.filter(pk=first.pk).update(mac="0" * 64)
    assert first.sequence in audit.check_chain().broken
    AuditSeal.objects.filter(pk=first.pk).update(mac=first.mac)
    AuditSeal.objects.order_by("sequence").first().delete()
    assert audit.check_chain().broken


def test_addresses_are_kept_as_networks_only():
    assert audit.ip_class("192.0.2.77") == "192.0.2.0/24"
    assert audit.ip_class("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert audit.ip_class("nonsense") == ""
