"""What became of the goals of the last round: whether the text near their old sentences changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from deploy.demo.rules.draft import Draft, Sentence
from deploy.demo.rules.observation import Observation, words_of
from deploy.demo.rules.task import Goal

SAME = 0.97  # ratio from which a sentence counts as unchanged
RELATED = 0.5
# Words of a next step or comment -> rules that would still complain, and rules that show it was done.
CHECKS: tuple[tuple[re.Pattern[str], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        re.compile(r"opponent|objection|however|counter|disagree", re.I),
        ("no_other_view", "unanswered_objection", "asserted_reply"),
        ("answered_objection",),
    ),
    (
        re.compile(r"closing|conclusion|ending|weighs most", re.I),
        ("no_conclusion", "thin_conclusion"),
        ("good_conclusion",),
    ),
    (
        re.compile(r"source|author|year|study|cite|quotation", re.I),
        ("no_sources", "bare_number", "bare_fact", "loose_quotation", "vague_authority"),
        ("explained_source",),
    ),
    (
        re.compile(r"introduction|because|answers? the question|claim", re.I),
        ("no_thesis", "topic_not_position", "late_thesis", "thesis_without_reason"),
        ("thesis_with_reason",),
    ),
)


@dataclass(frozen=True)
class Progress:
    goal: Goal
    status: str  # addressed, partly, not_yet, cannot_tell
    note: str
    sentence: Sentence | None


def follow(goal: Goal, draft: Draft, seen: Sequence[Observation]) -> Progress:
    """Compare the goal's old sentences with the draft, then ask the rules whether the reason for the goal is gone."""
    unchanged = [s for old in goal.old_sentences if (s := _closest(old, draft, SAME))]
    check = next((c for c in CHECKS if c[0].search(goal.next_step) or c[0].search(goal.comment)), None)
    complaints = {o.rule for o in seen if check and o.rule in check[1]}
    done = next((o for o in seen if check and o.rule in check[2] and o.sentence), None)
    if goal.old_sentences and len(unchanged) == len(goal.old_sentences):
        still = unchanged[0]
        neighbour = draft.following(still)
        if done and not complaints and done.sentence:
            return Progress(
                goal,
                "partly",
                _note(
                    f"The sentence itself is as before, but the draft now has what was missing: “{words_of(done.sentence.text, 8)}”."
                ),
                done.sentence,
            )
        hint = f", followed by “{words_of(neighbour.text, 6)}”" if neighbour else ""
        return Progress(
            goal,
            "not_yet",
            _note(f"“{words_of(still.text, 8)}” stands as it did{hint}; the next step is still open."),
            still,
        )
    if goal.old_sentences:
        related = next((s for old in goal.old_sentences if (s := _closest(old, draft, RELATED))), None)
        place = (done.sentence if done else None) or related
        if complaints and not done:
            return Progress(
                goal,
                "partly",
                _note(
                    "The passage was rewritten; the concern behind the goal is smaller but can still be found in the draft."
                ),
                place,
            )
        if place is None:
            return Progress(
                goal,
                "partly",
                _note("The old passage is gone; nothing in the new draft clearly takes its place."),
                None,
            )
        return Progress(
            goal,
            "addressed",
            _note(f"The passage was rewritten: “{words_of(place.text, 9)}” now does what the next step asked for."),
            place,
        )
    if done and not complaints:
        return Progress(
            goal,
            "addressed",
            _note(f"What was missing is there now: “{words_of(done.sentence.text, 9) if done.sentence else ''}”."),
            done.sentence,
        )
    if complaints:
        return Progress(
            goal, "not_yet", _note("The part that was missing has not been found in this draft either."), None
        )
    if done:
        return Progress(goal, "partly", _note("A first step towards it can be found."), done.sentence)
    return Progress(goal, "cannot_tell", _note("The rules of the demo reviewer cannot see this in the text."), None)


def _closest(old: str, draft: Draft, least: float) -> Sentence | None:
    best, best_ratio = None, least
    for sentence in draft.sentences:
        matcher = SequenceMatcher(None, old.lower(), sentence.text.lower(), autojunk=False)
        if matcher.real_quick_ratio() < best_ratio or matcher.quick_ratio() < best_ratio:
            continue
        ratio = matcher.ratio()
        if ratio >= best_ratio:
            best, best_ratio = sentence, ratio
    return best


def _note(text: str) -> str:
    return text[:240]
