"""The form a draft is handed in with: files or pasted text, and the key that makes a resend harmless."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from submissions.models import DraftFile


class PastedTextField(forms.CharField):
    """Text from a clipboard. Zero characters, which some programs leave in it, mean nothing and are dropped."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\x00", "") if isinstance(value, str) else value)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, in the order they were sent; an empty list when none was."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        chosen = data if isinstance(data, list | tuple) else [data]
        cleaned = [super(FilesField, self).clean(item, initial) for item in chosen if item]
        if self.required and not cleaned:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return cleaned


class SubmitForm(forms.Form):
    """Either ``file`` (one or more) or ``text``. ``key`` is made when the form is shown.

    ``asked_same``: the student was told that this was handed in before; then ``same`` is shown and says "I mean it".
    """

    file = FilesField(label=_("Your file"), required=False, allow_empty_file=True, max_length=500)
    text = PastedTextField(
        label=_("Or paste your text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "data-rich": "rich"}),
        help_text=_("Leave this empty if you choose a file."),
    )
    # The HTML the text was pasted from, as long as nobody has typed in the box since; filled by the page's script.
    rich = PastedTextField(widget=forms.HiddenInput, required=False, strip=False)
    same = forms.BooleanField(label=_("Hand in the same again; I mean it"), required=False)
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    # The draft the page said this would be: another one may be made in a second tab before this is sent.
    number = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, max_files: int = 1, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("key", uuid.uuid4())
        super().__init__(*args, **kwargs)
        self.asked_same = False
        self.asked_number = False
        widget = self.fields["file"].widget
        assert isinstance(widget, FilesInput)
        widget.allow_multiple_selected = max_files > 1
        widget.attrs["multiple"] = max_files > 1  # False: no such attribute
        if max_files > 1:
            widget.attrs["data-max-files"] = str(max_files)
            self.fields["file"].label = _("Your files")

    def ask_for(self, number: int) -> None:
        """Show the form, as it was sent, for draft ``number``."""
        assert isinstance(self.data, QueryDict)
        sent = self.data.copy()  # as it came it cannot be changed
        sent[self.add_prefix("number")] = str(number)
        self.data = sent
        self.asked_number = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # All that were sent, whatever the field takes: none may be dropped in silence.
        data["file"] = files = self.files.getlist("file") if self.files else []
        pasted = (data.get("text") or "").strip()
        if not files and not pasted and not self.errors:
            self.add_error("file", _("Choose a file, or paste your text below."))
        elif files and pasted:
            self.add_error("text", _("Hand in a file or pasted text, not both. Empty one of the two."))
        return data


class ReplaceForm(SubmitForm):
    """What takes the place of files that could not be read, or were read wrongly: of all of them, or of one."""

    number = None  # type: ignore[assignment]  # it stays; Django leaves out what is None
    position = forms.TypedChoiceField(
        label=_("What to replace"), required=False, coerce=int, empty_value=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, files: Sequence[DraftFile], max_files: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, max_files=max_files, **kwargs)
        if len(files) < 2:
            del self.fields["position"]
            return
        choices = [
            (
                str(row.position),
                f"{row.position}. {row.original_name}" + (f" ({_('could not be read')})" if row.failure else ""),
            )
            for row in files
        ]
        field = self.fields["position"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [*choices, ("", _("Everything"))]
        broken = [row.position for row in files if row.failure]
        field.initial = str(broken[0]) if broken else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        # What has an error already is no longer among the data.
        if data.get("position") is not None and "file" in data:
            if len(data["file"]) > 1:
                self.add_error("file", _("Choose the one file that takes the place of the other."))
            elif not data["file"] and "text" not in self.errors:
                self.add_error("text", _("Pasted text takes the place of everything. Choose “Everything”, or a file."))
        return data
