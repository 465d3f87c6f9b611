"""When a draft is cut, and how its parts become one reading again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedback.contract import Prompt
from feedback.reading.parts import (
    MAX_PARTS,
    TooManyParts,
    answer_room,
    estimated_tokens,
    prompt_for,
    prompts_for,
    with_parts,
)
from feedback.reading.prompt import build_prompt
from feedback.tests import reading_samples as samples

READING = samples.reading_of(samples.answer())
LONG = "\n\n".join(f"Paragraph {n} makes a claim of its own. It gives reason {n}. " * 12 for n in range(60))


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        # Tokens of the named text in the tokenizers of current models, by their makers' pages: 4 characters a token
        # in English, about 1.5 tokens a character of Burmese at worst; an estimate below would overrun a window.
        ("The tide came in at noon and left the harbour full of boats. " * 20, 20 * 14),
        ("Город решил сделать автобусы бесплатными. " * 20, 20 * 14),
        ("学校应该要求穿校服。" * 20, 20 * 10),
        ("🎓🎓🎓🎓", 8),
        ("", 1),
    ],
)
def test_the_estimate_is_rather_too_high(text: str, at_least: int) -> None:
    assert at_least <= estimated_tokens(text) <= 4 * at_least


def tokens_of(prompt: Prompt) -> int:
    return estimated_tokens("".join(message["content"] for message in prompt.messages))


def test_a_prompt_beyond_sixty_per_cent_of_the_window_is_cut_and_every_piece_fits() -> None:
    source = samples.source(text=LONG)
    whole, parts = prompt_for(source, context_tokens=128_000)
    assert (parts, whole.part) == (0, "all")
    fits = tokens_of(whole) * 10 // 6 + 1
    assert prompt_for(source, context_tokens=fits)[1] == 0
    levels, parts = prompt_for(source, context_tokens=fits - 10)
    assert parts >= 2 and levels.part == "levels"
    chinese = samples.source(text="\n\n".join("学校应该要求穿校服，因为它能减少差异。" * 10 for _ in range(40)))
    for long in (source, chinese):
        window = 12_000
        _, count = prompt_for(long, context_tokens=window)
        *parts_of_it, last = prompts_for(long, context_tokens=window)
        cut = [last, *parts_of_it]
        assert len(cut) == count + 1
        assert all(tokens_of(prompt) <= 0.62 * window for prompt in cut)
        everything = build_prompt(long).sentences
        assert [s.id for prompt in cut[1:] for s in prompt.sentences] == [s.id for s in everything]
        with pytest.raises(IndexError):
            prompt_for(long, context_tokens=window, part=count + 1)
    with pytest.raises(IndexError):
        prompt_for(source, context_tokens=128_000, part=1)


def test_nobody_pays_for_a_hundred_parts() -> None:
    with pytest.raises(TooManyParts):
        prompt_for(samples.source(text=LONG * 8), context_tokens=4_000)
    assert MAX_PARTS < 100
    assert answer_room(context_tokens=8_000, longest_answer_tokens=4_096) == 3_200
    assert answer_room(context_tokens=128_000, longest_answer_tokens=4_096) == 4_096


def test_comments_come_from_the_parts_and_levels_from_the_pass_over_all() -> None:
    levels = replace(READING, parts=3, items=(), goals=(), chunked=True)
    first = replace(READING, addressed_to_reviewer=("P1.S2",), quotes_total=4, quotes_unfound=1, student_concern=True)
    third = replace(READING, criteria=(), repaired_json=True)
    joined = with_parts(levels, {3: third, 1: first})
    assert joined.criteria == levels.criteria and joined.chunked and joined.repaired_json and joined.student_concern
    assert [item.item_id for item in joined.items] == [
        f"p{number}.{item.item_id}" for number in (1, 3) for item in READING.items
    ]
    assert joined.parts_missing == (2,) and joined.addressed_to_reviewer == ("P1.S2",)
    assert joined.quotes_total == levels.quotes_total + 4 + third.quotes_total
    assert len({goal.goal_id for goal in joined.goals}) == len(joined.goals) == len(READING.goals)
    unread = replace(third, last_sentence_id="P1.S1", last_expected_id="P9.S9")
    cut_short = with_parts(levels, {1: first, 2: unread, 3: third})
    assert (cut_short.last_sentence_id, cut_short.last_expected_id) == ("P1.S1", "P9.S9")
    assert with_parts(READING, {}) is READING
