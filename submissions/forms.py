"""The form a draft is handed in with: a file or pasted text, and the key that makes a resend harmless."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class PastedTextField(forms.CharField):
    """Text from a clipboard. Zero characters, which some programs leave in it, mean nothing and are dropped."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\x00", "") if isinstance(value, str) else value)


class SubmitForm(forms.Form):
    """Exactly one of ``file`` and ``text``. ``key`` is made when the form is shown."""

    file = forms.FileField(label=_("Your file"), required=False, allow_empty_file=True, max_length=500)
    text = PastedTextField(
        label=_("Or paste your text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("Leave this empty if you choose a file."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("key", uuid.uuid4())
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.files and len(self.files.getlist("file")) > 1:
            self.add_error("file", _("Please upload one file. Put everything into one document, or paste the text."))
        elif data.get("file") is None and not (data.get("text") or "").strip() and not self.errors:
            self.add_error("file", _("Choose a file, or paste your text below."))
        elif data.get("file") is not None and (data.get("text") or "").strip():
            self.add_error("text", _("Hand in a file or pasted text, not both. Empty one of the two."))
        return data
