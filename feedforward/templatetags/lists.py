"""Lists: the table, its sorted heads, filters and pages, and what stands where there is nothing. Part of the components."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template import Context, Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from feedforward import markup
from feedforward.markup import EMPTY, attributes, classes

register = Library()


@register.simple_block_tag
def table(
    content: str,
    *,
    caption: str,
    show_caption: bool = False,
    dense: bool = False,
    stack: bool = False,
    class_: str = "",
) -> SafeString:
    """A table in a box that scrolls sideways by itself when the screen is too narrow."""
    return format_html(
        '<div class="{}" tabindex="0" role="region" aria-label="{}"><table class="{}">'
        '<caption class="{}">{}</caption>{}</table></div>',
        classes("table-wrap", "table-wrap-stack" if stack else ""),
        caption,
        classes("table", "table-dense" if dense else "", "table-stack" if stack else "", class_),
        "" if show_caption else "sr-only",
        caption,
        content,
    )


@register.simple_tag(takes_context=True)
def sort_header(context: Context, label: str, name: str, *, class_: str = "", default: str = "") -> SafeString:
    """A column head that sorts by name, then the other way round."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    current = query.get("sort", default)
    query.pop("page", None)
    query["sort"] = f"-{name}" if current == name else name
    direction = {name: "ascending", f"-{name}": "descending"}.get(current)
    arrow = {"ascending": "arrow-up", "descending": "arrow-down"}.get(direction or "", "chevrons-up-down")
    return format_html(
        '<th scope="col"{}><a class="sort" href="?{}">{}{}</a></th>',
        attributes({"class": class_ or None, "aria-sort": direction}),
        query.urlencode(),
        label,
        markup.icon(arrow, size="sm"),
    )


@register.simple_block_tag
def empty_state(content: str, *, title: str, text: str = "", icon: str = "", size: str = "") -> SafeString:
    """What a list shows when there is nothing in it: why, and the next action."""
    return format_html(
        '<div class="{}">{}<p class="empty-title">{}</p>{}<div class="cluster">{}</div></div>',
        classes("empty", f"empty-{size}" if size else ""),
        markup.icon(icon, size="xl") if icon else EMPTY,
        title,
        format_html('<p class="empty-text">{}</p>', text) if text else EMPTY,
        content,
    )


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page_obj: Any, *, label: str = "") -> dict[str, Any]:
    """Links to the other pages of a list; keeps the other parameters of the address."""
    return {
        "request": context.get("request"),
        "page_obj": page_obj,
        "label": label,
        "numbers": list(page_obj.paginator.get_elided_page_range(page_obj.number, on_each_side=1, on_ends=1)),
        "ellipsis": page_obj.paginator.ELLIPSIS,
    }


@register.simple_block_tag
def filter_bar(
    content: str,
    *,
    label: str,
    value: str | None = "",
    name: str = "q",
    placeholder: str = "",
    target: str = "",
    action: str = "",
    search: bool = True,
) -> SafeString:
    """A GET form that narrows a list; sends itself with JavaScript and keeps the address."""
    box = EMPTY
    if search:
        box = format_html(
            '<span class="search">{}<input class="input" type="search" name="{}" value="{}" placeholder="{}" '
            'aria-label="{}" autocomplete="off"></span>',
            markup.icon("search"),
            name,
            value or "",
            placeholder,
            label,
        )
    return format_html(
        '<form class="filter-bar" method="get" action="{}" role="search" aria-label="{}"{}>{}{}'
        '<button class="btn btn-secondary no-js" type="submit">{}</button></form>',
        action,
        label,
        attributes({"data-filter": target or True}),
        box,
        content,
        _("Show"),
    )
