"""Reads PDF files: structure checked first, then words with their places, then paragraphs in reading order."""

from __future__ import annotations

from statistics import median

import pypdfium2.raw as pdfium

from submissions.extraction import pdf_fonts, pdf_guard, pdf_layout, pdf_paragraphs
from submissions.extraction.assembly import Assembly
from submissions.extraction.document import ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.pdf_glyphs import PageContent, read_page
from submissions.extraction.pdf_surroundings import Facts
from submissions.extraction.prose import is_message
from submissions.extraction.recognition import Recogniser
from submissions.extraction.verdicts import Reason, Unreadable

_PORTFOLIO_COVER_WORDS = 60
_TYPED_FIELDS = frozenset(("Title", "Subject", "Keywords", "Author"))
_NOTICE_WORDS = 120  # "please wait" in the languages of the program that shows the real pages
UNREAD_PAGE = PageContent(width=595.0, height=842.0, words=[], hidden=[], images=0, ocr_layer=False)


# Set in a forked reader where pictures of text can be read.
recogniser: Recogniser | None = None


def read(data: bytes, limits: Limits) -> ExtractedDocument:
    """Read a ``.pdf`` file. Raises Unreadable (ENCRYPTED, TOO_MANY_PAGES, EXPANDS, CORRUPT, NO_TEXT ...)."""
    facts = pdf_guard.inspect(data, limits)
    said: list[PageContent] = []
    if facts.lying_fonts:
        said, data = _pages(data, limits), pdf_fonts.without_lies(data)
    pages = _pages(data, limits)
    assembly = Assembly(MediaFormat.PDF, limits)
    assembly.pages = len(pages)
    pictured = _recognised(data, pages)
    _add_text(assembly, pages, pictured)
    for number, (claimed, page) in enumerate(zip(said, pages, strict=bool(said)), start=1):
        for passage in pdf_fonts.only_said([w.text for w in claimed.words], [w.text for w in page.words]):
            assembly.hide("remapped_letters", passage, f"page {number}")
        page.hidden += [found for found in claimed.hidden if found not in page.hidden]
    for number, page in enumerate(pages, start=1):
        for kind, text in page.hidden:
            if kind in ("low_contrast", "transparent") and len(text.split()) < 4:
                assembly.miss("faint marks")  # a watermark
            elif any(c.isalnum() for c in text):
                assembly.hide(kind, text, f"page {number}")
        if page.images and not page.ocr_layer and number not in pictured:
            assembly.miss("images" if page.words else "scanned pages", page.images if page.words else 1)
    unread = sum(page is UNREAD_PAGE for page in pages)
    if unread:
        assembly.miss("damaged pages", unread)
    if any(page.ocr_layer for page in pages):
        assembly.notices.append(
            "This is a scan whose text was made by a program. Check that the text below is what you wrote."
        )
    if pictured:
        assembly.recognised = sorted(pictured)
        assembly.notices.append(
            f"Read from pictures by a program, which makes mistakes: {_pages_in_words(assembly.recognised)}. Compare them with "
            "what you wrote, and replace the file with one that has real text if much is wrong."
        )
    _add_surroundings(assembly, facts)
    document = assembly.finish()
    if facts.replaced_by_form and document.words < _NOTICE_WORDS:
        raise Unreadable(Reason.NO_TEXT, "a form for another program")
    if facts.portfolio and document.words < _PORTFOLIO_COVER_WORDS:
        raise Unreadable(Reason.TOO_SHORT, "the cover of a portfolio")
    return document


def _pages(data: bytes, limits: Limits) -> list[PageContent]:
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), b"")
    if not document:
        failure = pdfium.FPDF_GetLastError()
        raise Unreadable(Reason.ENCRYPTED if failure == pdfium.FPDF_ERR_PASSWORD else Reason.CORRUPT, "not loaded")
    pages: list[PageContent] = []
    chars_left = limits.max_chars
    try:
        count = pdfium.FPDF_GetPageCount(document)
        if count > limits.max_pages:
            raise Unreadable(Reason.TOO_MANY_PAGES)
        for index in range(count):
            page = pdfium.FPDF_LoadPage(document, index)
            if not page:
                pages.append(UNREAD_PAGE)
                continue
            try:
                content = read_page(page, limits, chars_left=max(chars_left, 0))
            finally:
                pdfium.FPDF_ClosePage(page)
            chars_left -= sum(len(word.text) for word in content.words)
            if chars_left < 0:
                raise Unreadable(Reason.TOO_LONG)
            pages.append(content)
        if all(page is UNREAD_PAGE for page in pages):
            raise Unreadable(Reason.CORRUPT, "no page can be opened")
    finally:
        pdfium.FPDF_CloseDocument(document)
    return pages


def _recognised(data: bytes, pages: list[PageContent]) -> dict[int, list[str]]:
    """Return the paragraphs read from scanned pages, by page number; pages that gave none are not in it."""
    scans = [
        number for number, page in enumerate(pages, start=1) if page.images and not page.words and not page.ocr_layer
    ]
    if recogniser is None or not scans:
        return {}
    found: dict[int, list[str]] = {}
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), b"")
    try:
        for number in scans:
            page = pdfium.FPDF_LoadPage(document, number - 1)
            if not page:
                continue
            try:
                size = (pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page))
                if paragraphs := recogniser.paragraphs(page, size):
                    found[number] = paragraphs
            finally:
                pdfium.FPDF_ClosePage(page)
    finally:
        pdfium.FPDF_CloseDocument(document)
    return found


def _pages_in_words(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"page {numbers[0]}"
    return f"pages {', '.join(str(number) for number in numbers[:-1])} and {numbers[-1]}"


def _add_text(assembly: Assembly, pages: list[PageContent], pictured: dict[int, list[str]]) -> None:
    upright = [[word for word in page.words if not word.tilted] for page in pages]
    lines = [pdf_layout.lines_of(words) for words in upright]
    running = pdf_layout.running_lines(lines, [page.height for page in pages])
    if running:
        assembly.miss("running headers, footers and page numbers", len(running))
    sizes = [word.size for words in upright for word in words]
    body_size = median(sizes) if sizes else 10.0
    edges = [max(word.x1 for word in words) for words in upright if words]
    edge = median(edges) if edges else 0.0
    vocabulary = pdf_paragraphs.vocabulary_of(lines)
    found: list[pdf_paragraphs.Paragraph] = []
    for number, (page, segments) in enumerate(zip(pages, lines, strict=True)):
        kept = [word for index, line in enumerate(segments) if (number, index) not in running for word in line.words]
        columns = pdf_layout.in_reading_order(kept, page.width)
        found += pdf_paragraphs.paragraphs(
            columns, page=number + 1, edge=edge, body_size=body_size, vocabulary=vocabulary
        )
        tilted = " ".join(word.text for word in page.words if word.tilted)
        if tilted:
            found.append(pdf_paragraphs.Paragraph("paragraph", tilted, number + 1))
        found += [pdf_paragraphs.Paragraph("paragraph", text, number + 1) for text in pictured.get(number + 1, [])]
    for paragraph in pdf_paragraphs.merge_across(found, vocabulary):
        assembly.add(paragraph.kind, paragraph.text, level=paragraph.level, page=paragraph.page)


def _add_surroundings(assembly: Assembly, facts: Facts) -> None:
    for value in facts.fields:
        assembly.add("paragraph", value)
    for value in filter(is_message, facts.hidden_fields):
        assembly.hide("annotation", value, "form field")
    for name, value in facts.info.items():
        # Programs write their names and versions into fields of their own.
        typed = name in _TYPED_FIELDS or not any(char.isdigit() for char in value)
        if typed and is_message(value) and not assembly.shows(value):
            assembly.hide("metadata", value, name)
    for comment in facts.comments:
        assembly.miss("comments and marks")
        if len(comment.split()) >= 6:
            assembly.hide("annotation", comment, "comments")
    if facts.attachments:
        assembly.miss("attached files", facts.attachments)
