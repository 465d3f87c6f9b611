"""What the page of trials asks for: a text, and the setting to read it with. Reviewers come in their own table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.forms import OnceForm
from courses.models import Assignment
from feedback.models import Trial
from feedback.planning import Setting
from feedback.trials.making import TrialText
from feedback.trials.samples import SAMPLES, sample

AGAIN = "again"


class TrialForm(OnceForm):
    """A sample is used unless a text is pasted or a file chosen; ``before`` offers the text of an earlier trial."""

    sample = forms.ChoiceField(
        label=_("A text that is here already"), help_text=_("Used unless you paste a text or choose a file below.")
    )
    text = forms.CharField(
        label=_("Or paste a text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Names of the course's people are replaced before anything leaves, as with drafts."),
    )
    file = forms.FileField(label=_("Or choose a file"), required=False, allow_empty_file=True, max_length=500)
    aggregation = forms.ChoiceField(label=_("How levels are combined"), choices=Assignment.Aggregation.choices)
    adaptive = forms.BooleanField(label=_("One more run per model where models disagree"), required=False)
    model_wording = forms.BooleanField(
        label=_("Let a model word the notes that several reviewers gave"), required=False
    )
    custom_instructions = forms.CharField(
        label=_("Instructions to the reviewers"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, before: Trial | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = before
        choices: list[tuple[str, Any]] = [(one.name, one.title) for one in SAMPLES]
        if before is not None:
            choices.insert(0, (AGAIN, _("The same text again: %(title)s") % {"title": before.title}))
        field = self.fields["sample"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = choices[0][0]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file") is not None and (data.get("text") or "").strip():
            self.add_error("text", _("A file or a pasted text, not both. Empty one of the two."))
        return data

    def chosen_text(self) -> TrialText:
        """Return the text that was chosen; for valid forms."""
        data = self.cleaned_data
        upload = data.get("file")
        if upload is not None:
            return TrialText(upload=upload)
        if data["text"].strip():
            return TrialText(pasted=data["text"])
        if data["sample"] == AGAIN:
            return TrialText(again=self.before)
        return TrialText(sample=sample(data["sample"]))

    def chosen_setting(self, choices: tuple[Any, ...]) -> Setting:
        """Return the setting that was chosen, with ``choices`` from the reviewers' table; for valid forms."""
        data = self.cleaned_data
        return Setting(
            choices=choices,
            method=data["aggregation"],
            adaptive=data["adaptive"],
            model_wording=data["model_wording"],
            custom_instructions=data["custom_instructions"],
        )


def initial_of(setting: Setting) -> dict[str, Any]:
    """Return the form's beginning for a setting."""
    return {
        "aggregation": setting.method,
        "adaptive": setting.adaptive,
        "model_wording": setting.model_wording,
        "custom_instructions": setting.custom_instructions,
    }
