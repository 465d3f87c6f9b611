"""What surrounds the text of a Word document: headers, footers, comments, properties, picture descriptions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from lxml import etree

from submissions.extraction.assembly import Assembly
from submissions.extraction.docx_visibility import Styles, look_of, why_hidden
from submissions.extraction.ooxml import Package, Relation, W, attribute
from submissions.extraction.prose import is_message

_PROPERTY_FIELDS = frozenset(
    (
        "title",
        "subject",
        "keywords",
        "description",
        "category",
        "creator",
        "lastModifiedBy",
        "contentStatus",
        "lpwstr",
        "lpstr",
        "Company",
        "Manager",
        "Template",
        "HyperlinkBase",
    )
)
_AUTOMATIC = re.compile(
    r"(automatically generated|automatisch generiert|g\u00e9n\u00e9r\u00e9e? automatiquement|AI-generated content may be incorrect|"
    r"KI-generierte Inhalte|g\u00e9n\u00e9r\u00e9 par l.IA|generado por IA)",
    re.IGNORECASE,
)


def add(assembly: Assembly, package: Package, relations: Mapping[str, Relation], styles: Styles) -> None:
    """Look through the other parts; sentences kept there are reported, page numbers and running titles are not."""
    for relation in relations.values():
        if relation.external:
            continue
        if relation.kind in ("header", "footer"):
            _add_running(assembly, package.xml(relation.target), relation, styles)
        elif relation.kind == "comments":
            _add_comments(assembly, package.xml(relation.target), relation)
    for relation in package.relations("").values():
        if relation.kind in ("core-properties", "custom-properties", "extended-properties"):
            _add_properties(assembly, package.xml(relation.target))


def add_alt_text(assembly: Assembly, described: str) -> None:
    """Report a picture's description when it is more than a caption and not made by the word processor."""
    if len(described.split()) >= 6 and not _AUTOMATIC.search(described):
        assembly.hide("alt_text", described, "picture")


def _add_running(assembly: Assembly, root: etree._Element | None, relation: Relation, styles: Styles) -> None:
    if root is None:
        return
    where = posixpath.basename(relation.target)
    any_text = False
    for paragraph in root.iter(W + "p"):
        style = attribute(paragraph.find(f"{W}pPr/{W}pStyle"))
        shown: list[str] = []
        for run in paragraph.iter(W + "r"):
            text = "".join(node.text or "" for node in run.iter(W + "t"))
            properties = run.find(W + "rPr")
            run_style = attribute(properties.find(W + "rStyle")) if properties is not None else None
            why = why_hidden(styles.effective(look_of(properties, styles.theme), run_style, style), [])
            if why and len(text.split()) > 2:
                assembly.hide(why, text, where)
            else:
                shown.append(text)
        text = "".join(shown).strip()
        any_text = any_text or bool(text)
        if is_message(text) and not assembly.shows(text):
            assembly.hide("outside_body", text, where)
    if any_text:
        assembly.miss("headers and footers")


def _add_comments(assembly: Assembly, root: etree._Element | None, relation: Relation) -> None:
    if root is None:
        return
    for comment in root.iterchildren(W + "comment"):
        text = " ".join("".join(t.text or "" for t in p.iter(W + "t")) for p in comment.iter(W + "p"))
        assembly.miss("comments")
        if len(text.split()) >= 6:
            assembly.hide("outside_body", text, posixpath.basename(relation.target))


def _add_properties(assembly: Assembly, root: etree._Element | None) -> None:
    if root is None:
        return
    for node in root.iter(etree.Element):
        name = etree.QName(node).localname
        text = " ".join((node.text or "").split())
        if name in _PROPERTY_FIELDS and is_message(text) and not assembly.shows(text):
            assembly.hide("metadata", text, name)
