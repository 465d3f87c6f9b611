"""What became of a draft in the next one: changed sentences side by side, last round's goals and their outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from feedback.contract import Quote, Sentence
from feedback.models import Feedback, FeedbackItem, ModelRun
from feedback.progress.alignment import SentenceChange, align
from feedback.progress.differences import Span, word_differences
from feedback.progress.goals import VOTES, changed_near, has_new_quote, kept_words, verdict
from feedback.reading.sentences import split_sentences
from feedback.recording import readings_of
from submissions.models import Draft


@dataclass(frozen=True)
class ChangedSentence:
    """One sentence of either draft: ``old``/``new`` are None where there is none; ``spans`` turn one into the other.

    ``on_new_line``: the draft begins a line with it, as a list of sources does.
    """

    change: str
    moved: bool
    old: str | None
    new: str | None
    spans: tuple[Span, ...] = ()
    on_new_line: bool = False


@dataclass(frozen=True)
class Changes:
    """``rows`` in the order of the new draft; ``reason`` says why there are none.

    ``paragraphs`` are the same rows as the drafts' paragraphs hold them.
    """

    before: int | None
    rows: tuple[ChangedSentence, ...]
    summary: dict[str, int]
    reason: str = ""
    paragraphs: tuple[tuple[ChangedSentence, ...], ...] = ()


def earlier_draft(draft: Draft) -> Draft | None:
    """Return the student's last read draft of the assignment before this one."""
    return (
        Draft.objects.filter(
            assignment_id=draft.assignment_id,
            student_id=draft.student_id,
            number__lt=draft.number,
            status=Draft.Status.READY,
        )
        .select_related("content")
        .order_by("-number")
        .first()
    )


def _text(draft: Draft | None) -> str:
    content = getattr(draft, "content", None)
    if draft is None or content is None or draft.content_removed_at is not None:
        return ""
    return content.text


def changes_since(draft: Draft) -> Changes:
    """Compare ``draft`` with the one before it."""
    before = earlier_draft(draft)
    if before is None:
        return Changes(None, (), {}, reason="first")
    old, new = _text(before), _text(draft)
    if not old or not new:
        return Changes(before.number, (), {}, reason="removed")
    return compare(old, new, before=before.number)


def compare(old: str, new: str, *, before: int | None = None) -> Changes:
    """Compare two texts sentence by sentence, in the order and the paragraphs of the new one."""
    were, are = split_sentences(old), split_sentences(new)
    alignment = align([s.text for s in were], [s.text for s in are])
    ordered = _in_new_order(alignment.changes)
    rows = [_row(change, were, are, _begins_line(change, old, were, new, are)) for change in ordered]
    paragraphs = tuple(tuple(rows[i] for i in group) for group in _in_paragraphs(ordered, were, are))
    return Changes(before, tuple(rows), alignment.summary, paragraphs=paragraphs)


def _begins_line(change: SentenceChange, old: str, were: Sequence[Sentence], new: str, are: Sequence[Sentence]) -> bool:
    place, text, sentences = (change.new, new, are) if change.new is not None else (change.old, old, were)
    if not place:
        return False
    before, here = sentences[place - 1], sentences[place]
    return before.paragraph == here.paragraph and "\n" in text[before.end : here.start]


def _in_paragraphs(ordered: list[SentenceChange], were: Sequence[Sentence], are: Sequence[Sentence]) -> list[list[int]]:
    """Return the places in ``ordered`` by paragraph of the new draft.

    A removed sentence stands with its neighbours; a paragraph of which nothing is left stands by itself.
    """
    survived = {were[c.old].paragraph for c in ordered if c.old is not None and c.new is not None}
    groups: list[list[int]] = []
    last: tuple[str, int] | None = None
    for place, change in enumerate(ordered):
        here = last
        if change.new is not None:
            here = ("new", are[change.new].paragraph)
        elif change.old is not None and were[change.old].paragraph not in survived:
            here = ("old", were[change.old].paragraph)
        if not groups or here != last:
            groups.append([])
        groups[-1].append(place)
        last = here
    return groups


def _in_new_order(changes: tuple[SentenceChange, ...]) -> list[SentenceChange]:
    """Order by the new draft; a removed sentence stands where its neighbour before it stands now."""
    keys: dict[int, tuple[float, int]] = {}
    last = -1.0
    for index, change in enumerate(changes):
        if change.new is not None:
            keys[index] = (float(change.new), 0)
            if change.old is not None:
                last = float(change.new)
        else:
            keys[index] = (last, 1)
    return [changes[i] for i in sorted(range(len(changes)), key=lambda i: (*keys[i], i))]


def _row(
    change: SentenceChange, old: Sequence[Sentence], new: Sequence[Sentence], on_new_line: bool
) -> ChangedSentence:
    before = old[change.old].text if change.old is not None else None
    after = new[change.new].text if change.new is not None else None
    spans: tuple[Span, ...] = ()
    if before is not None and after is not None and change.change != "unchanged":
        spans = word_differences(before, after)
    return ChangedSentence(change.change, change.moved, before, after, spans, on_new_line)


def record_goal_outcomes(*, draft: Draft, text: str, runs: list[ModelRun]) -> None:
    """Write onto last round's goals what the panel and the text say became of them, inside the caller's transaction."""
    before = earlier_draft(draft)
    goals = (
        list(
            FeedbackItem.objects.filter(
                feedback__draft=before,
                feedback__status=Feedback.Status.RELEASED,
                status=FeedbackItem.Status.SHOWN,
                group=FeedbackItem.Group.PRIORITY,
            )
        )
        if before
        else []
    )
    if not goals:
        return
    evidence = _Evidence(_text(before), text)
    readings = readings_of([run for run in runs if run.status == ModelRun.Status.SUCCEEDED])
    for goal in goals:
        said = [g for r in readings for g in r.reading.goals if g.goal_id == f"g{goal.pk}"]
        changed, new_quote = evidence.about(goal, [quote for g in said for quote in g.quotes])
        outcome = verdict(
            [VOTES[g.status] for g in said], changed=changed, new_quote_verified=new_quote, offline=not readings
        )
        FeedbackItem.objects.filter(pk=goal.pk).update(outcome=str(outcome))


class _Evidence:
    """What two drafts say of a goal. ``old`` is "" once the last draft was removed: then only the goal's words are left."""

    def __init__(self, old: str, new: str) -> None:
        self._old = old
        self._old_sentences = split_sentences(old)
        self._new_sentences = split_sentences(new)
        self._alignment = align([s.text for s in self._old_sentences], [s.text for s in self._new_sentences])

    def about(self, goal: FeedbackItem, quotes: list[Quote]) -> tuple[bool, bool]:
        """Whether the text near ``goal`` changed, and whether one of ``quotes`` is located and new in this draft."""
        if not self._old:
            return self._about_kept(goal, quotes)
        near = [
            index
            for index, sentence in enumerate(self._old_sentences)
            if any(
                q["start"] < sentence.end and q["end"] > sentence.start
                for q in goal.quotes
                if q.get("start") is not None
            )
        ]
        return changed_near(self._alignment, near), has_new_quote(quotes, old_text=self._old)

    def _about_kept(self, goal: FeedbackItem, quotes: list[Quote]) -> tuple[bool, bool]:
        kept = [quote["shown"] for quote in goal.quotes if quote.get("shown")]
        changed, became = kept_words(kept, [sentence.text for sentence in self._new_sentences])
        places = [self._new_sentences[index] for index in became]
        fresh = [
            quote
            for quote in quotes
            if any(quote.start is not None and s.start < (quote.end or 0) and quote.start < s.end for s in places)
        ]
        return changed, has_new_quote(fresh, old_text="\n".join(kept))


OUTCOME_TONE = {
    "addressed": "ok",
    "partly": "info",
    "attempted_not_yet": "warn",
    "not_yet": "warn",
    "cannot_tell": "neutral",
}


def goals_met(feedback: Feedback) -> list[dict[str, Any]]:
    """Return last round's goals with what became of them, for the desk and the page of the next feedback."""
    before = earlier_draft(feedback.draft)
    if before is None:
        return []
    rows = FeedbackItem.objects.filter(
        feedback__draft=before,
        feedback__status=Feedback.Status.RELEASED,
        status=FeedbackItem.Status.SHOWN,
        group=FeedbackItem.Group.PRIORITY,
    ).exclude(outcome="")
    return [
        {
            "comment": row.comment,
            "next_step": row.next_step,
            "plan": row.get_plan_display(),
            "plan_words": row.plan_words,
            "outcome": row.outcome,
            "words": OUTCOME_WORDS.get(row.outcome, row.outcome),
            "tone": OUTCOME_TONE.get(row.outcome, "neutral"),
        }
        for row in rows
    ]


OUTCOME_WORDS = {
    "addressed": "Addressed",
    "partly": "Partly addressed",
    "attempted_not_yet": "Tried, not yet there",
    "not_yet": "Not yet",
    "text_changed_here": "Text changed here",
    "text_unchanged_here": "Text unchanged here",
    "cannot_tell": "Your instructor decides",
}
