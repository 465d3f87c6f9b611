"""Provider keys: never shown, never destroyed, opened in one place, rotated, refused under a wrong secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import override_settings

from accounts.models import AuditEvent
from aiconfig import keys
from aiconfig.fields import KeyField
from aiconfig.keys import KeyUnreadable, ensure_canary, read_key
from aiconfig.models import KeyCanary, Provider
from deploy.run import prepare

pytestmark = pytest.mark.django_db
KEY = "sk-live-0123456789abcdefghij"
FIELDS = (Provider._meta.get_field("api_key"), KeyCanary._meta.get_field("value"))


@contextmanager
def started_with(secret: str, *, salt: str | list[str] = "salt", fallbacks: tuple[str, ...] = ()) -> Iterator[None]:
    """Behave as a process started with these secrets: the field derives its keys once."""
    kept = [{name: field.__dict__.pop(name, None) for name in ("keys", "f")} for field in FIELDS]
    try:
        with override_settings(SECRET_KEY=secret, SALT_KEY=salt, SECRET_KEY_FALLBACKS=list(fallbacks)):
            yield
    finally:
        for field, values in zip(FIELDS, kept, strict=True):
            for name, value in values.items():
                field.__dict__.pop(name, None)
                if value is not None:
                    field.__dict__[name] = value


@pytest.fixture
def provider() -> Provider:
    """A provider whose key was saved under the secret "first"."""
    with started_with("first"):
        made = Provider.objects.create(name="One", kind="openai", api_key=KEY)
    return Provider.objects.get(pk=made.pk)


def stored(provider: Provider) -> str:
    """Return the column's bytes, past every field class."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM aiconfig_provider WHERE id = %s", [provider.pk])
        return str(cursor.fetchone()[0])


def test_the_table_holds_ciphertext_and_the_door_opens_it(provider: Provider) -> None:
    assert KEY not in stored(provider) and stored(provider).startswith("gAAAA")
    with started_with("first"):
        assert read_key(provider) == KEY
        assert read_key(Provider(name="None")) == ""


def test_nothing_shows_the_key(provider: Provider, rf: Any) -> None:
    site = admin.site._registry[Provider]
    with started_with("first"):
        shown = [
            repr(provider),
            repr(vars(provider)),
            repr(provider.api_key),
            str(provider.api_key),
            str(list(Provider.objects.values())),
            str(list(Provider.objects.values_list("api_key", flat=True))),
            str(site.get_fields(rf.get("/"), provider)),
        ]
    assert not [words for words in shown if KEY in words]
    assert repr(provider.api_key) == "<sealed>"
    assert "api_key" not in (*site.get_fields(rf.get("/"), provider), *site.list_display, *site.search_fields)
    assert not Provider._meta.get_field("api_key").editable


@pytest.mark.parametrize(("secret", "salt"), [("second", "salt"), ("first", "other")])
def test_a_wrong_secret_is_said_and_destroys_nothing(provider: Provider, secret: str, salt: str) -> None:
    before = stored(provider)
    with started_with(secret, salt=salt):
        loaded = Provider.objects.get(pk=provider.pk)
        with pytest.raises(KeyUnreadable) as caught:
            read_key(loaded)
        loaded.name = "Renamed"
        loaded.save()
        Provider.objects.bulk_update([loaded], ["api_key"])
        Provider.objects.filter(pk=loaded.pk).update(api_key=loaded.api_key)
    assert KEY not in str(caught.value) and before not in str(caught.value)
    assert stored(provider) == before
    with started_with("first"):
        again = Provider.objects.get(pk=provider.pk)
        assert (again.name, read_key(again)) == ("Renamed", KEY)


def test_a_key_under_an_old_secret_is_read_while_that_is_listed(provider: Provider) -> None:
    with started_with("second", fallbacks=("first",)):
        assert read_key(provider) == KEY
    with started_with("first", salt=["new salt", "salt"]):
        assert read_key(provider) == KEY


def test_rotation_counts_first_and_then_lets_the_old_secret_go(provider: Provider) -> None:
    with started_with("first"):
        ensure_canary()
    before = stored(provider)
    said = StringIO()
    with started_with("second", fallbacks=("first",)):
        call_command("rotate_keys", "--dry-run", stdout=said)
        assert stored(provider) == before
        call_command("rotate_keys", stdout=said)
    assert said.getvalue().splitlines() == [
        "2 value(s) could be encrypted anew, 0 cannot be read.",
        "2 value(s) were encrypted anew, 0 cannot be read.",
    ]
    with started_with("second"):
        assert read_key(Provider.objects.get(pk=provider.pk)) == KEY
        ensure_canary()
    with started_with("first"), pytest.raises(KeyUnreadable):
        read_key(Provider.objects.get(pk=provider.pk))


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_rotation_leaves_what_it_cannot_read_and_says_so(provider: Provider, options: list[str]) -> None:
    before, said = stored(provider), StringIO()
    with started_with("second"):
        Provider.objects.create(name="Two", kind="openai", api_key="sk-other-key-123456")
        Provider.objects.create(name="Three", kind="ollama")
        with pytest.raises(CommandError, match="Keep the old SECRET_KEY"):
            call_command("rotate_keys", *options, stdout=said)
    assert ", 1 cannot be read." in said.getvalue() and said.getvalue().startswith("1 value(s)")
    assert stored(provider) == before and KEY not in said.getvalue()


def test_a_site_that_lost_its_secret_can_start_again(provider: Provider) -> None:
    with started_with("first"):
        ensure_canary()
    said = StringIO()
    with started_with("second"):
        kept = Provider.objects.create(name="Two", kind="openai", api_key="sk-other-key-123456")
        with pytest.raises(KeyUnreadable, match="--forget-unreadable"):
            ensure_canary()
        call_command("rotate_keys", "--forget-unreadable", stdout=said)
        ensure_canary()
        assert read_key(Provider.objects.get(pk=kept.pk)) == "sk-other-key-123456"
        assert read_key(Provider.objects.get(pk=provider.pk)) == ""
    assert said.getvalue().startswith("1 key(s) forgotten")
    assert list(AuditEvent.objects.filter(code="provider.key_removed").values_list("object_id", flat=True)) == [
        str(provider.pk)
    ]


def test_the_canary_is_written_once_and_tells_a_wrong_secret(db: None) -> None:
    with started_with("first"):
        ensure_canary()
        ensure_canary()
    assert KeyCanary.objects.count() == 1
    with started_with("second"), pytest.raises(KeyUnreadable, match="another SECRET_KEY"):
        ensure_canary()
    with started_with("second", fallbacks=("first",)):
        ensure_canary()


def test_no_canary_is_written_that_would_vouch_for_a_wrong_secret(provider: Provider) -> None:
    with started_with("second"), pytest.raises(KeyUnreadable):
        ensure_canary()
    assert not KeyCanary.objects.exists()


def test_a_start_with_the_wrong_secret_is_refused(provider: Provider) -> None:
    with started_with("first"):
        prepare._check_keys()
    with started_with("second"), pytest.raises(prepare.Refused, match="another SECRET_KEY"):
        prepare._check_keys()


def test_a_start_checks_the_keys_after_migrating(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    done: list[str] = []
    settings.DEMO = False
    for name in ("_check", "_ask_broker", "_migrate", "_check_keys", "_load_rubric_templates", "collect_static"):
        monkeypatch.setattr(prepare, name, lambda *a, _name=name, **k: done.append(_name))
    prepare.prepare()
    assert done.index("_migrate") < done.index("_check_keys")


@pytest.mark.thorough
def test_many_threads_never_read_a_wrong_key(provider: Provider) -> None:
    """The library's field, shared by all threads, hands out ciphertext after one failed validation."""
    wrong: list[str] = []
    with started_with("first"):
        field = keys._field()
        assert isinstance(field, KeyField)

        def read() -> None:
            for turn in range(25):
                if turn % 5 == 0:
                    try:
                        field.clean(object(), provider)
                        provider.full_clean()
                    except ValidationError:
                        pass
                found = read_key(provider)
                if found != KEY:
                    wrong.append(found)

        threads = [threading.Thread(target=read) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert wrong == []


def test_setting_a_key_trims_it_and_is_on_record_without_it(cast: Any) -> None:
    made = Provider.objects.create(name="One", kind="openai")
    keys.set_key(provider=made, key=f"  {KEY}\n", actor=cast.admin)
    assert read_key(made) == KEY and read_key(Provider.objects.get(pk=made.pk)) == KEY
    events = list(AuditEvent.objects.filter(code="provider.key_set").values())
    assert len(events) == 1 and KEY not in str(events)
    keys.set_key(provider=made, key="", actor=cast.admin)
    assert stored(made) == "" and read_key(made) == ""
