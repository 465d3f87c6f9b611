"""The words sent to one model for one reading of one draft.

Two messages, ``system`` and ``user``. The system message is the contract; the user message has one
regular, line-based form, so that a program (a test, a rule-based reviewer) can read it as well as a model.
Every section starts with a marker line of its own that holds the nonce of the call; ``<nonce>`` is ten
characters of ``[a-z0-9]``. One record is one line; records never contain a line break; ``|`` inside a value is
written ``/``::

    ⟦<nonce>·ASSIGNMENT⟧
    title | Free public transport
    <the assignment's own text, any number of lines>
    ⟦<nonce>·RUBRIC⟧
    criterion c1 | Argument | weight 2
    about | what the criterion looks at                   (only when it has a description)
    language | judged                                     (only when language is what the criterion is about)
    level 0 | Missing | descriptor
    level 1 | Emerging | descriptor
    aim | level 2                                         (only when the target is not the top level)
    criterion c2 | ...
    ⟦<nonce>·GOALS⟧                                       (only when there are goals)
    goal g1 | criterion c1 | the next step that was agreed
    comment | the comment it came from                    (only when there is one)
    before | one old sentence                             (none, one or more lines)
    ⟦<nonce>·INSTRUCTIONS⟧                                (only when the instructor wrote any)
    <any number of lines>
    ⟦<nonce>·DRAFT⟧
    ⟦<nonce>·P1.S1⟧ First sentence of the draft.
    ⟦<nonce>·P1.S2⟧ Second sentence.
    ⟦<nonce>·P2.S1⟧ ...
    ⟦<nonce>·END⟧
    <the reminder>

The last lines of the system message are records too::

    nonce | <nonce>
    canary | FFC-<12 hex>
    feedback language | en
    part | all            (all; comments: a part of a long draft, levels null; levels: no comments)

Sentences that were left out of a long draft are simply not there; the ids of the others do not change.
The system message up to those records comes from ``wording.py``.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import string
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from feedback.contract import CriterionSnapshot, Goal, Prompt, PromptInput, Sentence
from feedback.reading import wording
from feedback.reading.characters import CLOSE_BRACKET, OPEN_BRACKET, clean_characters
from feedback.reading.redaction import Redactor, replace_spans
from feedback.reading.sentences import split_sentences
from submissions.extraction.characters import count_words

__all__ = ["build_chunked_prompts", "build_part", "build_prompt", "count_words", "new_nonce"]

OutputMode = Literal["schema", "tool", "prompt"]
Part = Literal["all", "comments", "levels"]

TEMPLATE_VERSION = wording.TEMPLATE_VERSION
NONCE_ALPHABET = string.ascii_lowercase + string.digits
NONCE_CHARS = 10
# However long the rubric is, a chunk holds at least this much of the draft.
_LEAST_DRAFT_CHARS = 2000


def new_nonce() -> str:
    """Ten unpredictable characters of ``[a-z0-9]`` for one call; about 51 bits."""
    return "".join(secrets.choice(NONCE_ALPHABET) for _ in range(NONCE_CHARS))


def build_prompt(source: PromptInput, *, output_mode: OutputMode = "schema") -> Prompt:
    """Build the two messages for one reading of the whole draft. The same ``source`` gives the same prompt.

    ``output_mode`` says how the answer's shape is enforced: by the provider's JSON schema mode, by a tool call, or by
    the words alone. Raises ValueError for a malformed nonce or when ``only_criteria`` names no criterion.
    """
    left_out = set(source.left_out)
    shown = tuple(sentence for sentence in split_sentences(source.text) if sentence.id not in left_out)
    return _build(source, shown, output_mode=output_mode, part="all")


def build_chunked_prompts(
    source: PromptInput, *, max_chars: int, output_mode: OutputMode = "schema"
) -> tuple[Prompt, ...]:
    """Prompts of at most about ``max_chars`` characters for a draft that does not fit in one.

    A draft that fits gives the one ordinary prompt. Otherwise: one prompt per chunk of whole paragraphs, for comments
    only, then one prompt for the levels, which holds the opening and closing sentences of every paragraph as far as
    they fit. Each has a nonce of its own; sentence ids are those of the whole draft.
    """
    whole = build_prompt(source, output_mode=output_mode)
    first, count = build_part(source, whole, max_chars=max_chars, output_mode=output_mode, part=1)
    if not count:
        return (whole,)
    others = (
        build_part(source, whole, max_chars=max_chars, output_mode=output_mode, part=part)[0]
        for part in (*range(2, count + 1), 0)
    )
    return (first, *others)


def build_part(
    source: PromptInput, whole: Prompt, *, max_chars: int, output_mode: OutputMode = "schema", part: int
) -> tuple[Prompt, int]:
    """One of the prompts of ``build_chunked_prompts``, and the number of chunks: 0 when the draft fits in ``whole``.

    ``whole`` is ``build_prompt(source)``; ``part`` counts the chunks from 1, 0 is the prompt for the levels. A part that
    does not exist raises IndexError.
    """
    if sum(len(message["content"]) for message in whole.messages) <= max_chars:
        return whole, 0
    bare = _build(source, (), output_mode=output_mode, part="comments")
    budget = max(_LEAST_DRAFT_CHARS, max_chars - sum(len(message["content"]) for message in bare.messages))
    chunks = list(_chunks(whole.sentences, budget))
    if part == 0:
        return _build(source, _skeleton(whole.sentences, budget), output_mode=output_mode, part="levels"), len(chunks)
    own = replace(source, nonce=_derived_nonce(source.nonce, part))
    return _build(own, chunks[part - 1], output_mode=output_mode, part="comments"), len(chunks)


def _build(source: PromptInput, sentences: Sequence[Sentence], *, output_mode: OutputMode, part: Part) -> Prompt:
    if len(source.nonce) != NONCE_CHARS or set(source.nonce) - set(NONCE_ALPHABET):
        raise ValueError("a nonce is ten characters of [a-z0-9]")
    criteria = _shuffled(source)
    redactor = Redactor(source.roster, reserved=source.text)
    lines, shown = _draft_lines(source, sentences, redactor)
    canary = _canary(source)
    system = wording.system_message(
        nonce=source.nonce,
        canary=canary,
        feedback_language=_one_line(source.feedback_language),
        output_mode=output_mode,
        part=part,
        has_goals=bool(source.goals) and part != "levels",
    )
    user = "\n".join(
        (
            *_assignment_lines(source, redactor),
            *_rubric_lines(source.nonce, criteria),
            *(_goal_lines(source, redactor) if part != "levels" else ()),
            *_instruction_lines(source, redactor),
            _marker(source.nonce, "DRAFT"),
            *lines,
            _marker(source.nonce, "END"),
            wording.reminder(nonce=source.nonce, part=part),
        )
    )
    messages = ({"role": "system", "content": system}, {"role": "user", "content": user})
    return Prompt(
        messages=messages,
        nonce=source.nonce,
        canary=canary,
        template_version=TEMPLATE_VERSION,
        prompt_hash=hash_messages(messages),
        criterion_order=tuple(criterion.key for criterion in criteria),
        sentences=shown,
        redactions=redactor.redactions,
        chunked=part != "all",
        part=part,
        goal_ids=tuple(goal.goal_id for goal in source.goals) if part != "levels" else (),
    )


def hash_messages(messages: Iterable[dict[str, str]]) -> str:
    """sha256 (hex) over roles and contents; the record of what exactly was sent."""
    digest = hashlib.sha256()
    for message in messages:
        for value in (message["role"], message["content"]):
            raw = value.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def _shuffled(source: PromptInput) -> list[CriterionSnapshot]:
    wanted = set(source.only_criteria)
    criteria = [c for c in source.rubric.criteria if not wanted or c.key in wanted]
    if not criteria:
        raise ValueError("a reading needs at least one criterion")
    random.Random(source.seed).shuffle(criteria)  # an order to be repeated, not a secret
    return criteria


def _canary(source: PromptInput) -> str:
    """A word no answer may contain; derived, so that the same input gives the same prompt."""
    return "FFC-" + hashlib.sha256(f"canary {source.nonce} {source.seed}".encode()).hexdigest()[:12]


def _derived_nonce(nonce: str, number: int) -> str:
    value = int.from_bytes(hashlib.sha256(f"{nonce} {number}".encode()).digest()[:12], "big")
    characters = []
    for _ in range(NONCE_CHARS):
        value, digit = divmod(value, len(NONCE_ALPHABET))
        characters.append(NONCE_ALPHABET[digit])
    return "".join(characters)


def _marker(nonce: str, name: str) -> str:
    return f"{OPEN_BRACKET}{nonce}·{name}{CLOSE_BRACKET}"


def _one_line(text: str) -> str:
    return " ".join(clean_characters(text).replace("|", "/").split())


def _draft_lines(
    source: PromptInput, sentences: Sequence[Sentence], redactor: Redactor
) -> tuple[list[str], tuple[Sentence, ...]]:
    """The marked lines, and the sentences they show: one that is invisible once cleaned has no line."""
    spans = redactor.spans(source.text) if sentences else []
    lines: list[str] = []
    shown: list[Sentence] = []
    for sentence in sentences:
        inside = [
            (max(start, sentence.start) - sentence.start, min(end, sentence.end) - sentence.start, placeholder)
            for start, end, placeholder in spans
            if start < sentence.end and end > sentence.start
        ]
        raw = replace_spans(sentence.text, inside) if inside else sentence.text
        cleaned, text = _cleaned_line(raw)
        if cleaned != raw:  # a name with invisible characters inside is only recognised once they are gone
            text = " ".join(redactor.redact(cleaned).split())
        if text:
            lines.append(f"{_marker(source.nonce, sentence.id)} {text}")
            shown.append(sentence)
    return lines, tuple(shown)


@lru_cache(maxsize=1024)
def _cleaned_line(text: str) -> tuple[str, str]:
    """``text`` cleaned, and that on one line; every prompt of a draft shows the same sentences."""
    cleaned = clean_characters(text)
    return cleaned, " ".join(cleaned.split())


def _assignment_lines(source: PromptInput, redactor: Redactor) -> Iterable[str]:
    yield _marker(source.nonce, "ASSIGNMENT")
    yield f"title | {_one_line(source.assignment_title)}"
    instructions = clean_characters(source.assignment_instructions).strip()
    if instructions:
        yield redactor.redact(instructions)


def _rubric_lines(nonce: str, criteria: Sequence[CriterionSnapshot]) -> Iterable[str]:
    yield _marker(nonce, "RUBRIC")
    for criterion in criteria:
        yield f"criterion {criterion.key} | {_one_line(criterion.title)} | weight {criterion.weight:g}"
        if criterion.description.strip():
            yield f"about | {_one_line(criterion.description)}"
        if criterion.language_matters:
            yield "language | judged"
        for level in criterion.levels:
            yield f"level {level.position} | {_one_line(level.label)} | {_one_line(level.descriptor)}"
        target = criterion.target_position
        if target is not None and target != criterion.level_count - 1:
            yield f"aim | level {target}"


def _goal_lines(source: PromptInput, redactor: Redactor) -> Iterable[str]:
    if not source.goals:
        return
    yield _marker(source.nonce, "GOALS")
    for goal in source.goals:
        yield from _one_goal(goal, redactor)


def _one_goal(goal: Goal, redactor: Redactor) -> Iterable[str]:
    yield f"goal {goal.goal_id} | criterion {goal.criterion_key} | {redactor.redact(_one_line(goal.next_step))}"
    if goal.comment.strip():
        yield f"comment | {redactor.redact(_one_line(goal.comment))}"
    for sentence in goal.old_sentences:
        yield f"before | {redactor.redact(_one_line(sentence))}"


def _instruction_lines(source: PromptInput, redactor: Redactor) -> Iterable[str]:
    instructions = clean_characters(source.custom_instructions).strip()
    if instructions:
        yield _marker(source.nonce, "INSTRUCTIONS")
        yield redactor.redact(instructions)


def _line_chars(sentence: Sentence) -> int:
    return len(sentence.text) + len(sentence.id) + NONCE_CHARS + 6


def _chunks(sentences: Sequence[Sentence], budget: int) -> Iterable[tuple[Sentence, ...]]:
    """Whole paragraphs as long as they fit; a paragraph longer than a chunk is cut between sentences."""
    chunk: list[Sentence] = []
    used = 0
    for paragraph in _by_paragraph(sentences):
        size = sum(_line_chars(sentence) for sentence in paragraph)
        if chunk and used + size > budget:
            yield tuple(chunk)
            chunk, used = [], 0
        for sentence in paragraph:
            if chunk and used + _line_chars(sentence) > budget:
                yield tuple(chunk)
                chunk, used = [], 0
            chunk.append(sentence)
            used += _line_chars(sentence)
    if chunk:
        yield tuple(chunk)


def _skeleton(sentences: Sequence[Sentence], budget: int) -> tuple[Sentence, ...]:
    """What one pass over everything can hold: first and last sentences of paragraphs, then more from the front."""
    paragraphs = _by_paragraph(sentences)
    openings = [paragraph[0] for paragraph in paragraphs]
    closings = [paragraph[-1] for paragraph in paragraphs]
    ends = [*(paragraphs[0] if paragraphs else ()), *(paragraphs[-1] if paragraphs else ())]
    middles = [sentence for paragraph in paragraphs for sentence in paragraph[1:-1]]
    chosen: dict[str, Sentence] = {}
    used = 0
    for group in (ends, openings, closings, middles):
        fresh = [sentence for sentence in group if sentence.id not in chosen]
        for sentence in _evenly(fresh, budget - used):
            if sentence.id not in chosen and used + _line_chars(sentence) <= budget:
                chosen[sentence.id] = sentence
                used += _line_chars(sentence)
    return tuple(sentence for sentence in sentences if sentence.id in chosen)


def _evenly(sentences: Sequence[Sentence], budget: int) -> Sequence[Sentence]:
    """All of them when they fit, else every n-th, so that no part of the draft is left out entirely."""
    size = sum(_line_chars(sentence) for sentence in sentences)
    step = 1 if budget >= size else -(-size // max(1, budget))
    return sentences[::step]


def _by_paragraph(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    paragraphs: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        paragraphs.setdefault(sentence.paragraph, []).append(sentence)
    return list(paragraphs.values())
