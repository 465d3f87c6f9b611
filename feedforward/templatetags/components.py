"""The components of every page as template tags; templates/components/README.md is their catalogue."""

from __future__ import annotations

from typing import Any

from django.middleware.csrf import get_token
from django.template import Context, Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from feedforward import markup
from feedforward.markdown import to_html
from feedforward.markup import EMPTY, attributes, classes
from feedforward.templatetags import figures, form_fields, lists, wayfinding

register = Library()
for part in (figures, form_fields, lists, wayfinding):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)


@register.simple_tag
def icon(name: str, *, label: str = "", size: str = "", class_: str = "") -> SafeString:
    """An icon of the set; decorative unless it has a label."""
    return markup.icon(name, label=label, size=size, class_=class_)


@register.simple_tag
def button(
    label: str,
    *,
    variant: str = "secondary",
    href: str = "",
    icon: str = "",
    icon_end: str = "",
    size: str = "",
    type: str = "submit",
    dialog: str = "",
    busy: str = "",
    hide_label: bool = False,
    disabled: bool = False,
    class_: str = "",
    **extra: Any,
) -> SafeString:
    """A button, or a link that looks like one when href or dialog is given."""
    names = classes("btn", f"btn-{variant}", f"btn-{size}" if size else "", "btn-icon" if hide_label else "", class_)
    inside = format_html(
        "{}{}{}",
        markup.icon(icon) if icon else EMPTY,
        format_html('<span class="sr-only">{}</span>' if hide_label else "<span>{}</span>", label),
        markup.icon(icon_end) if icon_end else EMPTY,
    )
    if hide_label:
        extra.setdefault("title", label)
    if dialog:
        # A link to the dialog's own id opens it without JavaScript too (:target).
        extra = {"href": f"#{dialog}", "data-dialog": dialog, "role": "button", "aria-haspopup": "dialog", **extra}
        return format_html('<a class="{}"{}>{}</a>', names, attributes(extra), inside)
    if href:
        extra = {"role": "link", "aria-disabled": "true", **extra} if disabled else {"href": href, **extra}
        return format_html('<a class="{}"{}>{}</a>', names, attributes(extra), inside)
    extra = {"type": type, "disabled": disabled, "data-busy": busy or None, **extra}
    return format_html('<button class="{}"{}>{}</button>', names, attributes(extra), inside)


@register.simple_tag
def badge(label: str, tone: str = "neutral", *, icon: str = "", class_: str = "", **extra: Any) -> SafeString:
    """A state in one or two words."""
    return format_html(
        '<span class="{}"{}>{}{}</span>',
        classes("badge", f"badge-{tone}", class_),
        attributes(extra),
        markup.icon(icon, size="sm") if icon else EMPTY,
        label,
    )


@register.simple_tag
def bullseye(
    *,
    of: int,
    level: int | None = None,
    position: int | None = None,
    label: str = "",
    size: str = "",
    show_label: bool = True,
) -> SafeString:
    """A level as a target with its words beside it; level counts from 1, position from 0."""
    if level is None and position is not None:
        level = position + 1
    words = label or (_("No level") if level is None else _("Level %(level)d of %(of)d") % {"level": level, "of": of})
    return format_html(
        '<span class="level">{}<span class="{}">{}</span></span>',
        markup.bullseye(level=level, of=of, size=size),
        "level-label" if show_label else "sr-only",
        words,
    )


@register.filter(name="markdown")
def markdown_html(text: str) -> SafeString:
    """What people wrote in a large field: lists, emphasis and links as such, every line break kept."""
    return to_html(text)


@register.simple_block_tag
def card(
    content: str,
    *,
    title: str = "",
    eyebrow: str = "",
    level: int = 2,
    href: str = "",
    tone: str = "",
    id: str = "",
    flush: bool = False,
    class_: str = "",
) -> SafeString:
    """A section with a hairline around it."""
    head = EMPTY
    if title:
        words = format_html('<a href="{}">{}</a>', href, title) if href else title
        small = format_html('<p class="eyebrow">{}</p>', eyebrow) if eyebrow else EMPTY
        head = format_html(
            '<header class="card-head"><div>{}<h{} class="card-title">{}</h{}></div></header>',
            small,
            level,
            words,
            level,
        )
    return format_html(
        '<section class="{}"{}>{}<div class="card-body">{}</div></section>',
        classes("card", f"card-{tone}" if tone else "", "card-flush" if flush else "", class_),
        attributes({"id": id or None}),
        head,
        content,
    )


CALLOUT_ICONS = {
    "info": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "danger": "octagon-alert",
    "note": "pencil-line",
}


@register.simple_block_tag
def callout(content: str, kind: str = "info", *, title: str = "", live: bool = False, class_: str = "") -> SafeString:
    """A word to the reader beside the flow of the page."""
    return format_html(
        '<div class="{}"{}>{}<div class="callout-body">{}{}</div></div>',
        classes("callout", f"callout-{kind}", class_),
        attributes({"role": "status" if live else None}),
        markup.icon(CALLOUT_ICONS.get(kind, "info")),
        format_html('<p class="callout-title">{}</p>', title) if title else EMPTY,
        content,
    )


@register.simple_block_tag
def dialog(content: str, *, id: str, title: str, size: str = "", open: bool = False) -> SafeString:
    """A dialog; opens by {% button dialog=id %}, without JavaScript by its address."""
    return format_html(
        '<dialog class="{}" id="{}" aria-labelledby="{}-title"{}><div class="dialog-head">'
        '<h2 class="dialog-title" id="{}-title">{}</h2>'
        '<a class="btn btn-quiet btn-icon" href="#" data-dialog-close role="button">{}<span class="sr-only">{}</span></a>'
        '</div><div class="dialog-body">{}</div></dialog>',
        classes("dialog", f"dialog-{size}" if size else ""),
        id,
        id,
        attributes({"data-open": open}),
        id,
        title,
        markup.icon("x"),
        _("Close"),
        content,
    )


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    *,
    id: str,
    title: str,
    url: str,
    action: str,
    variant: str = "primary",
    cancel: str = "",
    **extra: Any,
) -> SafeString:
    """A dialog that says the consequences and posts to url when confirmed."""
    return format_html(
        '<dialog class="dialog" id="{}" aria-labelledby="{}-title"><form method="post" action="{}"{}>'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<div class="dialog-head"><h2 class="dialog-title" id="{}-title">{}</h2></div>'
        '<div class="dialog-body">{}</div><div class="dialog-foot"><button class="btn btn-{}" type="submit">{}</button>'
        '<a class="btn btn-quiet" href="#" data-dialog-close role="button">{}</a></div></form></dialog>',
        id,
        id,
        url,
        attributes(extra),
        get_token(context["request"]),
        id,
        title,
        content,
        variant,
        action,
        cancel or _("Cancel"),
    )


@register.simple_tag
def stat(label: str, value: Any, *, hint: str = "", href: str = "", tone: str = "", icon: str = "") -> SafeString:
    """One number with what it counts; None is shown as a dash, never as 0."""
    inside = format_html(
        '<span class="stat-label">{}{}</span><span class="stat-value">{}</span>{}',
        markup.icon(icon, size="sm") if icon else EMPTY,
        label,
        "–" if value is None else value,
        format_html('<span class="stat-hint">{}</span>', hint) if hint else EMPTY,
    )
    names = classes("stat", f"stat-{tone}" if tone else "")
    if href:
        return format_html('<a class="{}" href="{}">{}</a>', names, href, inside)
    return format_html('<div class="{}">{}</div>', names, inside)


@register.simple_tag
def meter(share: float | None, *, label: str, text: str = "", tone: str = "accent") -> SafeString:
    """A share from 0 to 1 as a bar with its words; None says that it is not known."""
    words = text or (_("not known") if share is None else f"{share:.0%}")
    width = 0.0 if share is None else max(0.0, min(float(share), 1.0)) * 100
    return format_html(
        '<span class="meter"><span class="meter-words"><span>{}</span><span class="tabular">{}</span></span>'
        '<svg class="meter-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="meter-track" width="100" height="4"></rect><rect class="meter-{}" width="{}" height="4"></rect></svg></span>',
        label,
        words,
        tone,
        f"{width:.1f}",
    )


@register.simple_tag
def kbd(*keys: str) -> SafeString:
    """Keys of the keyboard, pressed together."""
    return format_html('<span class="keys">{}</span>', format_html_join("", "<kbd>{}</kbd>", ((key,) for key in keys)))


@register.simple_tag
def avatar(name: str) -> SafeString:
    """The initials of a name."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalpha()]
    initials = (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper() if words else "?"
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials)
