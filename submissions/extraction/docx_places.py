"""Where the paragraphs and drawings of a Word document stand: on the page, or where nobody looks."""

from __future__ import annotations

from lxml import etree

from submissions.extraction.ooxml import W, attribute

_V = "{urn:schemas-microsoft-com:vml}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_FAR_TWIPS = 10_000  # 7 inches left of the text, or a page and more to the right
_FRAME_TWIPS = 1_440  # an inch outside the paper on the near sides, the longest paper on the far ones
_FAR_EMU = 635 * _FAR_TWIPS


def far_indent(properties: etree._Element) -> bool:
    """Whether ``w:pPr`` moves its paragraph off the page by indents or a frame."""
    indent = properties.find(W + "ind")
    frame = properties.find(W + "framePr")
    values = [attribute(indent, name) for name in ("left", "start", "right", "end", "firstLine", "hanging")]
    if any(abs(_whole(value)) > _FAR_TWIPS for value in values):
        return True
    across, down = _whole(attribute(frame, "x")), _whole(attribute(frame, "y"))
    return not (-_FRAME_TWIPS < across < 12 * _FRAME_TWIPS and -_FRAME_TWIPS < down < 17 * _FRAME_TWIPS)


def far_drawing(drawing: etree._Element) -> bool:
    """Whether a drawing or VML shape stands off the page, has no size, or is switched invisible."""
    for name in ("positionH", "positionV"):
        for position in drawing.iter(_WP + name):
            offset = _whole(position.findtext(_WP + "posOffset"))
            if offset < -_FAR_EMU // 5 or offset > _FAR_EMU * 2:
                return True
    for extent in drawing.iter(_WP + "extent"):
        if _whole(extent.get("cx")) < 20_000 or _whole(extent.get("cy")) < 20_000:
            return True
    for shape in drawing.iter(_V + "shape", _V + "rect"):
        for part in shape.get("style", "").lower().split(";"):
            name, _, value = part.partition(":")
            moved = name.strip() in ("margin-left", "margin-top", "left", "top") and value.strip().startswith("-")
            if moved and _whole(value.strip().rstrip("ptinmc").split(".")[0]) < -100:
                return True
            if name.strip() == "visibility" and value.strip() == "hidden":
                return True
    return False


def _whole(value: str | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
