"""What the pages of courses ask for. Rules that hold everywhere live in the write functions; forms ask and show."""

from __future__ import annotations

import uuid
import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, User
from courses.models import Course
from feedforward.errors import DomainError

MAX_ROSTER_BYTES = 1024 * 1024


class OnceForm(forms.Form):
    """A form that makes one object however often it is sent: it carries the id the object will have."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4

    def clean_key(self) -> uuid.UUID:
        return self.cleaned_data["key"] or uuid.uuid4()

    def renew(self) -> None:
        """Take another id and ask to send again: the one of this form belongs to something else."""
        self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        self.data[self.add_prefix("key")] = str(uuid.uuid4())  # type: ignore[index]
        self.add_error(None, _("This form was used before. Check it and send it again."))


class LinesField(forms.CharField):
    """A short list, typed as one entry a line; entries keep their order, repeats and blanks go."""

    widget = forms.Textarea
    most_entries = 20
    longest_entry = 80

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        first: dict[str, str] = {}
        for line in super().clean(value).splitlines():
            entry = " ".join(line.split())
            if entry:
                first.setdefault(entry.casefold(), entry)
        entries = list(first.values())
        if len(entries) > self.most_entries:
            raise forms.ValidationError(
                _("At most %(count)s lines."), code="max_lines", params={"count": self.most_entries}
            )
        if any(len(entry) > self.longest_entry for entry in entries):
            raise forms.ValidationError(
                _("A line has at most %(count)s characters."), code="long_line", params={"count": self.longest_entry}
            )
        return entries


def show_error(form: forms.BaseForm, error: DomainError) -> None:
    """Put a domain error beside the field it belongs to, or above the form."""
    for field, sentences in getattr(error, "errors", {error.field: [str(error)]}).items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)


@cache
def zone_names() -> tuple[str, ...]:
    """Names of all time zones; finding them walks the disk, so it is done once."""
    return tuple(sorted(zoneinfo.available_timezones()))


class ZoneField(forms.CharField):
    """A time zone by name. A list of suggestions instead of a select: 600 options are slow to draw and to use."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value not in zone_names():
            raise forms.ValidationError(_("There is no time zone of this name; such as Europe/Vienna."))


class CourseForm(OnceForm):
    title = forms.CharField(label=_("Title"), max_length=200)
    code = forms.CharField(label=_("Code"), max_length=40, required=False, help_text=_("Such as WR 101"))
    term = forms.CharField(label=_("Term"), max_length=60, required=False, help_text=_("Such as Autumn 2026"))
    description = forms.CharField(
        label=_("Description"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    assistants_may_release = forms.BooleanField(
        label=_("Teaching assistants may release feedback"),
        required=False,
        help_text=_("Otherwise they review, and an instructor releases."),
    )
    time_zone = ZoneField(
        label=_("Time zone"),
        required=False,
        max_length=50,
        help_text=_("Empty: as each person has set it"),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "placeholder": "Europe/Vienna"}),
    )


class JoinCodeForm(forms.Form):
    """How long a fresh join code opens the course, and up to how many students."""

    days = forms.TypedChoiceField(
        label=_("Open for"),
        coerce=int,
        initial=30,
        choices=[(7, _("a week")), (30, _("a month")), (180, _("half a year"))],
    )
    places = forms.IntegerField(
        label=_("At most so many students"),
        required=False,
        min_value=1,
        max_value=5000,
        help_text=_("Empty: any number"),
    )


class OwnerField(forms.EmailField):
    """The address of an instructor, as a person."""

    def clean(self, value: Any) -> Any:
        email = super().clean(value)
        if not email:
            return None
        owner = User.objects.filter(email=email.strip().lower(), is_instructor=True, is_active=True).first()
        if owner is None:
            raise forms.ValidationError(_("No active instructor has this address."))
        return owner


class CourseForOthersForm(CourseForm):
    """The form of an administrator, who founds courses for instructors."""

    instructor = OwnerField(
        label=_("Instructor"), help_text=_("The address of the instructor who answers for the course")
    )


class CopyForm(OnceForm):
    title = forms.CharField(label=_("Title"), max_length=200)
    code = forms.CharField(label=_("Code"), max_length=40, required=False)
    term = forms.CharField(label=_("Term"), max_length=60, required=False, help_text=_("Such as Spring 2027"))


class InviteForm(forms.Form):
    """One address at a time; only students come in here, whatever else is sent."""

    email = forms.EmailField(label=_("Email address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)


class RosterImportForm(forms.Form):
    rows = forms.CharField(
        label=_("List"),
        required=False,
        max_length=MAX_ROSTER_BYTES,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=_(
            "One student per line: address, name. Columns may come from a spreadsheet, with or without a head."
        ),
    )
    file = forms.FileField(label=_("Or a CSV file"), required=False)

    def clean_file(self) -> str:
        """Return the text of the file, "" when there is none."""
        file = self.cleaned_data.get("file")
        if not file:
            return ""
        if file.size > MAX_ROSTER_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB. A roster is far smaller."))
        raw: bytes = file.read()
        for encoding in ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\x00" not in text:
                return text
        raise forms.ValidationError(_("This is not a text file. Save the list as CSV (UTF-8)."))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text = data.get("file") or data.get("rows") or ""
        if not self.errors and not text.strip():
            raise forms.ValidationError(_("Paste a list or choose a file."))
        data["text"] = text
        return data


class StaffForm(forms.Form):
    email = forms.EmailField(label=_("Email address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (Invitation.Role.ASSISTANT, _("Teaching assistant: reviews drafts")),
            (Invitation.Role.CO_INSTRUCTOR, _("Co-instructor: may do all but change staff and the course's life")),
        ],
        widget=forms.RadioSelect,
        initial=Invitation.Role.ASSISTANT,
    )


class OwnerForm(forms.Form):
    instructor = OwnerField(label=_("New owner"), help_text=_("The address of an instructor"))


class JoinForm(forms.Form):
    code = forms.CharField(
        label=_("Join code"), max_length=20, help_text=_("Eight letters and digits, from your instructor")
    )


class TemplateForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    description = forms.CharField(
        label=_("What it is for"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class RubricTextForm(OnceForm):
    text = forms.CharField(
        label=_("Table"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_(
            "Copied from a spreadsheet or document: the first row names the levels, each further row is a criterion."
        ),
    )
    file = forms.FileField(label=_("Or a file"), required=False, help_text=_("CSV or .ffrubric"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file:
            if file.size > 400_000:
                raise forms.ValidationError(_("The file is larger than any rubric."))
            data["text"] = file.read().decode("utf-8-sig", "replace")
        return data


def initial_of(course: Course) -> dict[str, Any]:
    return {
        name: getattr(course, name)
        for name in ("title", "code", "term", "description", "assistants_may_release", "time_zone")
    }
