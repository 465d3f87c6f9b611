"""Documents whose every word is known come back whole, in order, with their structure."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import docx as python_docx
import pytest
from docx.enum.style import WD_STYLE_TYPE

from submissions.extraction import plain, readers
from submissions.extraction.assembly import Assembly
from submissions.extraction.document import SEPARATOR, ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.pdf_paragraphs import join_lines
from submissions.tests.case_adapters.generated import (
    Sample,
    docx_sample,
    html_sample,
    markdown_sample,
    odt_sample,
    pdf_sample,
    rtf_sample,
    word_recall,
)

LIMITS = Limits()
SEEDS = (11, 12)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("media_format", "make"),
    [
        (MediaFormat.DOCX, docx_sample),
        (MediaFormat.ODT, odt_sample),
        (MediaFormat.RTF, rtf_sample),
        (MediaFormat.HTML, html_sample),
        (MediaFormat.MD, markdown_sample),
        (MediaFormat.PDF, pdf_sample),
        (MediaFormat.PDF, partial(pdf_sample, columns=2)),
        (MediaFormat.PDF, partial(pdf_sample, columns=3)),
        (MediaFormat.PDF, partial(pdf_sample, columns=2, paragraphs=3)),
    ],
)
def test_words(media_format: MediaFormat, make: Callable[[int], Sample], seed: int) -> None:
    sample = make(seed)
    document = readers.read(sample.data, media_format, LIMITS)
    assert word_recall(sample.words, document.text) >= 0.995
    assert len(document.text.split()) <= len(sample.words) * 1.005  # nothing doubled, no running headers
    assert not document.hidden
    assert document.text == SEPARATOR.join(block.text for block in document.blocks)
    assert all(document.text[block.start : block.end] == block.text for block in document.blocks)
    assert ExtractedDocument.from_json(document.to_json()) == document


@pytest.mark.parametrize(("media_format", "make"), [(MediaFormat.DOCX, docx_sample), (MediaFormat.ODT, odt_sample)])
def test_structure(media_format: MediaFormat, make: Callable[[int], Sample]) -> None:
    document = readers.read(make(3).data, media_format, LIMITS)
    kinds = {block.kind for block in document.blocks}
    assert kinds == {"heading", "paragraph", "list_item", "table_row", "footnote"}
    assert document.blocks[0].kind == "heading" and document.blocks[0].level == 1
    assert all(row.text.count("\t") == 2 for row in document.blocks if row.kind == "table_row")


@pytest.mark.parametrize(
    ("style", "kind", "level"),
    [
        ("heading 3", "heading", 3),
        ("heading ²", "paragraph", 0),
        ("heading ٣", "paragraph", 0),
        ("heading 12", "paragraph", 0),
    ],
)
def test_only_words_own_nine_are_headings_by_name(style: str, kind: str, level: int) -> None:
    document = python_docx.Document()
    if style not in [known.name.lower() for known in document.styles]:
        document.styles.add_style(style, WD_STYLE_TYPE.PARAGRAPH)
    named = next(known for known in document.styles if known.name.lower() == style)
    document.add_paragraph("Under whatever name it stands, it is the first of some words.", style=named)
    buffer = io.BytesIO()
    document.save(buffer)
    block = readers.read(buffer.getvalue(), MediaFormat.DOCX, Limits(min_words=1)).blocks[0]
    assert (block.kind, block.level) == (kind, level)


def test_pdf_structure() -> None:
    document = readers.read(pdf_sample(4, columns=2).data, MediaFormat.PDF, LIMITS)
    assert document.blocks[0].kind == "heading"
    assert document.pages == max(block.page or 0 for block in document.blocks)
    assert "A study of revolt" not in document.text and "Page 2" not in document.text
    assert any(item.kind.startswith("running headers") for item in document.not_read)


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("the govern-", "ment fell", "the government fell"),
        ("a well-", "known fact", "a well-known fact"),
        ("the year 1789-", "1790 was", "the year 1789-1790 was"),
        ("soft\u00ad", "ware", "software"),
        ("pre-", "Revolution France", "pre-Revolution France"),
        ("one line", "and the next", "one line and the next"),
        ("\u5386\u53f2", "\u7814\u7a76", "\u5386\u53f2\u7814\u7a76"),
    ],
)
def test_lines_are_joined_as_a_reader_would(before: str, after: str, joined: str) -> None:
    from collections import Counter

    assert join_lines(before, after, Counter({"well-known": 1})) == joined


MARKDOWN = """# Title

First *paragraph* here
goes on.

> quoted words

- one
  - two

```
code  line
```
| a | b |
|---|---|
| 1 | 2 |
"""


def test_markdown() -> None:
    assembly = Assembly(MediaFormat.MD, LIMITS)
    plain.add_markdown(assembly, MARKDOWN)
    found = [(block.kind, block.level, block.text) for block in assembly.finish().blocks]
    assert found == [
        ("heading", 1, "Title"),
        ("paragraph", 0, "First *paragraph* here\ngoes on."),
        ("quote", 0, "quoted words"),
        ("list_item", 0, "one"),
        ("list_item", 1, "two"),
        ("code", 0, "code  line"),
        ("table_row", 0, "a\tb"),
        ("table_row", 0, "1\t2"),
    ]


TEXT = "Na\u00efve \u201cquotes\u201d \u2013 and caf\u00e9s for everybody to read."


@pytest.mark.parametrize(
    ("raw", "certain"),
    [
        (TEXT.encode(), True),
        (b"\xef\xbb\xbf" + TEXT.encode(), True),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), True),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), True),
        (TEXT.encode("utf-16-le"), True),
        (TEXT.encode("utf-16-be"), True),
        (b"\xff\xfe\x00\x00" + TEXT.encode("utf-32-le"), True),
        (TEXT.encode("cp1252"), False),
    ],
)
def test_encodings(raw: bytes, certain: bool) -> None:
    assert plain.decode(raw) == plain.Decoded(TEXT, plain.decode(raw).encoding, certain)
    document = plain.read(raw, MediaFormat.TXT, LIMITS)
    assert document.text == TEXT
    assert bool(document.notices) is not certain


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The causes of the revolt were many, and the price of bread was one of them.", "en"),
        ("Die Ursachen des Aufstands waren vielf\u00e4ltig, und der Preis des Brotes war eine von ihnen.", "de"),
        ("Les causes de la r\u00e9volte sont nombreuses et le prix du pain est une des causes.", "fr"),
        ("\u5386\u53f2\u7814\u7a76\u8868\u660e\u9762\u5305\u4ef7\u683c\u4e0a\u6da8", "zh"),
        ("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u05d1\u05d9\u05ea", "he"),
        ("xyzzy plugh qwert asdf", ""),
    ],
)
def test_language(text: str, language: str) -> None:
    assembly = Assembly(MediaFormat.TXT, Limits(min_words=1))
    assembly.add("paragraph", text)
    assert assembly.finish().language == language


def test_a_page_printed_by_a_browser() -> None:
    """Justified columns, a table on a coloured ground, lists, a link, Hebrew and Arabic, white and tiny text."""
    folder = Path(__file__).parent / "cases"
    document = readers.read((folder / "printed-by-a-browser.pdf").read_bytes(), MediaFormat.PDF, LIMITS)
    truth = tuple((folder / "printed-by-a-browser.txt").read_text(encoding="utf-8").split())
    assert word_recall(truth, document.text) >= 0.99
    assert [item.kind for item in document.hidden] == ["not_visible_when_rendered", "tiny_font"]
    assert [block.text for block in document.blocks if block.kind == "heading"][:3] == [
        "The causes of the revolt",
        "Introduction",
        "Evidence",
    ]
