"""What a reader found: the text in reading order, its structure, what is hidden, what was not read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

BlockKind = Literal["heading", "paragraph", "list_item", "table_row", "footnote", "quote", "code"]
SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph-like piece. ``document.text[start:end] == text``; ``page`` counts from 1 where known.

    ``level`` is 1.. for headings (1 is highest) and 0.. for list items (0 is outermost), else 0.
    """

    kind: BlockKind
    text: str
    level: int
    start: int
    end: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text a person reading the pages would not see. It is never part of ``ExtractedDocument.text``.

    ``kind``: hidden_font, tiny_font, low_contrast, transparent, invisible_mode, not_visible_when_rendered, off_page,
    off_page_text_box, deleted_text, metadata, alt_text, outside_body, field_code, annotation, invisible_characters,
    tag_characters, remapped_letters. ``where`` names the part, page or field it was found in.
    """

    kind: str
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something in the file that is no text for us: ``kind`` (images, equations, scans, comments ...), how many."""

    kind: str
    count: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    """The result of reading one file or paste.

    ``text`` is the blocks' texts joined by a blank line. ``pages`` is None where the format has none. ``language`` is a
    two-letter guess or ``""``. ``format`` is a ``MediaFormat`` value. ``recognised`` are the pages whose text was read from a
    picture by a program (submissions/extraction/recognition.py).
    """

    text: str
    blocks: tuple[Block, ...]
    hidden: tuple[Hidden, ...]
    not_read: tuple[NotRead, ...]
    words: int
    pages: int | None
    language: str
    format: str
    notices: tuple[str, ...] = field(default=())
    recognised: tuple[int, ...] = field(default=())

    def to_json(self) -> str:
        """This document as one JSON object; ``from_json`` reads it back equal."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, raw: str | bytes) -> ExtractedDocument:
        """Read what ``to_json`` wrote. Raises ValueError when the shape or an offset does not fit."""
        try:
            return cls._from_mapping(json.loads(raw))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("not an extracted document") from error

    @classmethod
    def _from_mapping(cls, data: dict[str, Any]) -> ExtractedDocument:
        blocks = tuple(Block(**block) for block in data["blocks"])
        text = data["text"]
        if not isinstance(text, str) or any(text[block.start : block.end] != block.text for block in blocks):
            raise ValueError("block offsets do not index the text")
        if any(block.kind not in get_args(BlockKind) for block in blocks):
            raise ValueError("unknown kind of block")
        return cls(
            text=text,
            blocks=blocks,
            hidden=tuple(Hidden(**item) for item in data["hidden"]),
            not_read=tuple(NotRead(**item) for item in data["not_read"]),
            words=int(data["words"]),
            pages=None if data["pages"] is None else int(data["pages"]),
            language=str(data["language"]),
            format=str(data["format"]),
            notices=tuple(str(notice) for notice in data.get("notices", ())),
            recognised=tuple(int(page) for page in data.get("recognised", ())),
        )
