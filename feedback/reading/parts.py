"""A draft longer than a model can take at once: when it is cut, and how its parts become one reading again.

Tokens are estimated, since no tokenizer is at hand and every model has another; the estimate is meant to be too high.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from feedback.contract import Prompt, PromptInput, ReadGoal, Reading
from feedback.reading.prompt import OutputMode, build_part, build_prompt

# Of the window, what a prompt may fill; the rest is for the answer, and for an estimate that was too low.
WINDOW_SHARE = 0.6
MAX_PARTS = 24
# Tokens per character, on the high side: English prose has 0.20 to 0.25, German 0.3, Russian 0.4, Chinese 0.6 to 1.3.
_ASCII, _ALPHABETS, _OTHERS, _RARE = 1 / 3, 0.8, 1.5, 3.0
_BEYOND_ASCII = re.compile("[\x80-\u08ff]")
_SYLLABLES = re.compile("[\u0900-\uffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

_FURTHEST = {"cannot_tell": 0, "not_yet": 1, "partly": 2, "addressed": 3}


class TooManyParts(Exception):
    """The draft would have to be cut into more parts than anybody would pay for."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens ``text`` is for a model, rather too many than too few."""
    alphabets, others, rare = (len(p.findall(text)) for p in (_BEYOND_ASCII, _SYLLABLES, _ASTRAL))
    plain = len(text) - alphabets - others - rare
    return round(plain * _ASCII + alphabets * _ALPHABETS + others * _OTHERS + rare * _RARE) + 1


def prompt_for(
    source: PromptInput, *, context_tokens: int, part: int = 0, output_mode: OutputMode = "schema"
) -> tuple[Prompt, int]:
    """Return a prompt and into how many parts the draft is cut: 0 where it fits into 60% of the window.

    Of a draft that is cut, ``part`` (from 1) names the one to comment on; 0 gives the pass over all of it for the levels.
    The same ``source`` and window cut at the same places. Raises :class:`TooManyParts`, and IndexError for a part that
    does not exist.
    """
    whole = build_prompt(source, output_mode=output_mode)
    written = "".join(message["content"] for message in whole.messages)
    tokens = estimated_tokens(written)
    most_tokens = WINDOW_SHARE * context_tokens
    if tokens <= most_tokens:
        if part:
            raise IndexError(part)
        return whole, 0
    if tokens > MAX_PARTS * most_tokens:
        raise TooManyParts(f"{tokens} tokens")
    # The densest of frame and draft counts: a part may hold nothing but the draft.
    chars_per_token = min(len(written) / tokens, len(source.text) / estimated_tokens(source.text))
    max_chars = int(most_tokens * chars_per_token)
    prompt, parts = build_part(source, whole, max_chars=max_chars, output_mode=output_mode, part=part)
    if parts > MAX_PARTS:
        raise TooManyParts(f"{parts} parts")
    return prompt, parts


def prompts_for(source: PromptInput, *, context_tokens: int, output_mode: OutputMode = "schema") -> tuple[Prompt, ...]:
    """Return every prompt of one reading: the one of a draft that fits, else one per part and, last, the levels' one."""
    last, parts = prompt_for(source, context_tokens=context_tokens, output_mode=output_mode)
    numbers = range(1, parts + 1)
    return (
        *(prompt_for(source, context_tokens=context_tokens, part=n, output_mode=output_mode)[0] for n in numbers),
        last,
    )


def answer_room(*, context_tokens: int, longest_answer_tokens: int) -> int:
    """Return how long an answer may be in this window: never more than the prompt leaves free."""
    return max(1, min(longest_answer_tokens, int((1 - WINDOW_SHARE) * context_tokens)))


def with_parts(levels: Reading, parts: Mapping[int, Reading]) -> Reading:
    """Join one reading of a long draft: comments and goals of ``parts`` (by number, from 1), levels of ``levels``.

    ``levels.parts`` says how many there should be. What is not there is named in ``parts_missing``; a part that was not
    read to its end makes the whole not read to its end.
    """
    if not levels.parts:
        return levels
    found = [parts[number] for number in sorted(parts)]
    items = tuple(
        replace(item, item_id=f"p{number}.{item.item_id}") for number in sorted(parts) for item in parts[number].items
    )
    severity = {item.item_id: item.severity for item in items}
    wanted = [f"p{number}.{item_id}" for number in sorted(parts) for item_id in parts[number].priority_item_ids]
    every = [levels, *found]
    unread = next((r for r in every if r.last_sentence_id != r.last_expected_id), levels)
    goals: dict[str, ReadGoal] = {}
    for reading in found:
        for goal in reading.goals:
            known = goals.get(goal.goal_id)
            if known is None or _FURTHEST[goal.status] > _FURTHEST[known.status]:
                goals[goal.goal_id] = goal
    return replace(
        levels,
        items=items,
        goals=tuple(goals.values()),
        addressed_to_reviewer=tuple(dict.fromkeys(i for r in every for i in r.addressed_to_reviewer)),
        student_concern=any(r.student_concern for r in every),
        last_sentence_id=unread.last_sentence_id,
        last_expected_id=unread.last_expected_id,
        priority_item_ids=tuple(sorted(wanted, key=lambda item_id: -severity.get(item_id, 0))[:3]),
        repaired_json=any(r.repaired_json for r in every),
        quotes_total=sum(r.quotes_total for r in every),
        quotes_unfound=sum(r.quotes_unfound for r in every),
        # Each part's comments are dropped by the part's own quotations; see recording.
        comments_dropped=False,
        chunked=True,
        parts_missing=tuple(sorted(set(range(1, levels.parts + 1)) - set(parts))),
    )
