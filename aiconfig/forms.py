"""What the pages of models and assignments ask for. Rules that hold everywhere live in the write functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aiconfig.models import AIModel, Budget, Provider
from aiconfig.plans import MAX_RUNS_PER_MODEL, ModelChoice, PlanInvalid
from aiconfig.prices import Price
from courses.forms import OnceForm

ROLES = (("", _("not used")), ("reads", _("reads")), ("fallback", _("stands in")))


@dataclass
class ReviewerRow:
    """One model in the editor, as typed: its role, its place, its parameters, and what is wrong with them."""

    model_id: int
    public_id: str
    name: str
    provider: str
    provider_is_demo: bool
    default_temperature: float
    longest_answer: int
    is_offered: bool
    role: str = ""
    position: str = ""
    runs: str = "1"
    temperature: str = ""
    max_output_tokens: str = ""
    weight: str = "1"
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class ReviewersTable:
    """The part of the assignment editor that says which models read: a row per model that may be chosen."""

    rows: list[ReviewerRow]
    error: str = ""
    opened_with: tuple[ModelChoice, ...] = ()

    @property
    def is_valid(self) -> bool:
        return not self.error and not any(row.errors for row in self.rows)

    def read(self, data: Mapping[str, str]) -> tuple[ModelChoice, ...]:
        """Take what was typed and return it as a plan, in the order of the places given."""
        chosen: list[tuple[float, int, ModelChoice]] = []
        for place, row in enumerate(self.rows):
            name = f"m-{row.public_id}"
            role = data.get(f"{name}-role", "")
            row.role = role if role in {"reads", "fallback"} else ""
            row.position = data.get(f"{name}-position", "").strip()[:6]
            row.runs = data.get(f"{name}-runs", "").strip()[:6] or "1"
            row.temperature = data.get(f"{name}-temperature", "").strip()[:10]
            row.max_output_tokens = data.get(f"{name}-max_output_tokens", "").strip()[:10]
            row.weight = data.get(f"{name}-weight", "").strip()[:10] or "1"
            if not row.role:
                continue
            order = _whole(row.position)
            if row.position and order is None:
                row.errors["position"] = _gettext("A whole number.")
            choice = _choice(row)
            if not row.errors:
                chosen.append((order if order is not None else 1000.0, place, choice))
        return tuple(choice for _order, _place, choice in sorted(chosen, key=lambda item: item[:2]))

    def refuse(self, error: PlanInvalid, plan: Sequence[ModelChoice]) -> None:
        """Put the error beside the row it is about, or above the table."""
        if error.index is None or error.index >= len(plan):
            self.error = str(error)
            return
        wanted = plan[error.index].ai_model_id
        for row in self.rows:
            if row.model_id == wanted:
                row.errors[error.field if error.field not in {None, "ai_model"} else "role"] = str(error)


def _choice(row: ReviewerRow) -> ModelChoice:
    """Return the row as a choice; what is no number is marked and replaced by the default."""
    runs = _whole(row.runs)
    if runs is None:
        row.errors["runs"] = _gettext("From 1 to %(n)s runs.") % {"n": MAX_RUNS_PER_MODEL}
    temperature = _decimal(row.temperature)
    if row.temperature and temperature is None:
        row.errors["temperature"] = _gettext("A number from 0 to 2.")
    tokens = _whole(row.max_output_tokens)
    if row.max_output_tokens and tokens is None:
        row.errors["max_output_tokens"] = _gettext("A whole number.")
    weight = _decimal(row.weight)
    if weight is None:
        row.errors["weight"] = _gettext("A number above 0.")
    return ModelChoice(
        ai_model_id=row.model_id,
        runs=runs or 0,
        is_fallback=row.role == "fallback",
        temperature=None if temperature is None else float(temperature),
        max_output_tokens=tokens,
        weight=(weight or Decimal(0)).quantize(Decimal("0.01"))
        if weight is not None and abs(weight) < 1000
        else Decimal(0),
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", ".")) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def reviewers_for(user: User, plan: Sequence[ModelChoice]) -> ReviewersTable:
    """Return the table with the models this person may choose and those in the plan, the plan's first (one query)."""
    chosen = {choice.ai_model_id: (place, choice) for place, choice in enumerate(plan, start=1)}
    offered = set(AIModel.objects.offered_to(user).values_list("pk", flat=True))
    models = AIModel.objects.filter(pk__in=offered | set(chosen)).select_related("provider")
    rows = []
    for model in models.order_by("provider__name", "display_name", "pk"):
        row = ReviewerRow(
            model_id=model.pk,
            public_id=str(model.public_id),
            name=model.display_name,
            provider=model.provider.name,
            provider_is_demo=model.provider.is_demo,
            default_temperature=model.temperature,
            longest_answer=model.max_output_tokens,
            is_offered=model.pk in offered,
        )
        if model.pk in chosen:
            place, choice = chosen[model.pk]
            row.role = "fallback" if choice.is_fallback else "reads"
            row.position = str(place)
            row.runs = str(choice.runs)
            row.temperature = "" if choice.temperature is None else f"{choice.temperature:g}"
            row.max_output_tokens = "" if choice.max_output_tokens is None else str(choice.max_output_tokens)
            row.weight = f"{choice.weight.normalize():f}"
        rows.append(row)
    rows.sort(key=lambda row: (not row.role, int(row.position or 999)))
    return ReviewersTable(rows=rows, opened_with=tuple(plan))


class ProviderForm(OnceForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=Provider.Kind.choices)
    base_url = forms.CharField(
        label=_("Base URL"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "http://localhost:11434"}),
        help_text=_("For OpenAI-compatible servers and Ollama. Empty: the provider's own address."),
    )
    region_note = forms.CharField(
        label=_("Where the data goes"),
        max_length=200,
        required=False,
        help_text=_("Such as: EU, processed under contract, not used for training. Shown to instructors."),
    )
    max_concurrent = forms.IntegerField(
        label=_("Calls at once"), min_value=1, max_value=1000, required=False, help_text=_("Empty: no limit")
    )
    requests_per_minute = forms.IntegerField(
        label=_("Calls per minute"), min_value=1, max_value=1_000_000, required=False, help_text=_("Empty: no limit")
    )
    tokens_per_minute = forms.IntegerField(
        label=_("Tokens per minute"),
        min_value=1_000,
        max_value=1_000_000_000,
        required=False,
        help_text=_("Empty: no limit"),
    )


class ModelForm(OnceForm):
    name = forms.CharField(
        label=_("Model id at the provider"), max_length=150, help_text=_("Such as gpt-4o-mini or llama3.1:8b")
    )
    display_name = forms.CharField(label=_("Name shown"), max_length=100, required=False)
    context_tokens = forms.IntegerField(label=_("Context, tokens"), min_value=1, max_value=10_000_000, initial=128_000)
    max_output_tokens = forms.IntegerField(
        label=_("Longest answer, tokens"), min_value=1, max_value=10_000_000, initial=4096
    )
    temperature = forms.FloatField(label=_("Temperature"), min_value=0, max_value=2, initial=0.3)
    output_mode = forms.ChoiceField(label=_("Structured output"), choices=AIModel.OutputMode.choices)
    timeout_s = forms.IntegerField(
        label=_("Time limit per call, seconds"),
        min_value=1,
        max_value=900,
        required=False,
        help_text=_("Empty: as the site's setting says"),
    )
    offered_to_instructors = forms.BooleanField(label=_("Instructors may use it"), required=False, initial=True)

    def values(self) -> dict[str, Any]:
        data = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        data["display_name"] = data["display_name"] or data["name"][:100]
        return data


class PriceForm(forms.Form):
    """What a model costs from a day on. Empty prices: not known."""

    input_usd_per_million = forms.DecimalField(
        label=_("Input, USD per million tokens"), min_value=0, max_digits=10, decimal_places=4, required=False
    )
    output_usd_per_million = forms.DecimalField(
        label=_("Output, USD per million tokens"), min_value=0, max_digits=10, decimal_places=4, required=False
    )
    valid_from = forms.DateField(
        label=_("Valid from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: from today"),
    )


class NewModelForm(ModelForm):
    """A model with its first price."""

    input_usd_per_million = PriceForm.base_fields["input_usd_per_million"]
    output_usd_per_million = PriceForm.base_fields["output_usd_per_million"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given, answered = data.get("input_usd_per_million"), data.get("output_usd_per_million")
        if (given is None) != (answered is None) and not self.errors:
            empty = "input_usd_per_million" if given is None else "output_usd_per_million"
            self.add_error(empty, _("Enter both prices, or neither when they are not known."))
        return data

    def price(self) -> Price | None:
        """Return the price that was entered, None when it is not known."""
        given, answered = (self.cleaned_data[f"{name}_usd_per_million"] for name in ("input", "output"))
        return None if given is None or answered is None else Price(given, answered)

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in super().values().items() if not name.endswith("_usd_per_million")}


class BudgetForm(forms.Form):
    """The most that may be spent."""

    limit_usd = forms.DecimalField(label=_("Limit, USD"), min_value=0, max_digits=10, decimal_places=2)
    period = forms.ChoiceField(label=_("For"), choices=Budget.Period.choices, initial=Budget.Period.MONTH)


class KeyForm(forms.Form):
    """Write-only: the field is always empty, whatever is stored."""

    key = forms.CharField(
        label=_("Key"),
        max_length=2000,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Stored encrypted and never shown again."),
    )
