"""Answers that keep the contract are read, all others are rejected by name, and nothing else is ever raised."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from feedback.reading.answer import (
    AnswerRejected,
    ParsedAnswer,
    normalise_finish,
    parse_answer,
    repair_request,
    response_schema,
)
from feedback.tests import reading_samples as samples

PROMPT = samples.prompt()
RUBRIC = samples.rubric()
GOOD = json.dumps(samples.answer())


def parse(raw: str, finish_reason: str | None = "stop") -> ParsedAnswer:
    return parse_answer(raw, finish_reason=finish_reason, prompt=PROMPT, rubric=RUBRIC)


def rejected(raw: str, finish_reason: str | None = "stop") -> str:
    with pytest.raises(AnswerRejected) as caught:
        parse(raw, finish_reason)
    assert caught.value.detail and caught.value.reason in repair_request(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("raw", "how"),
    [
        (GOOD, "strict"),
        (" \n" + GOOD, "strict"),
        ("\ufeff " + GOOD, "extracted"),
        (f"Here it is:\n```json\n{GOOD}\n```\nHope it helps", "extracted"),
        (f'<think>Perhaps {{"level": 9}}?</think>\n{GOOD}', "extracted"),
        (f"so {{x}} I decide\n</think>{GOOD}", "extracted"),
        (f"[{GOOD}]", "extracted"),
        (f"Use {{braces}} like this: {GOOD}", "extracted"),
        (GOOD[:-1] + ",}", "repaired"),
        (GOOD.replace('"severity": 3', '"severity": 3 /* high */'), "repaired"),
        (GOOD.replace("One survey and", 'One "survey" and'), "repaired"),
        (GOOD.replace('"reasoning"', "reasoning"), "repaired"),
        (GOOD.replace('"reasoning"', "“reasoning”"), "repaired"),
        (GOOD.replace('"level": 1,', '"level": 1 ', 1), "repaired"),
        (GOOD + "<|im_end|>", "extracted"),
    ],
)
def test_reads_what_models_wrap_around_a_good_answer(raw: str, how: str) -> None:
    parsed = parse(raw)
    assert parsed.how == how and parsed.repaired == (how == "repaired")
    assert [c["level"] for c in parsed.data["criteria"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("raw", "finish_reason", "reason"),
    [
        (GOOD, "length", "TRUNCATED"),
        (GOOD, "MAX_TOKENS", "TRUNCATED"),
        (GOOD, "content_filter", "FILTERED"),
        (GOOD, "SAFETY", "FILTERED"),
        (GOOD, "refusal", "REFUSED"),
        (GOOD, "error", "INTERRUPTED"),
        ("", "stop", "EMPTY"),
        ("  \n", "stop", "EMPTY"),
        ("<think>only thoughts", "stop", "TRUNCATED"),
        ("I'm sorry, but I can't help with that.", "stop", "REFUSED"),
        ("The draft is quite good.", "stop", "NOT_JSON"),
        ("<html><body>{color:red}</body></html>", "stop", "NOT_JSON"),
        (GOOD[:-30], "stop", "TRUNCATED"),
        (GOOD[: GOOD.index('"level": 1') + 10], "stop", "TRUNCATED"),
        (GOOD + GOOD, "stop", "TWO_OBJECTS"),
        (GOOD + '{"a": ', "stop", "TRUNCATED"),
        ('{"a": 1, "a": 2}', "stop", "DUPLICATE_KEY"),
        ("{'a': 1, 'a': 2,}", "stop", "DUPLICATE_KEY"),
        ('{"level": NaN}', "stop", "NAN"),
        ('{"level": NaN,}', "stop", "NAN"),
        ('{"x": 1e999}', "stop", "NAN"),
        ('{"x": +Infinity,}', "stop", "NAN"),
        ('{"x": [1, inf],}', "stop", "NAN"),
        ('{"a": {"b": [{"x": 1, "\\u0078": 2}]},}', "stop", "DUPLICATE_KEY"),
        ('{"a": 1, "a\\u0000": 2}', "stop", "DUPLICATE_KEY"),
        ('{"a": [{"level": 1}, ...]}', "stop", "TRUNCATED"),
        ('{"level": 2 of 4}', "stop", "LEVEL_NOT_INTEGER"),
        ('{"level": 2/4}', "stop", "LEVEL_NOT_INTEGER"),
        ("{'level': high}", "stop", "LEVEL_NOT_INTEGER"),
        ('{"level": ' + "9" * 5000 + "}", "stop", "LEVEL_NOT_INTEGER"),
        ("This is against our usage policies, so I have to refuse.", "stop", "REFUSED"),
        ("Ich kann diesen Text leider nicht bewerten.", "stop", "REFUSED"),
        ('{"a": [1}', "stop", "NOT_JSON"),
        ("[1, 2]", "stop", "NOT_JSON"),
        (GOOD[:-1] + ",}", None, "NOT_JSON"),
        ('{"a":' * 5000, "stop", "NOT_JSON"),
        ('{"a":' * 100 + "1" + "}" * 100, "stop", "NOT_JSON"),
        ("x" * 300_000, "stop", "TOO_LONG"),
        (GOOD.replace('"level": 1', '"level": "1"', 1), "stop", "LEVEL_NOT_INTEGER"),
        (GOOD.replace('"level": 1', '"level": true', 1), "stop", "LEVEL_NOT_INTEGER"),
        (GOOD.replace('"level": 1', '"level": 1.5', 1), "stop", "LEVEL_NOT_INTEGER"),
        (GOOD.replace("One survey", PROMPT.canary), "stop", "CANARY"),
        (GOOD.replace("One survey", "\\u0046" + PROMPT.canary[1:]), "stop", "CANARY"),
    ],
)
def test_rejects_by_name(raw: str, finish_reason: str | None, reason: str) -> None:
    assert rejected(raw, finish_reason) == reason


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    *way, key, value = path

    def change(data: dict[str, Any]) -> None:
        for step in way:
            data = data[step]
        data[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (put("echo", "nonce", "aaaaaaaaaa"), "WRONG_NONCE"),
        (put("echo", "nonce", "zzzz"), "SCHEMA"),
        (put("echo", "last_sentence_id", "P9.S9"), "UNKNOWN_SENTENCE"),
        (put("criteria", 0, "criterion_id", "c9"), "UNKNOWN_CRITERION"),
        (put("criteria", 0, "criterion_id", "c2"), "DUPLICATE_CRITERION"),
        (put("criteria", 0, "level", 4), "LEVEL_OUT_OF_RANGE"),
        (put("criteria", 2, "level", 3), "LEVEL_OUT_OF_RANGE"),
        (put("criteria", 0, "level", 85), "LEVEL_OUT_OF_RANGE"),
        (put("criteria", 0, "evidence", 0, "sentence_id", "P7.S1"), "UNKNOWN_SENTENCE"),
        (put("draft_check", "text_addressed_to_reviewer", ["P7.S1"]), "UNKNOWN_SENTENCE"),
        (put("items", 0, "criterion_id", "c9"), "UNKNOWN_CRITERION"),
        (put("items", 0, "overall", "great"), "SCHEMA"),
        (put("score", 3), "SCHEMA"),
        (put("criteria", []), "SCHEMA"),
        (put("schema_version", "ff.review/2"), "SCHEMA"),
        (lambda data: data["criteria"].pop(), "MISSING_CRITERION"),
        (lambda data: data["items"].append(data["items"][0]), "DUPLICATE_ITEM"),
        (lambda data: data["criteria"][0].pop("reasoning"), "SCHEMA"),
        (lambda data: data["items"][0]["evidence"][0].update(quote="survey"), "SCHEMA"),
    ],
)
def test_rejects_what_does_not_fit_the_call(change: Callable[[dict[str, Any]], None], reason: str) -> None:
    data = samples.answer()
    change(data)
    assert rejected(json.dumps(data)) == reason


def test_none_is_not_zero_and_whole_floats_are_whole() -> None:
    data = samples.answer()
    data["criteria"][0]["level"] = None
    data["criteria"][1]["level"] = 2.0
    levels = [c["level"] for c in parse(json.dumps(data)).data["criteria"]]
    assert levels == [None, 2, 1] and isinstance(levels[1], int)


def test_what_no_database_keeps_is_dropped() -> None:
    raw = GOOD.replace("One survey", "One\\u0000 \\ud800survey")
    assert parse(raw).data["criteria"][0]["reasoning"].startswith("One survey")


def test_levels_written_before_evidence_are_noticed() -> None:
    data = samples.answer()
    data["criteria"][1] = {"level": 1, **{k: v for k, v in data["criteria"][1].items() if k != "level"}}
    assert parse(json.dumps(data)).level_before_evidence
    assert not parse(GOOD).level_before_evidence


def test_progress_on_goals_nobody_set_is_left_out() -> None:
    data = samples.answer()
    data["goal_progress"].append({"goal_id": "g9", "evidence": [], "note": "", "status": "partly"})
    assert [g["goal_id"] for g in parse(json.dumps(data)).data["goal_progress"]] == ["g1"]


def test_extra_runs_ask_for_some_criteria_only() -> None:
    asked = samples.prompt(only_criteria=("c2",))
    data = samples.answer(items=[], priority_item_ids=[])
    data["criteria"] = data["criteria"][1:2]
    assert parse_answer(json.dumps(data), finish_reason="stop", prompt=asked, rubric=RUBRIC)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("stop", "complete"), ("end_turn", "complete"), ("tool_calls", "complete"), ("tool_use", "complete"),
        ("STOP", "complete"), ("FinishReason.STOP", "complete"), ("COMPLETE", "complete"), ("eos", "complete"),
        ("length", "length"), ("max_tokens", "length"), ("model_context_window_exceeded", "length"),
        ("content-filter", "filter"), ("RECITATION", "filter"), ("PROHIBITED_CONTENT", "filter"),
        ("refusal", "refusal"), (None, "unknown"), ("", "unknown"), ("something new", "unknown"),
    ],
)  # fmt: skip
def test_finish_reasons_of_providers_mean_one_thing(word: str | None, meaning: str) -> None:
    assert normalise_finish(word) == meaning


def test_the_narrowed_schema_is_portable_and_fits_good_answers_only() -> None:
    schema = response_schema(RUBRIC, PROMPT)
    text = json.dumps(schema)
    assert not any(word in text for word in ('"$ref"', '"pattern"', '"minLength":', '"const"', '"uniqueItems"'))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(samples.answer())
    for change in (put("criteria", 0, "criterion_id", "c9"), put("echo", "nonce", "aaaaaaaaaa"), put("x", 1)):
        data = samples.answer()
        change(data)
        assert not validator.is_valid(data)
    assert list(schema["properties"]["criteria"]["items"]["properties"])[1:4] == ["evidence", "reasoning", "level"]

    def closed(node: Any) -> bool:
        if isinstance(node, list):
            return all(map(closed, node))
        if not isinstance(node, dict):
            return True
        strict = node.get("type") != "object" or (
            node["additionalProperties"] is False and set(node["required"]) == set(node["properties"])
        )
        return strict and all(map(closed, node.values()))

    assert closed(schema)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    ("criteria",), ("criteria", 0), ("criteria", 0, "level"), ("criteria", 0, "evidence"), ("items",), ("items", 0),
    ("items", 0, "evidence", 0, "quote"), ("items", 0, "severity"), ("echo",), ("echo", "nonce"), ("draft_check",),
    ("draft_check", "text_addressed_to_reviewer"), ("goal_progress",), ("priority_item_ids",), ("schema_version",),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), JSON_VALUES)
def test_any_value_anywhere_is_read_or_rejected(path: tuple[Any, ...], value: Any) -> None:
    data = copy.deepcopy(samples.answer())
    put(*path, value)(data)
    with contextlib.suppress(AnswerRejected):
        parse(json.dumps(data))


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=80)
    | st.text(alphabet=st.sampled_from(list("{}[]\",:'\\ \n1aNn<think/>")), max_size=60)
    | st.tuples(
        st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.sampled_from(["", '"', "}", ",", "{", "'", "\\"])
    ).map(lambda cut: GOOD[: cut[0]] + cut[2] + GOOD[cut[1] :]),
    st.sampled_from(["stop", None, "length", "tool_use"]),
)
def test_any_text_is_read_or_rejected(raw: str, finish_reason: str | None) -> None:
    try:
        parse(raw, finish_reason)
    except AnswerRejected as caught:
        assert caught.detail


@settings(max_examples=60, deadline=None)
@given(st.integers(1, len(GOOD) - 1))
def test_a_cut_answer_never_yields_levels(cut: int) -> None:
    assert rejected(GOOD[:cut]) in {"TRUNCATED", "NOT_JSON"}
