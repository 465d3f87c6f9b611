"""Finding one's way: where a page stands, its neighbours, a menu, the steps of something long. Part of the components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.template import Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from feedforward import markup
from feedforward.markup import EMPTY, attributes, classes

register = Library()

STEP_ICONS = {"done": "check", "current": "loader", "problem": "triangle-alert", "todo": ""}


@register.simple_tag
def breadcrumbs(*pairs: str) -> SafeString:
    """Words and addresses in turn; a last word without an address is the page itself."""
    items = []
    for index in range(0, len(pairs), 2):
        words = pairs[index]
        url = pairs[index + 1] if index + 1 < len(pairs) else ""
        items.append(
            (format_html('<a href="{}">{}</a>', url, words),)
            if url
            else (format_html('<span aria-current="page">{}</span>', words),)
        )
    return format_html(
        '<nav class="crumbs" aria-label="{}"><ol>{}</ol></nav>',
        _("Breadcrumbs"),
        format_html_join("", "<li>{}</li>", items),
    )


@register.simple_tag
def tabs(items: Iterable[Mapping[str, Any]], *, label: str = "") -> SafeString:
    """Pages that belong together; each item has label, url, current and maybe count."""
    drawn = [
        (
            item["url"],
            attributes({"aria-current": "page" if item.get("current") else None}),
            item["label"],
            EMPTY if item.get("count") is None else format_html(' <span class="count">{}</span>', item["count"]),
        )
        for item in items
    ]
    return format_html(
        '<nav class="tabs" aria-label="{}"><ul>{}</ul></nav>',
        label or _("Sections"),
        format_html_join("", '<li><a href="{}"{}>{}{}</a></li>', drawn),
    )


@register.simple_block_tag
def menu(
    content: str, label: str, *, icon: str = "", hide_label: bool = False, align: str = "start", size: str = ""
) -> SafeString:
    """A few links or buttons behind one button."""
    return format_html(
        '<details class="menu menu-{}" data-menu><summary class="{}"{}>{}{}{}</summary>'
        '<div class="menu-items">{}</div></details>',
        align,
        classes("btn btn-secondary", f"btn-{size}" if size else "", "btn-icon" if hide_label else ""),
        attributes({"title": label if hide_label else None}),
        markup.icon(icon) if icon else EMPTY,
        format_html('<span class="sr-only">{}</span>' if hide_label else "<span>{}</span>", label),
        EMPTY if hide_label else markup.icon("chevron-down", size="sm"),
        content,
    )


@register.simple_tag
def steps(items: Iterable[Mapping[str, Any]], *, label: str = "", direction: str = "column") -> SafeString:
    """The way of something: each item has label, state (done, current, todo, problem) and maybe detail."""
    speech = {"done": _("done"), "current": _("now"), "todo": _("to come"), "problem": _("problem")}
    drawn = []
    for item in items:
        state = str(item["state"])
        drawn.append(
            (
                state,
                attributes({"aria-current": "step" if state in {"current", "problem"} else None}),
                markup.icon(STEP_ICONS[state], size="sm") if STEP_ICONS.get(state) else EMPTY,
                item["label"],
                speech.get(state, ""),
                format_html('<span class="step-detail">{}</span>', item["detail"]) if item.get("detail") else EMPTY,
            )
        )
    return format_html(
        '<ol class="steps steps-{}" aria-label="{}">{}</ol>',
        direction,
        label or _("Progress"),
        format_html_join(
            "",
            '<li class="step step-{}"{}><span class="step-mark">{}</span><span class="step-words">'
            '<span class="step-label">{} <span class="sr-only">({})</span></span>{}</span></li>',
            drawn,
        ),
    )
