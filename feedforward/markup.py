"""Small pieces of HTML shared by the component tags: attributes, icons, the bullseye."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.forms.utils import flatatt
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

ICON_SIZES_PX = {"sm": 14, "": 18, "lg": 24, "xl": 40}
SPRITE = "icons/sprite.svg"
# What stands where there is nothing to show, among pieces that are markup.
EMPTY = SafeString("")


class NoSuchIcon(LookupError):
    """The sprite has no icon of this name; add it to the list in package.json."""


def attributes(given: dict[str, Any]) -> SafeString:
    """HTML attributes from keyword arguments: hx_post becomes hx-post, True stands alone, None and False vanish."""
    return flatatt({name.rstrip("_").replace("_", "-"): value for name, value in given.items()})


def classes(*names: str) -> str:
    """Join class names, leaving out the empty ones."""
    return " ".join(name for name in names if name)


@lru_cache(maxsize=1)
def icon_names() -> frozenset[str]:
    """Names of the icons in the sprite."""
    sprite = settings.BASE_DIR / "static" / SPRITE
    return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite.read_text(encoding="utf-8")))


def icon(name: str, *, label: str = "", size: str = "", class_: str = "") -> SafeString:
    """An icon of the sprite; silent for screen readers unless it has a label.

    Raises NoSuchIcon for an unknown name while developing; a running site shows nothing instead.
    """
    if name not in icon_names():
        if settings.DEBUG:
            raise NoSuchIcon(name)
        return EMPTY
    px = ICON_SIZES_PX.get(size, ICON_SIZES_PX[""])
    speech = format_html(' role="img" aria-label="{}"', label) if label else SafeString(' aria-hidden="true"')
    return format_html(
        '<svg class="{}" width="{}" height="{}"{}><use href="{}#{}"></use></svg>',
        classes("icon", class_),
        px,
        px,
        speech,
        static(SPRITE),
        name,
    )


BULLSEYE_SIZES_PX = {"sm": 18, "": 26, "lg": 56}


def bullseye(*, level: int | None, of: int, size: str = "") -> SafeString:
    """A target with one ring per level, inked from the rim up to the level: only the highest fills the centre.

    level counts from 1 (outermost, lowest) to of (the centre); None draws an empty target. The picture is silent:
    its words always stand beside it.
    """
    rings = max(1, min(of, 8))
    reached = 0 if level is None else max(0, min(level, of))
    # More levels than can be drawn: keep the proportion.
    reached = round(reached * rings / max(of, 1)) if of > rings else reached
    step = 15 / rings
    drawn = []
    for ring in range(1, rings + 1):
        kind = "inked" if ring <= reached else "open"
        drawn.append((f"{16 - step * (ring - 1) - 0.75:.2f}", f"bullseye-{kind}"))
    px = BULLSEYE_SIZES_PX.get(size, BULLSEYE_SIZES_PX[""])
    return format_html(
        '<svg class="{}" viewBox="0 0 32 32" width="{}" height="{}" aria-hidden="true">{}</svg>',
        classes("bullseye", "bullseye-none" if not reached else ""),
        px,
        px,
        format_html_join("", '<circle cx="16" cy="16" r="{}" class="{}"></circle>', drawn),
    )
