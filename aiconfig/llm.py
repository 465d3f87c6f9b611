"""The one door to language models: LiteLLM behind our own call, answer and errors.

Imported lazily and only in workers: the import takes seconds and 160 MB. What LiteLLM does by itself and must
not: fetch price lists, retry (2 s became 7.2), wait 6000 s, follow redirects with the text, echo keys in errors.
Errors are understood from what the wire said (``aiconfig/wire.py``).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from django.conf import settings

from aiconfig import outbound, wire
from feedforward.logs import scrub

if TYPE_CHECKING:
    from types import ModuleType

OutputMode = Literal["schema", "tool", "prompt"]
Remedy = Literal["retry", "wait", "next_model", "prompt_mode"]

PREFIX = {
    "openai": "openai",
    "openai_compatible": "openai",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "ollama": "ollama_chat",
}
TOOL_NAME = "give_review"
WRONG_KEY = "The provider refused the key. Enter it again under Providers."
# How providers word what has no status of its own. Gemini calls a wrong key a bad request, Anthropic an empty account.
BAD_KEY = ("api key not valid", "api_key_invalid", "invalid api key", "incorrect api key")
NO_CREDIT = ("insufficient_quota", "credit balance", "insufficient balance", "billing_hard_limit")
TOO_LONG = (
    "context length",
    "context_length",
    "context window",
    "context size",
    "maximum context",
    "too many tokens",
    "prompt is too long",
    "maximum number of tokens allowed",
)
FILTERED = ("content_filter", "content policy", "contentpolicy", "content_policy", "content management", "safety")


class ModelCallError(Exception):
    """A call that gave no answer. ``code`` names the kind, ``remedy`` what helps, ``words`` are fit for people.

    Remedies: ``retry`` soon with back-off, ``wait`` until ``retry_after_s``, ``next_model`` (this one will not
    answer), ``prompt_mode`` (it does not take the structured output asked for).
    """

    def __init__(self, code: str, remedy: Remedy, words: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.remedy = remedy
        self.words = words
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class ModelCall:
    """One call. ``base_url`` "" means the provider's own; ``timeout_s`` bounds the whole call, wall clock."""

    kind: str
    model: str
    messages: Sequence[Mapping[str, str]] = field(repr=False)
    timeout_s: float
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    schema: Mapping[str, Any] | None = None
    output_mode: OutputMode = "prompt"
    temperature: float | None = None
    max_output_tokens: int = 4096


@dataclass(frozen=True)
class ModelAnswer:
    """What came back. Token counts are None where the provider gave none, never 0; ``text`` can be stored as it is."""

    text: str = field(repr=False)
    finish_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: int
    sent: Mapping[str, Any]
    dropped: tuple[str, ...] = ()


@cache
def _litellm() -> ModuleType:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    # One HTTP path for every provider: ours (below), instead of the OpenAI SDK's own client and retries.
    os.environ["EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"] = "True"
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.drop_params = False
    litellm.num_retries = 0
    litellm.turn_off_message_logging = True
    return litellm


def warm_up() -> None:
    """Import the library now, so that the first draft does not wait for it. For workers only."""
    _litellm()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()


def _client() -> Any:
    """Return this event loop's HTTP handler."""
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None:
        _litellm()
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        rules = outbound.AddressRules(
            hosts=frozenset(host.lower() for host in settings.MODEL_HOSTS),
            allow_local=settings.ALLOW_LOCAL_MODEL_SERVERS,
        )
        transport = outbound.GuardedTransport(rules, max_bytes=settings.MODEL_ANSWER_MAX_BYTES)
        found = AsyncHTTPHandler(transport=transport, follow_redirects=False, timeout=600.0)
        _clients[loop] = found
    return found


def supported_output(kind: str, model: str) -> OutputMode:
    """Return the best structured output the library knows this model to support."""
    if kind in {"openai_compatible", "ollama"}:
        return "schema"  # vLLM, llama.cpp and Ollama take a schema; one that does not says 400 and is asked plainly
    litellm = _litellm()
    name = f"{PREFIX[kind]}/{model}"
    if litellm.supports_response_schema(model=name):
        return "schema"
    if litellm.supports_function_calling(model=name):
        return "tool"
    return "prompt"


def _parameters(call: ModelCall) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the parameters this model takes, and the names of those it does not (dropped and recorded)."""
    litellm = _litellm()
    wanted: dict[str, Any] = {"max_tokens": call.max_output_tokens}
    own = (call.kind, call.model) in _own_temperature and call.temperature is not None
    if call.temperature is not None and not own:
        wanted["temperature"] = call.temperature
    if call.schema is not None and call.output_mode == "schema":
        wanted["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "ff_review", "schema": dict(call.schema), "strict": False},
        }
    if call.schema is not None and call.output_mode == "tool":
        wanted["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": TOOL_NAME,
                    "description": "Hand in the review.",
                    "parameters": dict(call.schema),
                },
            }
        ]
        wanted["tool_choice"] = {"type": "function", "function": {"name": TOOL_NAME}}
    if call.kind in {"openai_compatible", "ollama"}:
        return wanted, ("temperature",) if own else ()
    known = set(litellm.get_supported_openai_params(model=call.model, custom_llm_provider=PREFIX[call.kind]) or ())
    if "max_tokens" not in known and "max_completion_tokens" in known:
        wanted["max_completion_tokens"] = wanted.pop("max_tokens")
    if known:
        dropped = tuple(sorted([name for name in wanted if name not in known] + ["temperature"] * own))
        return {name: value for name, value in wanted.items() if name in known}, dropped
    return wanted, ("temperature",) if own else ()


# Reasoning models take no temperature but their own: (kind, model) of those met in this process.
_own_temperature: set[tuple[str, str]] = set()


class _TemperatureRefused(Exception):
    """The library or the provider says that this model takes no temperature."""


async def complete(call: ModelCall) -> ModelAnswer:
    """Ask the model once. Raises :class:`ModelCallError`; never retries, never takes longer than ``timeout_s``.

    A model that takes no temperature is asked without (named in ``dropped``), within the same time.
    """
    started = time.monotonic()
    try:
        return await _ask(call)
    except _TemperatureRefused:
        _own_temperature.add((call.kind, call.model))
    return await _ask(replace(call, timeout_s=max(0.1, call.timeout_s - (time.monotonic() - started))))


async def _ask(call: ModelCall) -> ModelAnswer:
    litellm = _litellm()
    if not (call.api_key.isascii() and call.api_key.isprintable()):
        raise ModelCallError("wrong_key", "next_model", WRONG_KEY)  # it fits in no header
    parameters, dropped = _parameters(call)
    record = outbound.CallTrace(amend=partial(wire.amended, call.kind))
    token = outbound.trace.set(record)
    started = time.monotonic()
    arguments: dict[str, Any] = {
        "model": f"{PREFIX[call.kind]}/{call.model}",
        "messages": [{name: wire.storable(value) for name, value in message.items()} for message in call.messages],
        "api_key": call.api_key or "none",
        "timeout": call.timeout_s,
        "max_retries": 0,
        "num_retries": 0,
        "client": _client(),
        # The library's look for MCP tools imports its proxy, which is never installed here.
        "_skip_mcp_handler": True,
        **parameters,
    }
    if call.base_url:
        arguments["api_base"] = call.base_url
    try:
        # LiteLLM's own timeout is per read: a slow drip outlives it.
        async with asyncio.timeout(call.timeout_s):
            response = await litellm.acompletion(**arguments)
    except TimeoutError:
        raise ModelCallError(
            "timeout", "retry", f"The model did not answer within {call.timeout_s:.0f} seconds."
        ) from None
    except asyncio.CancelledError:
        raise
    # The library raises dozens of types for the same few things; what the wire said decides.
    except Exception as error:
        if "temperature" in parameters and _about_temperature(error, record):
            raise _TemperatureRefused from None
        raise _understood(error, record, call) from None
    finally:
        outbound.trace.reset(token)
    latency_ms = round((time.monotonic() - started) * 1000)
    return _answer(response, record, parameters, dropped, latency_ms)


def _answer(
    response: Any,
    record: outbound.CallTrace,
    parameters: Mapping[str, Any],
    dropped: tuple[str, ...],
    latency_ms: int,
) -> ModelAnswer:
    choices = getattr(response, "choices", None) or []
    if not choices:
        raise ModelCallError("empty", "retry", "The model answered without content.")
    choice = choices[0]
    message = getattr(choice, "message", None)
    text = getattr(message, "content", None) or ""
    for tool_call in getattr(message, "tool_calls", None) or []:
        if tool_call.function.name == TOOL_NAME:
            text = tool_call.function.arguments or text
            break
    if not isinstance(text, str):
        text = ""
    finish = wire.finish(record.body) or getattr(choice, "finish_reason", None)
    usage = getattr(response, "usage", None)
    sent = {name: value for name, value in parameters.items() if name not in {"response_format", "tools"}}
    sent.pop("tool_choice", None)
    sent["output"] = "schema" if "response_format" in parameters else "tool" if "tools" in parameters else "prompt"
    return ModelAnswer(
        text=wire.storable(text),
        finish_reason=str(finish) if finish else None,
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        latency_ms=latency_ms,
        sent=sent,
        dropped=dropped,
    )


def _count(usage: Any, name: str) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and value > 0 else None


def _about_temperature(error: Exception, record: outbound.CallTrace) -> bool:
    if record.status is None:
        return type(error).__name__ == "UnsupportedParamsError" and "temperature" in str(error)
    return record.status in {400, 422} and "temperature" in wire.error_words(record.body)


def _any_of(marks: tuple[str, ...], words: str) -> bool:
    return any(mark in words for mark in marks)


def _understood(error: Exception, record: outbound.CallTrace, call: ModelCall) -> ModelCallError:
    """Turn whatever was raised into one of our few errors, by what the wire said."""
    status = record.status
    words = wire.error_words(record.body)
    if record.refused == "too_large":
        return ModelCallError("too_large", "next_model", "The answer was far longer than any review.")
    if record.refused == "redirect":
        return ModelCallError("redirected", "next_model", "The server sent the call elsewhere; drafts are not sent on.")
    if record.refused == "compressed":
        return ModelCallError("not_understood", "next_model", "The server compressed its answer, which is not taken.")
    if record.refused:
        return ModelCallError("address_refused", "next_model", scrub(record.refused))
    if status is None:
        name = type(error).__name__.lower()
        if "timeout" in name or "timed out" in str(error).lower():
            return ModelCallError("timeout", "retry", "The server did not answer in time.")
        if name == "unsupportedparamserror":  # the library's own tables; nothing was sent
            return _not_taken(call, "The model does not take this call.")
        return ModelCallError("unreachable", "retry", "The server could not be reached.")
    wait = wire.wait_s(record.retry_after, record.body)
    if status in {401, 403} or (status == 400 and _any_of(BAD_KEY, words)):
        return ModelCallError("wrong_key", "next_model", WRONG_KEY)
    if status == 404:
        return ModelCallError("not_found", "next_model", f"The provider knows no model “{call.model}” at this address.")
    if (
        status == 402
        or (status in {400, 429} and _any_of(NO_CREDIT, words))
        or (status == 429 and "quota" in words and wait is None)
    ):
        return ModelCallError("quota", "next_model", "The account at the provider has used up its quota.")
    if status == 429:
        return ModelCallError("busy", "wait", "The provider asked us to wait.", retry_after_s=wait)
    if status in {408, 409, 425} or status >= 500:
        return ModelCallError("server_error", "retry", f"The provider had an error ({status}).", retry_after_s=wait)
    if status == 413 or (status >= 400 and _any_of(TOO_LONG, words)):
        return ModelCallError("too_long", "next_model", "The draft is longer than the model can read.")
    if status >= 400:
        if _any_of(FILTERED, words):
            return ModelCallError("filtered", "next_model", "The provider's filter refused the text.")
        return _not_taken(call, f"The provider did not accept the call ({status}).")
    return ModelCallError("not_understood", "retry", "The server answered with something that is not a model's answer.")


def _not_taken(call: ModelCall, words: str) -> ModelCallError:
    if call.output_mode != "prompt":
        return ModelCallError("structure_refused", "prompt_mode", "The model does not take this structured output.")
    return ModelCallError("bad_request", "next_model", words)
