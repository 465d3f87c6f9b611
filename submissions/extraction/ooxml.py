"""The parts of a Word package and how they point at each other."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from submissions.extraction import archive, safe_xml
from submissions.extraction.limits import Limits
from submissions.extraction.verdicts import Reason, Unreadable

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "http://purl.oclc.org/ooxml/"
_TRANSITIONAL = {
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ),
    "http://purl.oclc.org/ooxml/officeDocument/math": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "http://purl.oclc.org/ooxml/drawingml/main": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing": (
        "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    ),
}


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a part points: ``kind`` is the last word of the relationship type, ``target`` a part name."""

    kind: str
    target: str
    external: bool


class Package:
    """A Word file opened for reading; parts are parsed on demand, safely and within the limits."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._zip: zipfile.ZipFile = archive.open_checked(stream, limits)
        self._limits = limits
        self._left = limits.max_part_bytes * 2
        self.names = {name.lower(): name for name in self._zip.namelist()}

    def raw(self, name: str) -> bytes | None:
        """The bytes of a part, or None when there is no such part. Raises as ``archive.read_part``."""
        actual = self.names.get(name.lower())
        if actual is None:
            return None
        data = archive.read_part(self._zip, actual, max_bytes=min(self._limits.max_part_bytes, self._left))
        self._left -= len(data)
        return data

    def xml(self, name: str) -> etree._Element | None:
        """The root of an XML part with the transitional namespaces, or None when there is no such part."""
        data = self.raw(name)
        if data is None:
            return None
        if _STRICT.encode() in data:
            for strict, transitional in _TRANSITIONAL.items():
                data = data.replace(strict.encode(), transitional.encode())
        return safe_xml.parse(data)

    def relations(self, part: str) -> dict[str, Relation]:
        """The relationships of ``part`` (``""`` for the package) by their id."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, Relation] = {}
        if root is None:
            return found
        for item in root.iterchildren(etree.Element):
            target = item.get("Target", "")
            joined = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            )
            kind = item.get("Type", "").rsplit("/", 1)[-1]
            found[item.get("Id", "")] = Relation(kind, joined, item.get("TargetMode") == "External")
        return found

    def main_part(self) -> str:
        """The name of the document part. Raises CORRUPT when there is none."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target.lower() in self.names:
                return relation.target
        if "word/document.xml" in self.names:
            return "word/document.xml"
        raise Unreadable(Reason.CORRUPT, "no document part")


def attribute(element: etree._Element | None, name: str = "val") -> str | None:
    """The ``w:`` attribute ``name`` of ``element``, None when either is missing."""
    return None if element is None else element.get(W + name)


def switched_on(element: etree._Element | None) -> bool | None:
    """The value of an on/off property: None when it is not stated."""
    if element is None:
        return None
    return (element.get(W + "val") or "true").lower() not in ("0", "false", "off", "none")
