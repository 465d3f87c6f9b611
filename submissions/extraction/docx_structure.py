"""What the pieces of a Word document are: kinds of paragraphs, notes by number, the branch of an alternative that shows."""

from __future__ import annotations

from lxml import etree

from submissions.extraction.document import BlockKind
from submissions.extraction.docx_visibility import Styles
from submissions.extraction.ooxml import W, attribute

NINE = frozenset("123456789")
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


def kind_of(properties: etree._Element | None, style: str | None, styles: Styles) -> tuple[BlockKind, int]:
    """What a paragraph is by its properties and the names of its style, and its level (see ``Block``)."""
    names = styles.names(style)
    outline = properties.find(W + "outlineLvl") if properties is not None else None
    if outline is None:
        outline = styles.paragraph_property(style, "outlineLvl")
    level = attribute(outline)
    if level is not None and level.isascii() and level.isdigit() and int(level) < 9:
        return "heading", int(level) + 1
    if names and names[0] == "title":
        return "heading", 1
    for name in names:
        # Word has nine; what else a style may be called is a name ("heading ²").
        if (number := name.removeprefix("heading ")) != name and number in NINE:
            return "heading", int(number)
    numbering = properties.find(W + "numPr") if properties is not None else None
    if numbering is None:
        numbering = styles.paragraph_property(style, "numPr")
    if numbering is not None and attribute(numbering.find(W + "numId")) != "0":
        depth = attribute(numbering.find(W + "ilvl")) or "0"
        return "list_item", int(depth) if depth.isascii() and depth.isdigit() else 0
    if any(name.startswith("list ") for name in names[:1]):
        return "list_item", 0
    if any("quot" in name or "block text" in name for name in names):
        return "quote", 0
    if any("preformatted" in name or name.startswith("code") or "source code" in name for name in names):
        return "code", 0
    return "paragraph", 0


def notes_of(root: etree._Element | None, kind: str) -> dict[str, etree._Element]:
    """Notes by id, without the separators Word keeps among them."""
    if root is None:
        return {}
    return {
        attribute(note, "id") or "": note
        for note in root.iterchildren(W + kind)
        if attribute(note, "type") in (None, "normal")
    }


def chosen(alternate: etree._Element) -> etree._Element:
    """Word shows the first choice it understands; both branches hold the same text."""
    choice = alternate.find(_MC + "Choice")
    if choice is not None:
        return choice
    fallback = alternate.find(_MC + "Fallback")
    return fallback if fallback is not None else alternate


def in_fallback(element: etree._Element, top: etree._Element) -> bool:
    """Whether ``element`` is what ``top`` offers to programs that do not understand its first choice."""
    for ancestor in element.iterancestors():
        if ancestor is top:
            return False
        if ancestor.tag == _MC + "Fallback":
            parent = ancestor.getparent()
            return parent is not None and parent.find(_MC + "Choice") is not None
    return False


def descend(container: etree._Element, tag: str) -> list[etree._Element]:
    """Children ``tag``, also inside content controls and revisions."""
    found: list[etree._Element] = []
    for child in container:
        if child.tag == tag:
            found.append(child)
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml", W + "moveTo"):
            found += descend(child, tag)
    return found
