"""What a student is told about a draft, or one file of it, that could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from submissions.extraction.verdicts import Reason, sentence
from submissions.models import Draft
from submissions.room import limit_words, limits_for


@dataclass(frozen=True)
class Failure:
    """One file that could not be read: its place, the name it came with, and the sentence with the next step."""

    position: int
    name: str
    words: str


def reason_words(code: str, draft: Draft) -> str:
    """Return the sentence for a reason's code, with this assignment's limits in it."""
    try:
        reason = Reason(code)
    except ValueError:
        reason = Reason.CORRUPT
    return sentence(reason, **limit_words(limits_for(draft.assignment)))


def failures_of(draft: Draft) -> list[Failure]:
    """Return the files that could not be read, where the draft has several; empty for a single one."""
    files = list(draft.files)
    if len(files) < 2:
        return []
    return [Failure(row.position, row.original_name, reason_words(row.failure, draft)) for row in files if row.failure]


def failure_sentence(draft: Draft, *, names: bool = True) -> str:
    """Return what went wrong in one paragraph. ``names`` False says "File 2" instead: letters outlive the files."""
    failures = failures_of(draft)
    if not failures:
        return reason_words(draft.failure, draft)
    told = [(item.name if names else _("File %(n)s") % {"n": item.position}, item.words) for item in failures]
    return " ".join(f"{name}: {words}" for name, words in told)
