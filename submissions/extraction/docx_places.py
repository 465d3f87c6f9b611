"""Where the paragraphs and drawings of a Word document stand: on the page, or where nobody looks."""

from __future__ import annotations

from lxml import etree

from submissions.extraction.ooxml import W, attribute

_V = "{urn:schemas-microsoft-com:vml}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_NO_HEIGHT_TWIPS = 80  # 4 pt
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
    if any(node.get("hidden") in ("1", "true") for node in drawing.iter(_WP + "docPr")):
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


def no_height(measure: etree._Element | None, size: str, rule: str) -> bool:
    """Whether lines or a row are held to an exact height (twentieths of a point) no letter fits in."""
    return attribute(measure, rule) == "exact" and _whole(attribute(measure, size) or "999") < _NO_HEIGHT_TWIPS


def grounds_of(drawing: etree._Element) -> list[str]:
    """Colours a text box may be filled with; ["unknown"] for themes, gradients and pictures, [] for none."""
    found: list[str] = []
    for fill in drawing.iter(_A + "solidFill"):
        parent = fill.getparent()
        if parent is None or not str(parent.tag).endswith("}spPr"):
            continue
        found += [color.get("val", "unknown") for color in fill.iter(_A + "srgbClr")] or ["unknown"]
    if any(
        str(node.tag).endswith(("}gradFill", "}blipFill", "}pattFill", "}fillRef"))
        for node in drawing.iter(etree.Element)
    ):
        found.append("unknown")
    for shape in drawing.iter(_V + "shape", _V + "rect", _V + "roundrect"):
        filled = shape.get("fillcolor", "").split(" ")[0]
        if filled:
            found.append(filled if filled.startswith("#") else "unknown")
    return found


def _whole(value: str | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
