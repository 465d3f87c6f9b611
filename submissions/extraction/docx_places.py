"""Where the paragraphs and drawings of a Word document stand: on the page, or where nobody looks."""

from __future__ import annotations

from lxml import etree

from submissions.extraction.docx_colors import UNKNOWN, Theme
from submissions.extraction.ooxml import W, attribute

_V = "{urn:schemas-microsoft-com:vml}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_NO_HEIGHT_TWIPS = 80  # 4 pt
_FAR_TWIPS = 10_000  # 7 inches left of the text, or a page and more to the right
_FRAME_TWIPS = 1_440  # an inch outside the paper on the near sides, the longest paper on the far ones
_FAR_EMU = 635 * _FAR_TWIPS
_SMALLEST_PT = 1.6  # a box with a side this short shows no letter
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 72 / 2.54, "mm": 7.2 / 2.54, "pc": 12.0, "px": 0.75}


def frame_hides(properties: etree._Element) -> str | None:
    """How ``w:pPr`` hides its paragraph by indents or a frame: "off_page", "tiny_font", None when it does not."""
    indent = properties.find(W + "ind")
    frame = properties.find(W + "framePr")
    values = [attribute(indent, name) for name in ("left", "start", "right", "end", "firstLine", "hanging")]
    if any(abs(_whole(value)) > _FAR_TWIPS for value in values):
        return "off_page"
    if frame is None:
        return None
    across, down = _whole(attribute(frame, "x")), _whole(attribute(frame, "y"))
    if not (-_FRAME_TWIPS < across < 12 * _FRAME_TWIPS and -_FRAME_TWIPS < down < 17 * _FRAME_TWIPS):
        return "off_page"
    width = attribute(frame, "w")
    narrow = width is not None and 0 < _whole(width) < _NO_HEIGHT_TWIPS
    return "tiny_font" if narrow or no_height(frame, "h", "hRule") else None


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
    return any(_shape_hides(shape) for shape in drawing.iter(_V + "*"))


def _shape_hides(shape: etree._Element) -> bool:
    """Whether the CSS of a VML shape moves it away, leaves it no size or makes it invisible.

    Lengths without a unit inside a group count in the group's own measure and say nothing.
    """
    parent = shape.getparent()
    grouped = parent is not None and parent.tag == _V + "group"
    for part in shape.get("style", "").lower().split(";"):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name == "visibility" and value == "hidden":
            return True
        points = _points(value, grouped=grouped)
        if points is None:
            continue
        if name in ("margin-left", "margin-top", "left", "top") and not -100 < points < 1_500:
            return True
        if name in ("width", "height") and points < _SMALLEST_PT:
            return True
    return False


def _points(value: str, *, grouped: bool) -> float | None:
    factor = _POINTS.get(value[-2:])
    if factor is None and grouped:
        return None
    try:
        return float(value[:-2]) * factor if factor else float(value) * _POINTS["px"]
    except ValueError:
        return None


def no_height(measure: etree._Element | None, size: str, rule: str) -> bool:
    """Whether lines or a row are held to an exact height (twentieths of a point) no letter fits in."""
    return attribute(measure, rule) == "exact" and _whole(attribute(measure, size) or "999") < _NO_HEIGHT_TWIPS


def grounds_of(drawing: etree._Element, theme: Theme) -> list[str]:
    """Colours a text box may be filled with; UNKNOWN for gradients, pictures and unnamed themes, [] for none."""
    found: list[str] = []
    for fill in drawing.iter(_A + "solidFill"):
        parent = fill.getparent()
        if parent is not None and str(parent.tag).endswith("}spPr"):
            found.append(theme.drawing_color(fill) or UNKNOWN)
    unfilled = any(str(parent.tag).endswith("}spPr") for node in drawing.iter(_A + "noFill")
                   if (parent := node.getparent()) is not None)  # fmt: skip
    vague = (
        ("}gradFill", "}blipFill", "}pattFill")
        if found or unfilled
        else ("}gradFill", "}blipFill", "}pattFill", "}fillRef")
    )
    if any(str(node.tag).endswith(vague) for node in drawing.iter(etree.Element)):
        found.append(UNKNOWN)
    for shape in drawing.iter(_V + "*"):
        filled = shape.get("fillcolor", "").split(" ")[0]
        if filled and shape.get("filled", "").lower() not in ("f", "false"):
            found.append(
                filled if filled.startswith("#") else {"white": "FFFFFF", "black": "000000"}.get(filled, UNKNOWN)
            )
    return found


def _whole(value: str | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
