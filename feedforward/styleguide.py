"""Made-up content of the style guide page: every component in every state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone

from feedforward import markup

LEVELS = ("Beginning", "Developing", "Secure", "Convincing")


class SampleForm(forms.Form):
    """One of each kind of field."""

    title = forms.CharField(help_text="Students see this above the instructions.")
    address = forms.EmailField(label="Email address")
    summary = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, help_text="Two or three sentences."
    )
    kind = forms.ChoiceField(choices=[("essay", "Essay"), ("report", "Report"), ("code", "Code")])
    due = forms.DateTimeField(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), required=False)
    budget = forms.DecimalField(label="Budget", required=False)
    blind = forms.BooleanField(label="Review blind", required=False, help_text="Names are hidden until release.")
    practice = forms.BooleanField(label="Practice mode", required=False)
    shown = forms.ChoiceField(
        label="Who sees levels",
        widget=forms.RadioSelect,
        choices=[("nobody", "Nobody"), ("staff", "Staff"), ("everyone", "Everyone")],
    )
    formats = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[("docx", "Word"), ("pdf", "PDF"), ("txt", "Plain text")],
    )
    draft = forms.FileField(label="Your draft", required=False)


def context(request: HttpRequest) -> dict[str, Any]:
    """Values for templates/styleguide.html."""
    now = timezone.now()
    return {
        "good_form": SampleForm(
            prefix="good",
            initial={
                "title": "The commons revisited",
                "kind": "report",
                "shown": "staff",
                "summary": "Three words here",
            },
        ),
        "bad_form": SampleForm({"bad-address": "nobody@", "bad-shown": "x", "bad-budget": "a lot"}, prefix="bad"),
        "levels": [{"position": position, "label": label} for position, label in enumerate(LEVELS)],
        "moments": [
            now - timedelta(seconds=20),
            now - timedelta(minutes=12),
            now - timedelta(hours=7),
            now - timedelta(days=1),
            now - timedelta(days=4),
            now - timedelta(days=40),
            now - timedelta(days=700),
            now + timedelta(minutes=12),
            now + timedelta(hours=30),
            now + timedelta(days=4),
        ],
        "soon": now + timedelta(hours=26),
        "past": now - timedelta(days=2),
        "rows": [
            {"name": "Ama Serwaa", "drafts": 3, "state": "Released", "tone": "ok", "when": now - timedelta(hours=3)},
            {
                "name": "Ben Okafor",
                "drafts": 1,
                "state": "Waits for review",
                "tone": "warn",
                "when": now - timedelta(days=2),
            },
            {
                "name": "Chiara Lindqvist-Bartholomew",
                "drafts": 2,
                "state": "Could not be read",
                "tone": "danger",
                "when": None,
            },
        ],
        "tab_items": [
            {"label": "Overview", "url": "#", "current": True},
            {"label": "Rubric", "url": "#"},
            {"label": "Drafts", "url": "#", "count": 42},
            {"label": "Insight", "url": "#"},
        ],
        "step_items": [
            {"label": "Received", "state": "done", "detail": "today 14:02"},
            {"label": "Text read", "state": "done", "detail": "1,204 words"},
            {"label": "Being prepared", "state": "current", "detail": "reading 4 of 6"},
            {"label": "With your instructor", "state": "todo"},
            {"label": "Ready", "state": "todo"},
        ],
        "problem_items": [
            {"label": "Received", "state": "done"},
            {
                "label": "The file is locked with a password",
                "state": "problem",
                "detail": "Save it without one and hand it in again.",
            },
            {"label": "Being prepared", "state": "todo"},
        ],
        "page_obj": Paginator(range(213), 25).get_page(request.GET.get("page", 2)),
        "icons": sorted(markup.icon_names()),
    }
