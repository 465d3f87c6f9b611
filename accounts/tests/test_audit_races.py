"""Two sealers at once on PostgreSQL: one chains, the other does nothing, and the chain is whole."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import append_only, audit
from accounts.models import AuditEvent

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer anyway"),
]


def test_two_sealers_chain_every_event_once():
    for number in range(300):
        audit.record(actor=None, code="test.race", counts={"n": number})
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def seal() -> None:
        try:
            start.wait(timeout=10)
            for _ in range(5):
                audit.seal(limit=40)
        except BaseException as error:  # whatever a thread dies of belongs in the assertion
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    while audit.seal():
        pass
    assert not errors
    assert audit.check_chain() == audit.Verdict(checked=300, broken=(), unsealed=0)


def test_truncating_is_refused_too():
    audit.record(actor=None, code="test.once")
    append_only.install(connection)
    try:
        for statement in ("TRUNCATE accounts_auditevent CASCADE", "DELETE FROM accounts_auditevent"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    finally:
        append_only.drop(connection)
    assert AuditEvent.objects.count() == 1
