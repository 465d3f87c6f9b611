"""What a PDF holds beside the content of its pages: form fields, comments, properties, attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

from submissions.extraction import safe_xml
from submissions.extraction.verdicts import Reason, Unreadable

_MAX_COMMENTS = 5_000
_MAX_FIELDS = 2_000
_MAX_XMP_BYTES = 1_000_000
_NO_COMMENTS = ("/Link", "/Widget", "/Popup")
_UNSEEN_FLAGS = 2 | 32  # hidden, not shown on screens
_MIN_FIELD_SIDE_PT = 2.5
_WHITE = re.compile(r"(?:^|\s)(?:1(?:\.0*)?\s+){1,3}(?:g|rg)\b|(?:^|\s)0\s+0\s+0\s+0\s+k\b")
_XMP_FIELDS = frozenset(("title", "description", "subject", "Keywords", "creator", "Label", "Instructions", "Headline"))


@dataclass(slots=True)
class Facts:
    """What the structure tells: page count, document information, things that are not page text."""

    pages: int = 0
    info: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    hidden_fields: list[str] = field(default_factory=list)
    attachments: int = 0
    portfolio: bool = False
    replaced_by_form: bool = False  # the pages only say that another program shows the real ones (XFA)
    lying_fonts: bool = False


def add_comments(page: DictionaryObject, facts: Facts) -> None:
    """Collect what is written into the annotations of a page. Raises CORRUPT beyond a sane number."""
    annotations = page.get("/Annots")
    annotations = annotations.get_object() if annotations is not None else None
    for item in annotations if isinstance(annotations, ArrayObject) else []:
        annotation = item.get_object()
        if isinstance(annotation, DictionaryObject) and annotation.get("/Subtype") not in _NO_COMMENTS:
            facts.comments.append(str(annotation.get("/Contents") or ""))
            if len(facts.comments) > _MAX_COMMENTS:
                raise Unreadable(Reason.CORRUPT, "annotations")


def add_document(root: DictionaryObject, info: object, facts: Facts) -> None:
    """Collect fields, properties and attachments of the whole document."""
    facts.portfolio = "/Collection" in root
    facts.attachments = _attachments(root)
    _add_fields(root, facts)
    if isinstance(info, DictionaryObject):
        facts.info = {name[1:]: str(value) for name, value in info.items() if isinstance(value.get_object(), str)}
    _add_xmp(root, facts)


def _attachments(root: DictionaryObject) -> int:
    names = root.get("/Names")
    names = names.get_object() if names is not None else None
    files = names.get("/EmbeddedFiles") if isinstance(names, DictionaryObject) else None
    files = files.get_object() if files is not None else None
    if not isinstance(files, DictionaryObject):
        return 0
    listed = files.get("/Names")
    listed = listed.get_object() if listed is not None else None
    return max(len(listed) // 2, 1) if isinstance(listed, ArrayObject) else 1


def _add_fields(root: DictionaryObject, facts: Facts) -> None:
    """Texts typed into form fields; they are drawn on the page but are no page content."""
    form = root.get("/AcroForm")
    form = form.get_object() if form is not None else None
    if not isinstance(form, DictionaryObject):
        return
    facts.replaced_by_form = "/XFA" in form and root.get("/NeedsRendering") is not None
    fields = form.get("/Fields")
    fields = fields.get_object() if fields is not None else None
    waiting = list(reversed(fields)) if isinstance(fields, ArrayObject) else []
    for _ in range(_MAX_FIELDS):
        if not waiting:
            break
        item = waiting.pop().get_object()
        if not isinstance(item, DictionaryObject):
            continue
        kids = item.get("/Kids")
        kids = kids.get_object() if kids is not None else None
        places = [item]
        if isinstance(kids, ArrayObject):
            waiting += reversed(kids)
            places = [kid for one in kids[:50] if isinstance(kid := one.get_object(), DictionaryObject)]
        value = item.get("/V")
        value = value.get_object() if value is not None else None
        if item.get("/FT", "/Tx") == "/Tx" and isinstance(value, str):
            (facts.fields if any(map(_is_seen, places)) else facts.hidden_fields).append(value)


def _is_seen(place: DictionaryObject) -> bool:
    """Whether a field stands on the page with some size, not switched off, not white without a ground."""
    flags = place.get("/F", 0)
    if isinstance(flags, int) and flags & _UNSEEN_FLAGS:
        return False
    look = place.get("/MK")
    look = look.get_object() if look is not None else None
    style = place.get("/DA")
    if isinstance(style, str) and _WHITE.search(style) and not (isinstance(look, DictionaryObject) and "/BG" in look):
        return False
    box = place.get("/Rect")
    box = box.get_object() if box is not None else None
    try:
        x0, y0, x1, y1 = (float(edge) for edge in box) if isinstance(box, ArrayObject) else (0.0, 0.0, 0.0, 0.0)
    except (TypeError, ValueError):
        return False
    return min(abs(x1 - x0), abs(y1 - y0)) >= _MIN_FIELD_SIDE_PT and max(x0, x1) > 0 and max(y0, y1) > 0


def _add_xmp(root: DictionaryObject, facts: Facts) -> None:
    """The properties once more, as XML; what the document information says already is left out."""
    stream = root.get("/Metadata")
    stream = stream.get_object() if stream is not None else None
    if not isinstance(stream, StreamObject):
        return
    data = stream.get_data()
    if len(data) > _MAX_XMP_BYTES:
        return
    try:
        tree = safe_xml.parse(data.strip(b"\0 \t\r\n"))
    except Unreadable:
        return  # properties that cannot be read are shown to nobody
    known = {" ".join(value.split()) for value in facts.info.values()}
    for node in tree.iter(etree.Element):
        name = etree.QName(node).localname
        text = " ".join("".join(node.itertext()).split()) if name in _XMP_FIELDS else ""
        if text and text not in known:
            facts.info[f"XMP {name}"] = text
