"""Letters that Word keeps as places in the Symbol font: Greek and signs of mathematics, as the characters they show.

The places are those of Adobe's Symbol encoding (PDF 32000-1, D.5), which Word moves to U+F000.
"""

from __future__ import annotations

_GREEK = dict(zip(
    "ABCDEFGHIKLMNOPQRSTUWXYZabcdefghiklmnopqrstuwxyz",
    "\u0391\u0392\u03a7\u0394\u0395\u03a6\u0393\u0397\u0399\u039a\u039b\u039c\u039d\u039f\u03a0\u0398\u03a1\u03a3\u03a4\u03a5\u03a9\u039e\u03a8\u0396"
    "\u03b1\u03b2\u03c7\u03b4\u03b5\u03c6\u03b3\u03b7\u03b9\u03ba\u03bb\u03bc\u03bd\u03bf\u03c0\u03b8\u03c1\u03c3\u03c4\u03c5\u03c9\u03be\u03c8\u03b6",
    strict=True,
))  # fmt: skip
_SIGNS = {
    0x22: "\u2200", 0x24: "\u2203", 0x27: "\u220b", 0x2D: "\u2212", 0x40: "\u2245", 0x5C: "\u2234", 0x5E: "\u22a5", 0x7E: "\u223c",
    0xA2: "\u2032", 0xA3: "\u2264", 0xA5: "\u221e", 0xAB: "\u2194", 0xAC: "\u2190", 0xAD: "\u2191", 0xAE: "\u2192", 0xAF: "\u2193",
    0xB0: "\u00b0", 0xB1: "\u00b1", 0xB2: "\u2033", 0xB3: "\u2265", 0xB4: "\u00d7", 0xB5: "\u221d", 0xB6: "\u2202", 0xB7: "\u2022",
    0xB8: "\u00f7", 0xB9: "\u2260", 0xBA: "\u2261", 0xBB: "\u2248", 0xBC: "\u2026", 0xC4: "\u2297", 0xC5: "\u2295", 0xC6: "\u2205",
    0xC7: "\u2229", 0xC8: "\u222a", 0xC9: "\u2283", 0xCA: "\u2287", 0xCC: "\u2282", 0xCD: "\u2286", 0xCE: "\u2208", 0xCF: "\u2209",
    0xD0: "\u2220", 0xD1: "\u2207", 0xD5: "\u220f", 0xD6: "\u221a", 0xD7: "\u22c5", 0xD8: "\u00ac", 0xD9: "\u2227", 0xDA: "\u2228",
    0xDB: "\u21d4", 0xDC: "\u21d0", 0xDE: "\u21d2", 0xE5: "\u2211", 0xF2: "\u222b",
}  # fmt: skip


def character(font: str | None, code: str | None) -> str | None:
    """The character a ``w:sym`` shows, None when its font is one of pictures or not known."""
    try:
        place = int(code or "", 16)
    except ValueError:
        return None
    if (font or "").lower() != "symbol":
        return chr(place) if 0x20 < place < 0xD800 and (font or "").lower() not in _PICTURES else None
    place &= 0xFF
    letter = chr(place)
    return (
        _SIGNS.get(place) or _GREEK.get(letter) or (letter if " " < letter < "\x7f" and not letter.isalpha() else None)
    )


_PICTURES = frozenset(("wingdings", "wingdings 2", "wingdings 3", "webdings", "marlett"))
