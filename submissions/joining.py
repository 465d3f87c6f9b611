"""One draft of several files: their texts one after the other, each under a heading, with positions that fit the whole.

Pure: documents in, one text and its structure out. The headings in the text count the files; names stay on the pages, since
a file name often holds its author's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from submissions.extraction.document import SEPARATOR, ExtractedDocument


@dataclass(frozen=True)
class Joined:
    """A draft's text; ``structure`` as :meth:`ExtractedDocument.to_json` gives it, without the text.

    Of several files, ``structure["files"]`` holds, in order, ``position``, ``start`` and ``end`` in the text (heading
    included), ``words``, ``pages``, ``recognised``; hidden passages and what was not read say their ``file``, a position.
    ``pages`` is None where a file has none.
    """

    text: str
    structure: dict[str, Any]
    words: int
    pages: int | None
    language: str

    @property
    def not_read(self) -> list[dict[str, Any]]:
        return list(self.structure["not_read"])

    @property
    def hidden_count(self) -> int:
        return len(self.structure["hidden"])


def join(documents: Sequence[tuple[int, ExtractedDocument]]) -> Joined:
    """Join documents (with their files' positions) in the order given; a single one stays as it is."""
    if len(documents) == 1:
        _, document = documents[0]
        structure = json.loads(document.to_json())
        text = structure.pop("text")
        return Joined(text, structure, document.words, document.pages, document.language)
    text = ""
    blocks: list[dict[str, Any]] = []
    hidden: list[dict[str, Any]] = []
    not_read: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    notices: list[str] = []
    for position, document in documents:
        own = json.loads(document.to_json())
        start = len(text) + (len(SEPARATOR) if text else 0)
        heading = f"File {position}"
        body = start + len(heading) + len(SEPARATOR)
        text = f"{text}{SEPARATOR if text else ''}{heading}{SEPARATOR}{document.text}"
        blocks.append(
            {"kind": "heading", "text": heading, "level": 1, "start": start, "end": start + len(heading), "page": None}
        )
        blocks += [{**b, "start": b["start"] + body, "end": b["end"] + body} for b in own["blocks"]]
        hidden += [{**item, "file": position} for item in own["hidden"]]
        not_read += [{**item, "file": position} for item in own["not_read"]]
        notices += [f"{heading}: {notice}" for notice in own["notices"]]
        files.append(
            {
                "position": position,
                "start": start,
                "end": len(text),
                "words": document.words,
                "pages": document.pages,
                "recognised": own["recognised"],
            }
        )
    pages = [document.pages for _, document in documents]
    longest = max((document for _, document in documents), key=lambda document: document.words)
    structure = {
        "blocks": blocks,
        "hidden": hidden,
        "not_read": not_read,
        "notices": notices,
        "files": files,
        "words": sum(document.words for _, document in documents),
        "pages": None if None in pages else sum(page for page in pages if page is not None),
        "language": longest.language,
        "format": longest.format,
    }
    return Joined(text, structure, structure["words"], structure["pages"], longest.language)
