"""Released feedback as a document the student can keep."""

from __future__ import annotations

import re
from collections.abc import Sequence

from feedback.insight.scoring import points_of
from feedback.models import Feedback, FeedbackItem

HEADINGS = {
    "priority": "Work on this next",
    "strength": "What works",
    "note": "Also worth a look",
    "question": "A question to ask yourself",
}


def _plain(text: str) -> str:
    """Return ``text`` on one line with Markdown's signs made harmless."""
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", " ".join(text.split()))


def feedback_markdown(*, feedback: Feedback, items: Sequence[FeedbackItem], show_levels: bool, disclosure: str) -> str:
    """Return the feedback as Markdown: notes in reading order, with levels only where the student may see them."""
    draft = feedback.draft
    lines = [f"# Feedback: {_plain(draft.assignment.title)}", ""]
    lines += [f"{_plain(str(draft.assignment.course))}, draft {draft.number}", ""]
    if feedback.summary:
        lines += [_plain(feedback.summary), ""]
    group = ""
    for item in items:
        if item.group != group:
            group = item.group
            lines += [f"## {HEADINGS[group]}", ""]
        # Kept for a while to tell what became of a goal, but no longer shown once the text is gone.
        for quote in [] if feedback.draft.content_removed_at else item.quotes:
            if quote.get("shown"):
                lines += [f"> {_plain(quote['shown'])}", ""]
        lines += [_plain(item.comment), ""]
        if item.why:
            lines += [f"Why it matters: {_plain(item.why)}", ""]
        if item.next_step:
            lines += [f"Next step: {_plain(item.next_step)}", ""]
    if show_levels:
        rows = [row for row in feedback.criteria.all() if row.shown_level is not None]
        if rows:
            lines += ["## Levels", ""]
            for row in rows:
                labels = {level["position"]: level["label"] for level in row.snapshot.get("levels", [])}
                lines.append(f"- {_plain(row.snapshot.get('title', ''))}: {_plain(labels.get(row.shown_level, ''))}")
            lines.append("")
        points = points_of(list(feedback.criteria.all()))
        if points is not None:
            lines += [_plain(points.words), ""]
    lines += ["---", "", _plain(disclosure), ""]
    return "\n".join(lines)
