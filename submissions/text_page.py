"""The page "what we read": the text in its parts, and in plain words what was not read, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from submissions.failures import reason_words
from submissions.models import Draft, DraftContent

# kind as the readers count it -> (what it is, why it was not read and what one may do)
NOT_READ = {
    "images": (_("Pictures"), _("Reviewers receive words only. If one matters, say in the text what it shows.")),
    "charts": (_("Charts"), _("Reviewers receive words only. If one matters, say in the text what it shows.")),
    "equations": (_("Equations"), _("They are no text. If one matters, write it out in the line.")),
    "equations and embedded objects": (
        _("Equations and embedded objects"),
        _("They are no text. If one matters, write it out in the line."),
    ),
    "embedded objects": (_("Embedded objects"), _("Other programs’ parts are not opened.")),
    "embedded document": (_("A document inside the document"), _("It is not opened. Paste its text where it belongs.")),
    "attached files": (_("Attached files"), _("They are not opened. Paste their text where it belongs.")),
    "scanned pages": (
        _("Scanned pages"),
        _("They are pictures of text. Paste their text, or hand in a version with real text."),
    ),
    "damaged pages": (_("Damaged pages"), _("They could not be opened. Save the file again and replace it.")),
    "comments": (_("Comments in the margin"), _("They are notes about the draft, not part of it.")),
    "comments and marks": (_("Comments and marks"), _("They are notes about the draft, not part of it.")),
    "tracked deletions": (_("Deleted text"), _("What you deleted with “track changes” is not part of the draft.")),
    "headers and footers": (_("Headers and footers"), _("They repeat on each page and are not part of the text.")),
    "running headers, footers and page numbers": (
        _("Headers, footers and page numbers"),
        _("They repeat on each page and are not part of the text."),
    ),
    "symbols": (_("Symbols"), _("They come from a special font and are no letters.")),
    "faint marks": (_("Faint marks"), _("Watermarks are not part of the text.")),
}


@dataclass(frozen=True)
class Missing:
    """Something that was not read: what, how often, why."""

    what: str
    count: int
    why: str


@dataclass(frozen=True)
class Part:
    """One file of the draft and what was read from it. ``failure`` is a sentence when it could not be read."""

    position: int
    name: str
    size_bytes: int
    words: int | None
    pages: int | None
    blocks: tuple[dict[str, Any], ...]
    missing: tuple[Missing, ...]
    failure: str
    recognised: tuple[int, ...] = ()


def missing_of(not_read: list[dict[str, Any]]) -> tuple[Missing, ...]:
    """Say in plain words what was not read."""
    found = []
    for item in not_read:
        what, why = NOT_READ.get(item["kind"], (item["kind"].capitalize(), item.get("detail", "")))
        found.append(Missing(str(what), int(item.get("count", 1)), str(why)))
    return tuple(found)


def parts_of(draft: Draft, content: DraftContent | None) -> list[Part]:
    """Return the draft's files with what was read from each: two queries, however many there are."""
    if content is None:
        return []
    rows = list(content.files.all())
    structure = content.structure or {}
    spans = {item["position"]: item for item in structure.get("files", [])}
    parts = []
    for row in rows:
        span = spans.get(row.position)
        if span:
            # Without the heading that counts the files: the page has the file's own name there.
            inside = [b for b in structure["blocks"] if span["start"] < b["start"] and b["end"] <= span["end"]]
            missing = [item for item in structure["not_read"] if item.get("file") == row.position]
        else:
            inside, missing = _all_blocks(content), draft.not_read if len(rows) == 1 else []
        failure = row.failure or (draft.failure if len(rows) == 1 else "")
        parts.append(
            Part(
                row.position,
                row.original_name,
                row.size_bytes,
                span["words"] if span else draft.words,
                span["pages"] if span else draft.pages,
                tuple(inside),
                missing_of(missing),
                reason_words(failure, draft) if failure and draft.status == Draft.Status.FAILED else "",
                tuple((span or structure).get("recognised", ())),
            )
        )
    return parts


def _all_blocks(content: DraftContent) -> list[dict[str, Any]]:
    """Return the read text in its blocks; text without structure as one paragraph each."""
    blocks = (content.structure or {}).get("blocks") or []
    if blocks:
        return list(blocks)
    return [{"kind": "paragraph", "text": text, "level": 0} for text in content.text.split("\n\n") if text]
