"""Providers and models: made, changed, switched on and off; keys stay where they were entered for."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.models import AuditEvent
from aiconfig.catalogue import (
    ModelInvalid,
    NotReadyForUse,
    ProviderInvalid,
    change_lifecycle,
    create_model,
    create_provider,
    update_model,
    update_provider,
)
from aiconfig.keys import read_key
from aiconfig.models import Provider
from courses.catalogue import LifecycleRefused
from courses.tests.cast import Cast

SECRET = "sk-canary-0123456789"


def test_a_key_is_stored_sealed_and_never_in_the_audit(cast: Cast) -> None:
    provider = create_provider(name="OpenAI", kind="openai", key=f" {SECRET} ", actor=cast.admin)
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM aiconfig_provider")
        assert SECRET not in cursor.fetchone()[0]
    assert read_key(Provider.objects.get()) == SECRET
    for event in AuditEvent.objects.all():
        assert SECRET not in str(event.__dict__)
    update_provider(provider=provider, name="OpenAI EU", actor=cast.admin)
    assert read_key(Provider.objects.get()) == SECRET


def test_a_key_does_not_follow_to_another_server(cast: Cast) -> None:
    provider = create_provider(
        name="vLLM", kind="openai_compatible", base_url="http://gpu-1:8000/v1", key=SECRET, actor=cast.admin
    )
    for moved in ("http://evil.example:8000/v1", "http://gpu-1:9000/v1", "https://gpu-1:8000/v1"):
        with pytest.raises(ProviderInvalid) as refused:
            update_provider(provider=provider, base_url=moved, actor=cast.admin)
        assert list(refused.value.errors) == ["base_url"]
    update_provider(provider=provider, base_url="http://gpu-1:8000/v2", actor=cast.admin)
    update_provider(provider=provider, base_url="http://gpu-2:8000/v1", key="another", actor=cast.admin)
    assert read_key(Provider.objects.get()) == "another"


@pytest.mark.parametrize(
    ("url", "local", "fits"),
    [
        ("http://ollama:11434", True, True),
        ("http://127.0.0.1:11434", True, True),
        ("http://127.0.0.1:11434", False, False),
        ("https://api.openai.com/v1", False, True),
        ("https://evil.example/v1", False, False),
        ("http://api.openai.com/v1", False, False),
        ("https://user:word@api.openai.com/v1", True, False),
        ("https://api.openai.com/v1?key=1", True, False),
        ("https://api.openai.com/v1#x", True, False),
        ("ftp://api.openai.com", True, False),
        ("javascript:alert(1)", True, False),
        ("https://[bad/v1", True, False),
        ("https://host:99999/v1", True, False),
        ("https://api.openai.com /v1", True, False),
        ("", True, False),
    ],
)
def test_addresses(cast: Cast, settings: Any, url: str, local: bool, fits: bool) -> None:
    settings.ALLOW_LOCAL_MODEL_SERVERS = local

    def make() -> Provider:
        return create_provider(name="P", kind="openai_compatible", base_url=url, actor=cast.admin)

    if fits:
        assert make().base_url == url
    else:
        with pytest.raises(ProviderInvalid) as refused:
            make()
        assert list(refused.value.errors) == ["base_url"]


def test_switching_on_needs_what_a_call_needs(cast: Cast) -> None:
    provider = create_provider(name="Anthropic", kind="anthropic", actor=cast.admin)
    with pytest.raises(NotReadyForUse, match="key"):
        change_lifecycle(obj=provider, action="activate", actor=cast.admin)
    update_provider(provider=provider, key=SECRET, actor=cast.admin)
    model = create_model(provider=provider, name="claude", actor=cast.admin)
    with pytest.raises(NotReadyForUse, match="provider"):
        change_lifecycle(obj=model, action="activate", actor=cast.admin)
    change_lifecycle(obj=provider, action="activate", actor=cast.admin)
    change_lifecycle(obj=model, action="activate", actor=cast.admin)
    with pytest.raises(LifecycleRefused):
        change_lifecycle(obj=model, action="activate", actor=cast.admin)
    change_lifecycle(obj=provider, action="archive", actor=cast.admin)
    model.refresh_from_db()
    assert model.status == "archived"
    with pytest.raises(ProviderInvalid, match="archived"):
        update_provider(provider=provider, name="No", actor=cast.admin)
    with pytest.raises(ModelInvalid, match="archived"):
        update_model(model=model, name="no", actor=cast.admin)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"temperature": 2.5}, "temperature"),
        ({"context_tokens": 0}, "context_tokens"),
        ({"max_output_tokens": 10**9}, "max_output_tokens"),
        ({"output_mode": "magic"}, "output_mode"),
    ],
)
def test_what_a_model_cannot_be(cast: Cast, fields: dict[str, Any], field: str) -> None:
    provider = create_provider(name="O", kind="ollama", base_url="http://ollama:11434", actor=cast.admin)
    with pytest.raises(ModelInvalid) as refused:
        create_model(provider=provider, actor=cast.admin, **{"name": "m", "display_name": "M", **fields})
    assert list(refused.value.errors) == [field]


def test_one_model_once_per_provider_until_deleted(cast: Cast) -> None:
    provider = create_provider(name="O", kind="ollama", base_url="http://ollama:11434", actor=cast.admin)
    first = create_model(provider=provider, name="llama3", actor=cast.admin)
    assert first.display_name == "llama3"
    with pytest.raises(ModelInvalid, match="already"):
        create_model(provider=provider, name="llama3", actor=cast.admin)
    change_lifecycle(obj=first, action="delete", actor=cast.admin)
    second = create_model(provider=provider, name="llama3", actor=cast.admin)
    other = create_model(provider=provider, name="qwen", actor=cast.admin)
    with pytest.raises(ModelInvalid, match="already"):
        update_model(model=other, name="llama3", actor=cast.admin)
    assert second.pk != first.pk
