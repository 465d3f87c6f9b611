"""The short ways say what the long ways say: the compiled contract, and the words a pattern cannot do without."""

from __future__ import annotations

import copy
import json
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from feedback.reading import decoding, screening
from feedback.reading.answer import SCHEMA_PATH, first_problem
from feedback.reading.conformity import compile_schema
from feedback.tests import reading_samples as samples

CONTRACT = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
KEEPS = compile_schema(CONTRACT)
JUDGE = Draft202012Validator(CONTRACT)
KEYS = sorted(set(re.findall(r'"([a-z_]+)":', json.dumps(samples.answer()))))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 5),
    st.integers(),
    st.floats(),
    st.sampled_from([2.0, 1.5, -0.0, 1e308, math.inf]),
    st.text(max_size=8),
    st.sampled_from(
        "ff.review/1 i3 i12 i x3 P1.S1 P10.S22 P1.S P1.S1\n en eng english k7f2m9x4qa yes none high issue thesis task addressed".split(  # noqa: SIM905
            " "
        )
    ),
    st.integers(0, 720).map(lambda count: "a" * count),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def spoiled_answers(draw: st.DrawFn) -> Any:
    """An answer that keeps the contract, changed in up to three places: values, missing and added keys, copied entries."""
    answer: Any = copy.deepcopy(samples.answer())
    for _ in range(draw(st.integers(0, 3))):
        node = answer
        while True:
            if not isinstance(node, (dict, list)) or not node:
                break
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if isinstance(node[key], (dict, list)) and draw(st.integers(0, 3)):
                node = node[key]
                continue
            change = draw(st.sampled_from(["replace", "remove", "add", "repeat"]))
            if change == "replace":
                node[key] = draw(VALUES)
            elif change == "remove":
                del node[key]
            elif isinstance(node, dict):
                node[draw(st.sampled_from(KEYS) | st.text(max_size=4))] = draw(VALUES)
            elif change == "repeat":
                node += [copy.deepcopy(node[key])] * draw(st.integers(1, 11))
            else:
                node.insert(0, draw(VALUES))
            break
    return answer


@pytest.mark.thorough
@settings(max_examples=400)
@given(spoiled_answers() | VALUES)
def test_the_compiled_contract_judges_as_the_library_does(value: Any) -> None:
    valid = JUDGE.is_valid(value)
    assert KEEPS(value) is valid
    assert bool(first_problem(value)) is not valid


ODD: list[Any] = [
    None, True, False, 0, 1, 3, 4, -1, 2.0, 1.5, math.nan, math.inf, 10**400, "", "a" * 11, "a" * 800, "i1\n", "P1.S1\n",
    "P1.S1 ", "i", [], ["P1.S1"] * 6, [None], {}, {"level": 1},
]  # fmt: skip


def places(node: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in ``node``."""
    keys: Any = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [place for key in keys for place in ((node, key), *places(node[key]))]


@pytest.mark.thorough
def test_every_value_of_an_answer_replaced_by_every_odd_one_is_judged_as_the_library_does() -> None:
    answer = samples.answer()
    verdicts = set()
    for container, key in places(answer):
        kept = container[key]
        for value in ODD:
            container[key] = value
            assert KEEPS(answer) is JUDGE.is_valid(answer), (key, value)
            verdicts.add(KEEPS(answer))
        container[key] = kept
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}},
        {"type": "object", "additionalProperties": False, "minProperties": 1},
        {"type": "string", "format": "date"},
        {"type": "number"},
        {"enum": [1, 2]},
        {"enum": ["a"], "maxLength": 3},
        {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
        {"anyOf": [{"type": "string"}]},
        {},
    ],
)
def test_a_schema_with_something_unknown_in_it_is_not_compiled(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_schema(schema)


@pytest.mark.thorough
@pytest.mark.parametrize("pattern", screening._NEEDED, ids=lambda pattern: pattern.pattern[:20])
def test_whatever_a_pattern_finds_holds_a_word_it_needs(pattern: re.Pattern[str]) -> None:
    @settings(max_examples=150)
    @given(st.from_regex(pattern))
    def holds(text: str) -> None:
        assert list(screening._hits(pattern, (text,)))

    holds()


@pytest.mark.parametrize(
    "text", ["This is worth ſcore 5.", "The hİghest level", "level 3 of the K", "A LEVEL 2, ſtufe 3"]
)
def test_letters_taken_for_others_are_still_seen(text: str) -> None:
    for pattern in screening._NEEDED:
        assert [m.group() for m in screening._hits(pattern, (text,))] == [m.group() for m in pattern.finditer(text)]


@pytest.mark.thorough
@settings(max_examples=300)
@given(
    st.lists(
        st.from_regex(decoding._ORDER, fullmatch=True)
        | st.from_regex(decoding._OBJECT, fullmatch=True)
        | st.sampled_from(["x", "é", "markt", "givens", "don", "weak", "İ", "do not", "weak points"]),
        max_size=5,
    ),
    st.sampled_from([" ", ", ", "-", "\n", "'", "_", ""]),
)
def test_a_text_that_instructs_is_always_looked_at(words: list[str], between: str) -> None:
    text = between.join(words)
    assert decoding._may_instruct(text) or not (decoding._ORDER.search(text) or decoding._OBJECT.search(text))
