"""Contrast of two colours as WCAG 2 defines it (relative luminance, ratio 1 to 21)."""

from __future__ import annotations

from functools import lru_cache

Rgb = tuple[int, int, int]


def parse_hex(value: str) -> Rgb | None:
    """``"1A2b3C"`` or ``"#1A2b3C"`` as 0-255 numbers, None when it is no colour."""
    digits = value.removeprefix("#")
    try:
        return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)) if len(digits) == 6 else None
    except ValueError:
        return None


def luminance(color: Rgb) -> float:
    """Relative luminance, 0 black to 1 white (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    red, green, blue = (_linear(value / 255) for value in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=1024)
def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, 1 (equal luminance) to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
