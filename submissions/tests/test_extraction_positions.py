"""Positions in the text are what everything that points at a draft stands on: they hold for whatever was written."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from submissions.extraction import html, plain
from submissions.extraction.assembly import Assembly
from submissions.extraction.document import SEPARATOR, ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Unreadable

LIMITS = Limits(min_words=1)
KINDS = ("heading", "paragraph", "list_item", "table_row", "footnote", "quote", "code")
# Letters, marks that join, blanks of all kinds, signs of markup, half pairs, invisible and reversed characters.
TEXT = st.text(
    st.sampled_from("ab\u00e9e\u0301 \t\n\r\u00a0\u200b\u202e\u2028\ufb01\ufeff\ud800\U0001f600\u05d0\u6f22|#>-*<&`\x00\x0b\U000e0041"), max_size=40
)  # fmt: skip


def _holds(document: ExtractedDocument) -> None:
    assert document.text == SEPARATOR.join(block.text for block in document.blocks)
    assert all(document.text[block.start : block.end] == block.text for block in document.blocks)
    assert ExtractedDocument.from_json(document.to_json().encode()) == document
    assert not any("\ud800" <= char <= "\udfff" or char in "\x00\u202e\u200b" for char in document.text)


def _finished(assembly: Assembly) -> ExtractedDocument | None:
    try:
        return assembly.finish()
    except Unreadable:
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), TEXT), max_size=8))
def test_blocks_lie_where_they_say(pieces: list[tuple[str, str]]) -> None:
    assembly = Assembly(MediaFormat.DOCX, LIMITS)
    for kind, text in pieces:
        assembly.add(kind, text)  # type: ignore[arg-type]
        assembly.hide("metadata", text, "title")
    document = _finished(assembly)
    if document is not None:
        _holds(document)


@settings(max_examples=150, deadline=None)
@given(TEXT, st.booleans())
@example("# A\n```\ncode", True)
def test_plain_text_and_markdown(text: str, markdown: bool) -> None:
    assembly = Assembly(MediaFormat.MD if markdown else MediaFormat.TXT, LIMITS)
    (plain.add_markdown if markdown else plain.add_paragraphs)(assembly, text)
    document = _finished(assembly)
    if document is not None:
        _holds(document)
        # Reading what was read again changes nothing: positions kept from one reading fit the next.
        again = Assembly(MediaFormat.TXT, LIMITS)
        for block in document.blocks:
            again.add(block.kind, block.text, level=block.level)
        assert again.finish().blocks == document.blocks


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(("<p>", "</p>", "<table>", "<tr>", "<td>", "</table>", "<li>", "<ul>", "</ul>", "<b hidden>",
                                 "</b>", "<h2>", "<br>", "<pre>", "<style>p{color:#fff}</style>", "<del>", "</del>", "one ",
                                 "two\n", "&lt;x&gt;", "\u05d0")), max_size=25))  # fmt: skip
def test_pasted_pages(pieces: list[str]) -> None:
    assembly = Assembly(MediaFormat.HTML, LIMITS)
    html.add(assembly, "".join(pieces))
    document = _finished(assembly)
    if document is not None:
        _holds(document)
