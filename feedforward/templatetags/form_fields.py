"""Form fields: label, control, hint and error, tied together for screen readers. Part of the components."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField, BoundWidget
from django.template import Library
from django.utils.translation import gettext as _

register = Library()


def _kind(widget: forms.Widget, as_: str) -> str:
    """Which form of control this is: switch, checkbox, segmented, choices, select, textarea, file or input."""
    if isinstance(widget, forms.CheckboxInput):
        return "switch" if as_ == "switch" else "checkbox"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "segmented" if as_ == "segmented" else "choices"
    if isinstance(widget, forms.MultiWidget):
        return "several"
    if isinstance(widget, forms.Select):
        return "segmented" if as_ == "segmented" else "select"
    if isinstance(widget, forms.Textarea):
        return "textarea"
    if isinstance(widget, forms.FileInput):
        return "file"
    return "input"


CONTROL_CLASSES = {
    "switch": "switch",
    "checkbox": "checkbox",
    "select": "select",
    "textarea": "textarea",
    "file": "file",
    "input": "input",
}


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    *,
    label: str = "",
    hint: str = "",
    as_: str = "",
    hide_label: bool = False,
    width: str = "",
    prefix: str = "",
    suffix: str = "",
    counter: str = "",
    max: int | None = None,
    autogrow: bool = False,
    optional: bool = True,
    class_: str = "",
    **extra: Any,
) -> dict[str, Any]:
    """One field of a form with everything that belongs to it."""
    widget = bound.field.widget
    kind = _kind(widget, as_)
    hint = hint or str(bound.help_text or "")
    errors = list(bound.errors)
    identity = bound.id_for_label or bound.auto_id or bound.html_name
    base = bound.auto_id or bound.html_name
    described = [f"{base}_hint"] if hint else []
    described += [f"{base}_error"] if errors else []
    described += [f"{base}_count"] if counter else []
    attrs: dict[str, Any] = {name.rstrip("_").replace("_", "-"): value for name, value in extra.items()}
    grouped = kind in {"choices", "segmented", "several"}
    if kind == "several":
        attrs["class"] = "input"
    if not grouped:
        attrs["aria-invalid"] = "true" if errors else None
        attrs["aria-describedby"] = " ".join(described) or None
        attrs["class"] = f"{CONTROL_CLASSES[kind]} {widget.attrs.get('class', '')} {class_}".strip()
    if counter:
        attrs |= {"data-counter": counter, "data-counter-max": max, "data-counter-out": f"{base}_count"}
    if autogrow:
        attrs["data-autogrow"] = True
    attrs = {name: value for name, value in attrs.items() if value is not None}
    context: dict[str, Any] = {
        "bound": bound,
        "kind": kind,
        "label": label or bound.label,
        "hint": hint,
        "errors": errors,
        "identity": identity,
        "base": base,
        "described": " ".join(described),
        "hide_label": hide_label,
        "width": width,
        "prefix": prefix,
        "suffix": suffix,
        "counter": counter,
        "max": max,
        # A required field says so in words for those it concerns; optional ones are marked, not the many required.
        # ``optional=False``: the form takes it without, but something further on needs it, as its hint says.
        "optional": optional
        and not bound.field.required
        and kind in {"input", "textarea", "select", "file", "several"},
    }
    if kind in {"choices", "segmented"}:
        context["choices"] = _choices(bound, attrs)
    else:
        context["control"] = bound.as_widget(attrs=attrs)
    return context


def _choices(bound: BoundField, attrs: dict[str, Any]) -> list[BoundWidget]:
    """The single controls of a group; a select shown as segments is drawn with radio buttons."""
    widget = bound.field.widget
    if isinstance(widget, forms.Select) and not isinstance(widget, forms.RadioSelect):
        radio = forms.RadioSelect(attrs=widget.attrs, choices=widget.choices)
        radio.is_required = widget.is_required
        widget = radio
    built = bound.build_widget_attrs({"id": bound.auto_id, **attrs}, widget)
    return [
        BoundWidget(widget, data, bound.form.renderer)
        for data in widget.subwidgets(bound.html_name, bound.value(), attrs=built)
    ]


@register.inclusion_tag("components/dropzone.html")
def dropzone(
    bound: BoundField, *, accept: str = "", max_mb: int | None = None, label: str = "", hint: str = "", **extra: Any
) -> dict[str, Any]:
    """A file field that also takes files dragged onto it."""
    base = bound.auto_id or bound.html_name
    hint = hint or str(bound.help_text or "")
    errors = list(bound.errors)
    described = f"{base}_hint {base}_error {base}_chosen"
    attrs: dict[str, Any] = {name.rstrip("_").replace("_", "-"): value for name, value in extra.items()}
    attrs |= {"class": "dropzone-input", "aria-describedby": described}
    if accept:
        attrs["accept"] = accept
    if max_mb:
        attrs["data-max-bytes"] = str(max_mb * 1024 * 1024)
    if errors:
        attrs["aria-invalid"] = "true"
    return {
        "bound": bound,
        "base": base,
        "label": label or bound.label,
        "hint": hint,
        "errors": errors,
        "several": bool(bound.field.widget.attrs.get("multiple")),
        "control": bound.as_widget(attrs=attrs),
    }


@register.inclusion_tag("components/fields.html")
def fields(form: forms.BaseForm) -> dict[str, Any]:
    """All fields of a form in its order, hidden ones too."""
    return {"form": form}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: forms.BaseForm, *, title: str = "") -> dict[str, Any]:
    """What to put right in a form, each line linked to its field; nothing when all is well."""
    lines = [{"text": str(text), "href": ""} for text in form.non_field_errors()] if form.is_bound else []
    if form.is_bound:
        for bound in form:
            for text in bound.errors:
                lines.append({"text": f"{bound.label}: {text}", "href": f"#{bound.id_for_label or bound.auto_id}"})
    return {"lines": lines, "title": title or _("Please put this right")}
