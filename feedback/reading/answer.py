"""From a model's raw answer to a reading that may count, or to a named reason why the run is missing.

The contract is ``review.schema.json`` (ff.review/1). An answer that does not fit is never bent into shape: the model
gets one retry with the words of ``repair_request``, and after that the run is missing, which is not a low level.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance

from feedback.contract import Prompt, RubricSnapshot
from feedback.reading.conformity import Check, compile_schema
from feedback.reading.json_text import AnswerRejected, How, normalise_finish, read_object

__all__ = [
    "AnswerRejected",
    "ParsedAnswer",
    "normalise_finish",
    "parse_answer",
    "repair_request",
    "response_schema",
]

SCHEMA_PATH = Path(__file__).with_name("review.schema.json")
SCHEMA_VERSION = "ff.review/1"
# What structured-output modes of providers understand; lengths and patterns are checked afterwards.
_PORTABLE = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "enum", "description", "anyOf"}
)


@dataclass(frozen=True)
class ParsedAnswer:
    """An answer that keeps the contract; its quotations are not looked up yet (``evidence.verify`` does that).

    ``data`` has the shape of ``review.schema.json``. ``how`` it was found in the raw text. ``last_expected`` is the id
    of the last sentence the model was shown. ``forbidden`` are the words of the call no comment may carry.
    """

    data: Mapping[str, Any]
    how: How
    level_before_evidence: bool
    last_expected: str
    forbidden: tuple[str, ...] = field(default=(), repr=False)
    chunked: bool = False

    @property
    def repaired(self) -> bool:
        return self.how == "repaired"


def parse_answer(raw: str, *, finish_reason: str | None, prompt: Prompt, rubric: RubricSnapshot) -> ParsedAnswer:
    """Parse one answer to ``prompt``. Raises AnswerRejected and nothing else, whatever ``raw`` is.

    Order: finish reason, canary, exactly one JSON object, schema, nonce, then ids and levels against the rubric and
    the sentences that were shown.
    """
    found = read_object(raw, finish_reason=finish_reason, forbidden=prompt.canary)
    data = found.value
    problem = first_problem(data)
    if problem:
        raise AnswerRejected("SCHEMA", problem)
    if data["echo"]["nonce"] != prompt.nonce:
        raise AnswerRejected("WRONG_NONCE", "The answer does not belong to this call.")
    if prompt.canary and prompt.canary in json.dumps(data, ensure_ascii=False):
        raise AnswerRejected("CANARY", "The answer repeats a word from the instructions that it must not contain.")
    before = _level_before_evidence(data)
    data = _whole_numbers(data)
    _check_criteria(data, prompt, rubric)
    _check_items_and_goals(data, prompt)
    _check_sentences(data, prompt)
    return ParsedAnswer(
        data=data,
        how=found.how,
        level_before_evidence=before,
        last_expected=prompt.sentences[-1].id if prompt.sentences else "",
        forbidden=tuple(word for word in (prompt.canary, prompt.nonce) if word),
        chunked=prompt.chunked,
    )


def first_problem(data: Any) -> str:
    """A sentence about where ``data`` leaves the contract, ``""`` when it keeps it."""
    if _keeps_contract()(data):
        return ""
    error = max(_validator().iter_errors(data), key=relevance, default=None)
    return _in_words(error) if error else ""


def response_schema(rubric: RubricSnapshot, prompt: Prompt) -> dict[str, Any]:
    """The contract narrowed to this call, in the part of JSON Schema that providers' structured output understands.

    No references, lengths or patterns; ids are enums, limits stand in descriptions. Key order is evidence, reasoning,
    level: models write in this order.
    """
    known = {criterion.key for criterion in rubric.criteria}
    keys = [key for key in prompt.criterion_order if key in known] or sorted(known)
    schema = _portable(_contract(), _contract()["$defs"])
    properties = schema["properties"]
    properties["schema_version"] = {"type": "string", "enum": [SCHEMA_VERSION]}
    properties["echo"]["properties"]["nonce"] = {"type": "string", "enum": [prompt.nonce]}
    for name in ("criteria", "items"):
        properties[name]["items"]["properties"]["criterion_id"] = {"type": "string", "enum": keys}
    highest = max(rubric.criterion(key).level_count for key in keys) - 1
    properties["criteria"]["items"]["properties"]["level"] = {
        "anyOf": [{"type": "integer"}, {"type": "null"}],
        "description": f"a level number of this criterion, 0 to {highest} at most, or null",
    }
    return schema


def repair_request(rejected: AnswerRejected) -> str:
    """What to say to the model for its one retry: the validator's words, and nothing of the draft."""
    return (
        f"Your answer could not be used ({rejected.reason}): {rejected.detail} "
        "Answer again: the whole review as one JSON object of the form asked for, complete, with exact quotes, the "
        "nonce of this call in echo.nonce, and nothing before or after it."
    )


@cache
def _contract() -> dict[str, Any]:
    contract: dict[str, Any] = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    return contract


@cache
def _keeps_contract() -> Check:
    return compile_schema(_contract())


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(_contract())


def _portable(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_portable(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _portable(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    portable: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            portable[key] = {name: _portable(part, definitions) for name, part in value.items()}
        elif key in _PORTABLE:
            portable[key] = _portable(value, definitions)
    if "enum" in portable:
        portable.setdefault("type", "string")
    if isinstance(portable.get("type"), list):
        portable["anyOf"] = [{"type": name} for name in portable.pop("type")]
    limits = {
        name: node[name]
        for name in ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
        if name in node
    }
    if limits:
        stated = ", ".join(f"{name} {value}" for name, value in limits.items())
        portable["description"] = f"{portable['description']}; {stated}" if "description" in portable else stated
    return portable


def _in_words(error: ValidationError) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    # The validator's message quotes the offending value, which may be long and is the student's or model's text.
    asked = {
        "required": error.message,
        "additionalProperties": "keys that the form does not have",
        "type": f"must be {error.validator_value}",
        "enum": f"must be one of {error.validator_value}",
        "const": f"must be {error.validator_value!r}",
        "pattern": f"must look like {error.validator_value}",
        "minLength": f"shorter than {error.validator_value} characters",
        "maxLength": f"longer than {error.validator_value} characters",
        "minItems": f"fewer than {error.validator_value} entries",
        "maxItems": f"more than {error.validator_value} entries",
        "uniqueItems": "entries occur twice",
        "minimum": f"less than {error.validator_value}",
        "maximum": f"more than {error.validator_value}",
    }.get(str(error.validator), "does not fit the form")
    return f"At {where or 'the top'}: {asked}."


def _level_before_evidence(data: Mapping[str, Any]) -> bool:
    for criterion in data["criteria"]:
        keys = list(criterion)
        if keys.index("level") < max(keys.index("evidence"), keys.index("reasoning")):
            return True
    return False


def _whole_numbers(data: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema takes 2.0 for an integer; everything behind this line gets an int."""
    for criterion in data["criteria"]:
        if criterion["level"] is not None:
            criterion["level"] = int(criterion["level"])
    for item in data["items"]:
        item["severity"] = int(item["severity"])
    return data


def _check_criteria(data: Mapping[str, Any], prompt: Prompt, rubric: RubricSnapshot) -> None:
    asked = set(prompt.criterion_order)
    seen: set[str] = set()
    for criterion in data["criteria"]:
        key = criterion["criterion_id"]
        if key not in asked:
            raise AnswerRejected("UNKNOWN_CRITERION", f"There is no criterion {key[:40]!r} in this rubric.")
        if key in seen:
            raise AnswerRejected("DUPLICATE_CRITERION", f"Criterion {key} is judged twice.")
        seen.add(key)
        count = rubric.criterion(key).level_count
        if criterion["level"] is not None and not 0 <= criterion["level"] < count:
            raise AnswerRejected("LEVEL_OUT_OF_RANGE", f"Criterion {key} has the levels 0 to {count - 1}.")
    missing = [key for key in prompt.criterion_order if key not in seen]
    if missing:
        raise AnswerRejected("MISSING_CRITERION", f"Nothing is said about {', '.join(missing)}.")


def _check_items_and_goals(data: dict[str, Any], prompt: Prompt) -> None:
    asked = set(prompt.criterion_order)
    seen: set[str] = set()
    for item in data["items"]:
        if item["criterion_id"] not in asked:
            key = item["criterion_id"][:40]
            raise AnswerRejected("UNKNOWN_CRITERION", f"There is no criterion {key!r} in this rubric.")
        if item["item_id"] in seen:
            raise AnswerRejected("DUPLICATE_ITEM", f"Two items are called {item['item_id'][:20]}.")
        seen.add(item["item_id"])
    # Progress on a goal nobody set says nothing; it is no reason to lose the whole reading.
    data["goal_progress"] = [goal for goal in data["goal_progress"] if goal["goal_id"] in prompt.goal_ids]


def _check_sentences(data: Mapping[str, Any], prompt: Prompt) -> None:
    shown = {sentence.id for sentence in prompt.sentences}
    for sentence_id in _cited(data):
        if sentence_id not in shown:
            raise AnswerRejected("UNKNOWN_SENTENCE", f"The draft has no sentence {sentence_id[:20]!r}.")


def _cited(data: Mapping[str, Any]) -> Iterator[str]:
    yield data["echo"]["last_sentence_id"]
    yield from data["draft_check"]["text_addressed_to_reviewer"]
    for group in ("criteria", "items", "goal_progress"):
        for entry in data[group]:
            for evidence in entry["evidence"]:
                yield evidence["sentence_id"]
