"""Making one call to the provider on loopback, for the tests of calls."""

from __future__ import annotations

from typing import Any

import pytest

from aiconfig import llm
from aiconfig.llm import ModelAnswer, ModelCall, ModelCallError
from aiconfig.tests.provider_server import MODELS, SECRET_WORDS, ProviderServer
from feedforward.loop import submit

KEY = "sk-live-0123456789abcdefghij"
KINDS = list(MODELS)
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["criteria"],
    "properties": {"criteria": {"type": "array", "items": {"type": "string"}}},
}
MESSAGES = ({"role": "system", "content": "You review."}, {"role": "user", "content": f"Draft: {SECRET_WORDS}."})


def call_for(kind: str, base_url: str, **values: Any) -> ModelCall:
    defaults: dict[str, Any] = {
        "model": MODELS[kind],
        "messages": MESSAGES,
        "timeout_s": 5.0,
        "api_key": KEY,
        "temperature": 0.3,
        "max_output_tokens": 777,
    }
    return ModelCall(kind=kind, base_url=base_url, **{**defaults, **values})


def ask(server: ProviderServer, kind: str, **values: Any) -> ModelAnswer:
    return submit(llm.complete(call_for(kind, server.base_url(kind), **values))).result(timeout=20)


def fault(server: ProviderServer, kind: str, **values: Any) -> ModelCallError:
    with pytest.raises(ModelCallError) as caught:
        ask(server, kind, **values)
    return caught.value
