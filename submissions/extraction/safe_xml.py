"""XML from strangers: no document type, no entities, no network, no deep nesting."""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree

from submissions.extraction.verdicts import Reason, Unreadable

_MAX_TAGS = 1_500_000  # a tree takes some 120 bytes per tag; the longest drafts have a third of it


class _RootReached(Exception):
    """The prolog is over."""


class _DoctypeFound(Exception):
    """The document brings its own document type."""


def parse(data: bytes) -> etree._Element:
    """The root element of ``data``, comments and processing instructions left out.

    Raises Unreadable: UNSAFE_XML when there is a document type (office formats never need one), EXPANDS
    beyond 1.5 million tags, CORRUPT when it is not
    well-formed or nested deeper than 256 elements.
    """
    _refuse_doctype(data)
    if data.count(b"<") > _MAX_TAGS:
        raise Unreadable(Reason.EXPANDS, "too many elements")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(Reason.CORRUPT, "malformed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(Reason.UNSAFE_XML, "document type")
    return root


def _refuse_doctype(data: bytes) -> None:
    """Read only the prolog, with a parser that stops at a document type before it declares anything."""

    def on_doctype(*_: object) -> None:
        raise _DoctypeFound

    def on_root(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_root
    try:
        for start in range(0, len(data), 65_536):
            parser.Parse(data[start : start + 65_536], False)
        parser.Parse(b"", True)
    except _RootReached:
        return
    except _DoctypeFound:
        raise Unreadable(Reason.UNSAFE_XML, "document type") from None
    except expat.ExpatError as error:
        raise Unreadable(Reason.CORRUPT, "malformed XML") from error
    raise Unreadable(Reason.CORRUPT, "no root element")
