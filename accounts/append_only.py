"""Triggers that keep the audit append-only in the database itself, whoever holds the connection.

Rows may not be changed at all, and removed only when they are older than the shortest time an audit is kept here
(a year); the retention of the audit itself removes them after its longer time (:func:`accounts.audit.prune`).
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

MIN_AGE_DAYS = 365
MESSAGE = "the audit is append-only"

SQLITE = {
    "audit_event_no_update": f"""
        CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON accounts_auditevent
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    "audit_event_no_delete": f"""
        CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON accounts_auditevent
        WHEN OLD.created_at > datetime('now', '-{MIN_AGE_DAYS} days')
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",  # nosec B608
    "audit_seal_no_update": f"""
        CREATE TRIGGER audit_seal_no_update BEFORE UPDATE ON accounts_auditseal
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    "audit_seal_no_delete": f"""
        CREATE TRIGGER audit_seal_no_delete BEFORE DELETE ON accounts_auditseal
        WHEN (SELECT created_at FROM accounts_auditevent WHERE id = OLD.event_id) > datetime('now', '-{MIN_AGE_DAYS} days')
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",  # nosec B608
}

POSTGRES_FUNCTION = f"""
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger AS $$
DECLARE made timestamptz;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF TG_TABLE_NAME = 'accounts_auditevent' THEN
            made := OLD.created_at;
        ELSE
            SELECT created_at INTO made FROM accounts_auditevent WHERE id = OLD.event_id;
        END IF;
        IF made <= now() - interval '{MIN_AGE_DAYS} days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation';
END $$ LANGUAGE plpgsql
"""  # nosec B608

POSTGRES = {
    "audit_event_rows": ("accounts_auditevent", "BEFORE UPDATE OR DELETE", "ROW"),
    "audit_event_truncate": ("accounts_auditevent", "BEFORE TRUNCATE", "STATEMENT"),
    "audit_seal_rows": ("accounts_auditseal", "BEFORE UPDATE OR DELETE", "ROW"),
    "audit_seal_truncate": ("accounts_auditseal", "BEFORE TRUNCATE", "STATEMENT"),
}


# The end of the chain only ever moves on.
HEAD_SQLITE = {
    "audit_head_forward": f"""
        CREATE TRIGGER audit_head_forward BEFORE UPDATE ON accounts_audithead
        WHEN NEW.sequence < OLD.sequence OR NEW.unsigned_up_to <> OLD.unsigned_up_to
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
    "audit_head_stays": f"""
        CREATE TRIGGER audit_head_stays BEFORE DELETE ON accounts_audithead
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END""",
}
HEAD_POSTGRES_FUNCTION = f"""
CREATE OR REPLACE FUNCTION audit_head_moves_on() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.sequence >= OLD.sequence AND NEW.unsigned_up_to = OLD.unsigned_up_to THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation';
END $$ LANGUAGE plpgsql
"""  # nosec B608
HEAD_POSTGRES = {
    "audit_head_rows": ("BEFORE UPDATE OR DELETE", "ROW"),
    "audit_head_truncate": ("BEFORE TRUNCATE", "STATEMENT"),
}


def install_head(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers of the end of the chain, whose table is younger than the others."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(HEAD_POSTGRES_FUNCTION)
            for name, (when, level) in HEAD_POSTGRES.items():
                cursor.execute(
                    f"CREATE TRIGGER {name} {when} ON accounts_audithead"
                    f" FOR EACH {level} EXECUTE FUNCTION audit_head_moves_on()"
                )
        else:
            for statement in HEAD_SQLITE.values():
                cursor.execute(statement)


def drop_head(connection: BaseDatabaseWrapper) -> None:
    """Remove them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name in HEAD_POSTGRES:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON accounts_audithead")
            cursor.execute("DROP FUNCTION IF EXISTS audit_head_moves_on()")
        else:
            for name in HEAD_SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
            for name, (table, when, level) in POSTGRES.items():
                cursor.execute(
                    f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {level} EXECUTE FUNCTION audit_append_only()"
                )
        else:
            for statement in SQLITE.values():
                cursor.execute(statement)


def drop(connection: BaseDatabaseWrapper) -> None:
    """Remove the triggers: for migrating backwards, and for test databases that are emptied between tests."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name, (table, _when, _level) in POSTGRES.items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            cursor.execute("DROP FUNCTION IF EXISTS audit_append_only()")
        else:
            for name in SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that the database does not have (or has switched off)."""
    wanted = {**POSTGRES, **HEAD_POSTGRES} if connection.vendor == "postgresql" else {**SQLITE, **HEAD_SQLITE}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {row[0] for row in cursor.fetchall()}
    return sorted(set(wanted) - there)
