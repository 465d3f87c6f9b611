"""What became of the goals of the last round, and which changes of level are more than noise.

A verdict needs three things that do not depend on each other: the text near the goal changed (found by code), the
models say so with little spread, and there is a verified quotation that is new in this draft. Where these contradict
each other, the instructor decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from feedback.agreement.aggregation import CriterionAgreement
from feedback.agreement.summary import median, value_range
from feedback.contract import Quote
from feedback.progress.alignment import Alignment, align
from feedback.reading.normalising import normalise

Verdict = Literal[
    "addressed", "partly", "attempted_not_yet", "not_yet", "cannot_tell", "text_changed_here", "text_unchanged_here"
]

# What a panel of models says of a goal, as numbers: see ``Vote``.
Vote = Literal[0, 1, 2] | None
VOTES: dict[str, Vote] = {"not_yet": 0, "partly": 1, "addressed": 2, "cannot_tell": None}

NEAR_SENTENCES = 1


def changed_near(alignment: Alignment, goal_sentences: Sequence[int]) -> bool:
    """Whether the text changed at the goal's sentences of the last draft or one sentence either side.

    A new sentence counts when it stands next to where one of these now stands; so does a sentence that moved.
    ``goal_sentences``: 0-based, of the last draft; empty means the whole draft.
    """
    if not goal_sentences:
        return any(not change.same_text for change in alignment.changes)
    near = {sentence + step for sentence in goal_sentences for step in range(-NEAR_SENTENCES, NEAR_SENTENCES + 1)}
    if any(change.old in near and not change.same_text for change in alignment.changes if change.old is not None):
        return True
    now_at = {change.new for change in alignment.changes if change.old in goal_sentences and change.new is not None}
    near_now = {place + step for place in now_at for step in range(-NEAR_SENTENCES, NEAR_SENTENCES + 1)}
    return any(change.change == "added" and change.new in near_now for change in alignment.changes)


def kept_words(kept: Sequence[str], new: Sequence[str]) -> tuple[bool, frozenset[int]]:
    """What can still be said when the last draft was removed and only a goal's own words were ``kept``.

    Returns whether any of them is no longer there word for word, and which sentences of the ``new`` draft they became.
    Only a quotation from such a sentence can be known to be new. Nothing kept (something was missing): nothing is known.
    """
    there = normalise(" ".join(new))
    gone = [words for words in kept if normalise(words) and normalise(words) not in there]
    became = {change.new for change in align(gone, new).changes if change.old is not None and change.new is not None}
    return bool(gone), frozenset(became)


def verdict(votes: Sequence[Vote], *, changed: bool, new_quote_verified: bool, offline: bool = False) -> Verdict:
    """Return the verdict on one goal.

    ``votes``: one per model run, 0 not yet, 1 partly, 2 addressed, None cannot tell; ``changed``: ``changed_near``;
    ``new_quote_verified``: some run gave a located quotation that is new in this draft; ``offline``: no model was
    asked, so only the change of the text can be stated.

    | median of votes   | text near it changed                                         | unchanged   |
    |-------------------|--------------------------------------------------------------|-------------|
    | fewer than half   | cannot tell                                                  | cannot tell |
    | addressed (2)     | addressed if spread <= 1 and a new quote verified, else partly | cannot tell |
    | partly (1 to < 2) | partly                                                       | cannot tell |
    | not yet (< 1)     | attempted, not yet                                           | not yet     |
    """
    if offline:
        return "text_changed_here" if changed else "text_unchanged_here"
    given = [vote for vote in votes if vote is not None]
    if not given or 2 * len(given) < len(votes):
        return "cannot_tell"
    middle = median(given)
    if middle < 1:
        return "attempted_not_yet" if changed else "not_yet"
    if not changed:
        return "cannot_tell"
    if middle == 2 and value_range(given) <= 1 and new_quote_verified:
        return "addressed"
    return "partly"


def has_new_quote(quotes: Sequence[Quote], *, old_text: str) -> bool:
    """Whether a verified quotation of this draft was not already in the last one (blanks, case, kinds of marks aside)."""
    before = normalise(old_text)
    return any(quote.verified and quote.shown.strip() and normalise(quote.shown) not in before for quote in quotes)


def needs_instructor(found: Verdict) -> bool:
    """Whether the instructor has to decide because the evidence contradicts itself or says nothing."""
    return found == "cannot_tell"


def level_change(old: CriterionAgreement, new: CriterionAgreement) -> int | None:
    """How many levels a criterion rose (negative: fell) between drafts; None when nothing may be shown.

    Shown only if neither level is withheld and the two bands do not overlap: a draft "between 1 and 2" after one
    at 1, or before one at 2, has not measurably changed.
    """
    if old.withheld or new.withheld or old.level is None or new.level is None:
        return None
    if old.band is None or new.band is None or _overlap(old.band, new.band):
        return None
    return new.level - old.level


def _overlap(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]
