"""Looks at the structure of a PDF before anything is rendered: encryption, pages, sizes of what would be unpacked."""

from __future__ import annotations

import io
import re

import pypdf
from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from submissions.extraction import pdf_fonts, pdf_surroundings
from submissions.extraction.limits import Limits
from submissions.extraction.pdf_surroundings import Facts
from submissions.extraction.verdicts import Reason, Unreadable

_MAX_CONTENT_BYTES = 12_000_000  # drawing orders of one page; text needs some ten thousand
_MAX_CMAP_CODES = 400_000
_BFRANGE = re.compile(rb"<([0-9A-Fa-f]{1,8})>\s*<([0-9A-Fa-f]{1,8})>\s*[<\[]")
_MAX_FORM_DEPTH = 12


def inspect(data: bytes, limits: Limits) -> Facts:
    """Check a PDF within the limits. Raises Unreadable: ENCRYPTED, TOO_MANY_PAGES, EXPANDS, CORRUPT.

    Where this library cannot follow a structure, nothing is known (``pages`` is 0): the other one may still read it, as
    the viewers of students do, inside the limits of the process.
    """
    try:
        return _inspect(data, limits)
    except FileNotDecryptedError as error:
        raise Unreadable(Reason.ENCRYPTED) from error
    except LimitReachedError as error:
        raise Unreadable(Reason.EXPANDS, "a stream") from error
    except (PyPdfError, RecursionError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError, OSError,
            NotImplementedError):  # fmt: skip
        return Facts()


def _inspect(data: bytes, limits: Limits) -> Facts:
    reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable(Reason.ENCRYPTED)
    root = reader.trailer["/Root"].get_object()
    if not isinstance(root, DictionaryObject):
        raise Unreadable(Reason.CORRUPT, "no catalogue")
    pages = _pages(root, limits)
    if not pages:
        raise Unreadable(Reason.CORRUPT, "no pages")
    facts = Facts(pages=len(pages))
    seen: set[int] = set()
    for page in pages:
        _check_page(page, facts, seen)
    info = reader.trailer.get("/Info")
    pdf_surroundings.add_document(root, info.get_object() if info is not None else None, facts)
    return facts


def _pages(root: DictionaryObject, limits: Limits) -> list[DictionaryObject]:
    """Walk the page tree without trusting ``/Count``."""
    pages: list[DictionaryObject] = []
    open_nodes: list[object] = [root.get("/Pages")]
    seen: set[int] = set()
    steps = 0
    try:
        while open_nodes:
            steps += 1
            reference = open_nodes.pop()
            node = reference.get_object() if isinstance(reference, (IndirectObject, DictionaryObject)) else None
            if not isinstance(node, DictionaryObject):
                continue
            kids = node.get("/Kids")
            if kids is None:
                pages.append(node)
                if len(pages) > limits.max_pages:
                    raise Unreadable(Reason.TOO_MANY_PAGES)
                continue
            if id(node) in seen or steps > limits.max_pages * 20:
                raise Unreadable(Reason.CORRUPT, "page tree")
            seen.add(id(node))
            kids = kids.get_object()
            if isinstance(kids, ArrayObject):
                if len(kids) > limits.max_pages * 10:
                    raise Unreadable(Reason.TOO_MANY_PAGES)
                open_nodes += reversed(kids)
    except LimitReachedError as error:
        raise Unreadable(Reason.TOO_MANY_PAGES) from error
    return pages


def _check_page(page: DictionaryObject, facts: Facts, seen: set[int]) -> None:
    contents = page.get("/Contents")
    contents = contents.get_object() if contents is not None else None
    streams = list(contents) if isinstance(contents, ArrayObject) else [contents]
    size = 0
    for stream in streams:
        stream = stream.get_object() if stream is not None else None
        if isinstance(stream, StreamObject):
            size += _size(stream, seen)
            if size > _MAX_CONTENT_BYTES:
                raise Unreadable(Reason.CORRUPT, "too many drawing orders")
    resources: object = page
    for _ in range(32):  # resources may be inherited from the page tree
        if not isinstance(resources, DictionaryObject) or "/Resources" in resources:
            break
        parent = resources.get("/Parent")
        resources = parent.get_object() if parent is not None else None
    if isinstance(resources, DictionaryObject):
        found = resources.get("/Resources")
        _check_resources(found.get_object() if found is not None else None, facts, seen, 0)
    pdf_surroundings.add_comments(page, facts)


def _size(stream: StreamObject, seen: set[int]) -> int:
    """Unpacked size; a stream used on every page is unpacked once."""
    key = id(stream)
    if key in seen:
        return 0
    seen.add(key)
    return len(stream.get_data())


def _check_resources(resources: object, facts: Facts, seen: set[int], depth: int) -> None:
    if not isinstance(resources, DictionaryObject) or id(resources) in seen:
        return
    if depth > _MAX_FORM_DEPTH:
        raise Unreadable(Reason.CORRUPT, "forms within forms")
    seen.add(id(resources))
    fonts = resources.get("/Font")
    fonts = fonts.get_object() if fonts is not None else None
    for font in fonts.values() if isinstance(fonts, DictionaryObject) else []:
        font = font.get_object()
        if isinstance(font, DictionaryObject):
            mapping = font.get("/ToUnicode")
            mapping = mapping.get_object() if mapping is not None else None
            if isinstance(mapping, StreamObject) and id(mapping) not in seen:
                seen.add(id(mapping))
                data = mapping.get_data()
                _check_mapping(data)
                facts.lying_fonts = facts.lying_fonts or pdf_fonts.lies(font, data)
    forms = resources.get("/XObject")
    forms = forms.get_object() if forms is not None else None
    for form in forms.values() if isinstance(forms, DictionaryObject) else []:
        form = form.get_object()
        if isinstance(form, StreamObject) and form.get("/Subtype") == "/Form" and id(form) not in seen:
            if _size(form, seen) > _MAX_CONTENT_BYTES:
                raise Unreadable(Reason.CORRUPT, "too many drawing orders")
            inner = form.get("/Resources")
            _check_resources(inner.get_object() if inner is not None else None, facts, seen, depth + 1)


def _check_mapping(data: bytes) -> None:
    """A character map of a few kilobytes may claim hundreds of millions of codes."""
    codes = 0
    for low, high in _BFRANGE.findall(data):
        codes += max(int(high, 16) - int(low, 16), 0) + 1 if len(low) == len(high) else 1
        if codes > _MAX_CMAP_CODES:
            raise Unreadable(Reason.EXPANDS, "character map")
