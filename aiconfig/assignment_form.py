"""What the assignment editor asks for, but for the reviewers (``forms.ReviewersTable``)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.assignments import FORMATS
from courses.forms import LinesField, OnceForm
from courses.models import Assignment, Course, Rubric

LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
]


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a day and an hour."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """A moment in a year a course can have: far ones overflow when a time zone or a span is added."""

    widget = MomentInput

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        if moment is not None and not 2000 <= moment.year < 2100:
            raise forms.ValidationError(_("Choose a day between the years 2000 and 2099."))
        return moment


class AssignmentForm(OnceForm):
    """Everything of an assignment but its reviewers; a title and a rubric are enough."""

    title = forms.CharField(label=_("Title"), max_length=200)
    rubric = forms.ModelChoiceField(
        label=_("Rubric"),
        queryset=Rubric.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("None yet"),
        help_text=_("Needed before you can open the assignment to students."),
    )
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What students are asked to write. The reviewers read it too."),
    )
    opens_at = MomentField(label=_("Opens"), required=False, help_text=_("Empty: at once"))
    due_at = MomentField(label=_("Due"), required=False)
    closes_at = MomentField(
        label=_("Closes"), required=False, help_text=_("Empty: never. Nothing is handed in after it.")
    )
    max_drafts = forms.IntegerField(label=_("Drafts allowed"), min_value=1, max_value=20, initial=3)
    hours_between = forms.IntegerField(
        label=_("Hours between drafts"), min_value=0, max_value=720, initial=0, help_text=_("0: no waiting")
    )
    max_files = forms.IntegerField(
        label=_("Files per draft"),
        min_value=1,
        max_value=5,
        initial=1,
        required=False,
        help_text=_("Several are read one after the other, as one draft."),
    )
    min_words = forms.IntegerField(label=_("Fewest words"), min_value=0, max_value=200_000, required=False)
    max_words = forms.IntegerField(label=_("Most words"), min_value=1, max_value=200_000, required=False)
    formats = forms.MultipleChoiceField(
        label=_("Formats"),
        choices=list(FORMATS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all that can be read"),
    )
    asked_sections = LinesField(
        label=_("Sections asked for"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One heading a line, such as Method. It looks at headings only."),
    )
    key_terms = LinesField(
        label=_("Key terms"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line. It looks for the words, not for the idea."),
    )
    confirm_text = forms.BooleanField(label=_("Students check the text that was read from their file"), required=False)
    aggregation = forms.ChoiceField(
        label=_("How levels are combined"),
        choices=Assignment.Aggregation.choices,
        initial=Assignment.Aggregation.CLAMPED_MEAN,
        help_text=_("The clamped mean holds one model that is far off near the others."),
    )
    adaptive_runs = forms.BooleanField(
        label=_("One more run per model where models disagree"), required=False, initial=True
    )
    model_wording = forms.BooleanField(
        label=_("Let a model word the notes that several reviewers gave"),
        required=False,
        help_text=_(
            "One more call per draft. Every such note is checked against the comments and marked on your desk."
        ),
    )
    feedback_language = forms.ChoiceField(label=_("Language of the feedback"), choices=LANGUAGES, initial="en")
    custom_instructions = forms.CharField(
        label=_("Instructions to the reviewers"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What models should know beyond instructions and rubric. Students do not see it."),
    )
    levels_shown = forms.ChoiceField(
        label=_("Who sees levels"),
        choices=Assignment.LevelsShown.choices,
        widget=forms.RadioSelect,
        initial=Assignment.LevelsShown.NEVER,
    )
    blind_review = forms.BooleanField(
        label=_("Blind review"), required=False, help_text=_("Reviewing staff see an alias instead of the name.")
    )
    practice = forms.BooleanField(
        label=_("Practice: feedback is released without review"),
        required=False,
        help_text=_("Labelled as such on every page students see."),
    )
    retention_days = forms.IntegerField(
        label=_("Days the students' words are kept"),
        min_value=0,
        max_value=3650,
        required=False,
        help_text=_("Counted from the release. Empty: as the site's rule says"),
    )

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rubrics = self.fields["rubric"]
        assert isinstance(rubrics, forms.ModelChoiceField)
        rubrics.queryset = Rubric.objects.filter(course=course).order_by("title", "pk")

    def clean_max_files(self) -> int:
        return self.cleaned_data["max_files"] or 1

    def values(self) -> dict[str, Any]:
        """Return the cleaned fields as the write functions take them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}


def initial_of_new(course: Course, rubric: str | None) -> dict[str, Any]:
    """Return what a new assignment begins with: the rubric asked for, or the course's own where it has just one."""
    if not rubric:
        only = Rubric.objects.filter(course=course).values_list("public_id", flat=True)[:2]
        rubric = str(only[0]) if len(only) == 1 else None
    return {"rubric": rubric}


def initial_of_assignment(assignment: Assignment) -> dict[str, Any]:
    names = [name for name in AssignmentForm.base_fields if name not in {"key", "rubric"}]
    values = {name: getattr(assignment, name) for name in names}
    return {**values, "rubric": assignment.rubric.public_id if assignment.rubric else None}
