"""The site's own price table: what a model costs from a day on, and what a call cost by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from aiconfig.models import AIModel, ModelPrice
from feedforward.errors import DomainError

HIGHEST_USD_PER_MILLION = Decimal(100_000)


class PriceInvalid(DomainError):
    """A price cannot be taken."""

    code = "price_invalid"


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens: the same number is millionths of a dollar per token."""

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal

    def micros(self, *, input_tokens: int, output_tokens: int) -> int:
        """Return what so many tokens cost in millionths of a US dollar, rounded up."""
        exact = self.input_usd_per_million * input_tokens + self.output_usd_per_million * output_tokens
        return int(exact.to_integral_value(rounding=ROUND_CEILING))


def site_day(now: datetime) -> date:
    """Return the day of ``now`` where the site is: prices and months of budgets change at its midnight."""
    return now.astimezone(timezone.get_default_timezone()).date()


def prices_on(model_ids: Iterable[int], day: date) -> dict[int, Price]:
    """Return the prices in force on ``day`` (one query); models without a known price are missing."""
    rows = ModelPrice.objects.filter(ai_model__in=list(model_ids), valid_from__lte=day).order_by("valid_from")
    found: dict[int, Price | None] = {}
    for model_id, given, answered in rows.values_list("ai_model_id", "input_usd_per_million", "output_usd_per_million"):
        found[model_id] = None if given is None or answered is None else Price(given, answered)
    return {model_id: price for model_id, price in found.items() if price is not None}


def price_on(model_id: int, day: date) -> Price | None:
    """Return the price in force on ``day``, None where it is not known: unknown is never 0."""
    return prices_on([model_id], day).get(model_id)


def set_price(
    *,
    model: AIModel,
    valid_from: date,
    input_usd_per_million: Decimal | None,
    output_usd_per_million: Decimal | None,
    actor: User,
) -> ModelPrice:
    """Enter what the model costs from a day on; the same day again corrects it. Both None: not known from then on.

    Calls that were made keep what they cost. Raises :class:`PriceInvalid`.
    """
    values = {"input_usd_per_million": input_usd_per_million, "output_usd_per_million": output_usd_per_million}
    for name, value in values.items():
        if value is None and any(other is not None for other in values.values()):
            raise PriceInvalid(_("Enter both prices, or neither when they are not known."), field=name)
        if value is not None and not (value.is_finite() and 0 <= value <= HIGHEST_USD_PER_MILLION):
            raise PriceInvalid(_("A price is from 0 to 100,000; leave it empty when it is not known."), field=name)
    if not 2000 <= valid_from.year < 2100:
        raise PriceInvalid(_("Choose a day between the years 2000 and 2099."), field="valid_from")
    with transaction.atomic():
        price, _made = ModelPrice.objects.update_or_create(ai_model=model, valid_from=valid_from, defaults=values)
        audit.record(actor=actor, code="model.priced", obj=model, fields=list(values))
    return price


def remove_price(*, price: ModelPrice, actor: User) -> None:
    """Take a line out of the table: the price before it holds again. Calls that were made keep what they cost."""
    with transaction.atomic():
        price.delete()
        audit.record(actor=actor, code="model.price_removed", obj=price.ai_model, fields=["valid_from"])
