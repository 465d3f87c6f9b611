"""Money for calls: set aside before a call, settled after it, never more than the budgets hold (docs/adr/0012).

One conditional UPDATE per budget decides. A call's most is set aside: all its input and the longest answer it may
give. What cannot be known to be free (an answer that was cut off, a worker that died) counts at that most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aiconfig.budgets import budgets_over, period_of, usd
from aiconfig.models import AIModel, Budget, BudgetPeriod, Charge
from aiconfig.prices import price_on, site_day
from feedforward.money import money

# A worker stores what came back within this time after the call's own limit, or it is dead.
SETTLE_WITHIN_S = 120
# Every language but the tersest needs fewer tokens than this many bytes each; markers of sentences need more.
BYTES_PER_TOKEN = 3
TOKENS_PER_MARKER = 8
EXPIRED_BATCH = 500


class BudgetRefusal(Exception):
    """No money for the call. ``may_wait``: it is only set aside for calls under way, so some may come back.

    ``words`` are fit for instructors.
    """

    def __init__(self, code: str, words: str, *, may_wait: bool = False) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words
        self.may_wait = may_wait


def most_input_tokens(messages: Iterable[Mapping[str, str]]) -> int:
    """Return more tokens than the messages have, by their bytes: no model's own tokeniser is at hand."""
    tokens = 0
    for message in messages:
        content = message["content"]
        tokens += len(content.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN + 8
        tokens += TOKENS_PER_MARKER * content.count("⟦")
    return tokens


def reserve(
    *,
    model: AIModel,
    course_id: int | None,
    assignment_id: int | None,
    purpose: str,
    input_tokens: int,
    max_output_tokens: int,
    timeout_s: float,
    now: datetime,
) -> Charge:
    """Set aside what one call may cost at most, in every budget over it, or in none.

    Raises :class:`BudgetRefusal` when a budget has no room, or when one is in force and the model's price is not known.
    """
    price = price_on(model.pk, site_day(now))
    most = None if price is None else price.micros(input_tokens=input_tokens, output_tokens=max_output_tokens)
    budgets = list(budgets_over(course_id=course_id, assignment_id=assignment_id))
    if budgets and most is None:
        raise BudgetRefusal(
            "no_price",
            _("No price is known for %(model)s, so the budget cannot be kept. An administrator can enter it.")
            % {"model": model.display_name},
        )
    # Always in the order of their keys, as in _book: two calls never wait for each other.
    periods = sorted(((budget, period_of(budget, now)) for budget in budgets), key=lambda pair: pair[1].pk)
    with transaction.atomic():
        for budget, period in periods:
            taken = BudgetPeriod.objects.filter(
                pk=period.pk, limit_micros__gte=F("spent_micros") + F("reserved_micros") + most
            ).update(reserved_micros=F("reserved_micros") + most)
            if not taken:
                # Leaving the block takes back what the budgets before this one set aside.
                raise _refusal(budget, period, most or 0)
        return Charge.objects.create(
            ai_model=model,
            course_id=course_id,
            assignment_id=assignment_id,
            purpose=purpose,
            reserved_micros=most,
            periods=[period.pk for _budget, period in periods],
            created_at=now,
            expires_at=now + timedelta(seconds=timeout_s + SETTLE_WITHIN_S),
        )


def _refusal(budget: Budget, period: BudgetPeriod, most: int) -> BudgetRefusal:
    period.refresh_from_db()
    if period.spent_micros + most <= period.limit_micros:
        return BudgetRefusal(
            "budget_held", _("The rest of the budget is set aside for calls under way."), may_wait=True
        )
    if budget.scope == Budget.Scope.SITE:
        words = _("The site’s budget has no room for another call. An administrator can raise it.")
    elif budget.scope == Budget.Scope.COURSE:
        words = _(
            "This course’s budget has no room for a call that may cost %(most)s: %(spent)s of %(limit)s are spent. "
            "An administrator can raise it."
        )
    else:
        words = _(
            "This assignment’s budget has no room for a call that may cost %(most)s: %(spent)s of %(limit)s are spent. "
            "Raise it under Costs."
        )
    amounts = {
        "most": money(usd(most)),
        "spent": money(usd(period.spent_micros)),
        "limit": money(usd(period.limit_micros)),
    }
    return BudgetRefusal("budget_used_up", words % amounts)


def settle(charge: Charge, *, input_tokens: int | None, output_tokens: int | None) -> Decimal | None:
    """Book an answered call by the price of the day it was made; returns its cost in US dollars.

    None: price or tokens are not known; the budgets count what was set aside. Settling twice books once.
    """
    price = price_on(charge.ai_model_id, site_day(charge.created_at))
    cost = None
    if price is not None and input_tokens is not None and output_tokens is not None:
        cost = price.micros(input_tokens=input_tokens, output_tokens=output_tokens)
    _book(
        charge,
        Charge.Status.SETTLED,
        counted=(charge.reserved_micros or 0) if cost is None else cost,
        cost_micros=cost,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
    return None if cost is None else usd(cost)


def settle_unknown(charge: Charge) -> None:
    """Book a call that may have been paid although no answer can be counted: at its most, its cost not known."""
    _book(charge, Charge.Status.SETTLED, counted=charge.reserved_micros or 0)


def release(charge: Charge) -> None:
    """Give back what was set aside for a call that cost nothing."""
    _book(charge, Charge.Status.RELEASED, counted=0, cost_micros=0)


def _book(charge: Charge, target: str, *, counted: int, **fields: Any) -> None:
    with transaction.atomic():
        if not charge.try_move(target, counted_micros=counted, **fields):
            return
        for pk in sorted(charge.periods):
            BudgetPeriod.objects.filter(pk=pk).update(
                reserved_micros=F("reserved_micros") - (charge.reserved_micros or 0),
                spent_micros=F("spent_micros") + counted,
            )


def settle_expired(*, now: datetime) -> int:
    """Book the calls of workers that died: they may have been paid, so they count at their most. Returns how many."""
    rows = list(Charge.objects.filter(status=Charge.Status.RESERVED, expires_at__lt=now).order_by("pk")[:EXPIRED_BATCH])
    for charge in rows:
        settle_unknown(charge)
    return len(rows)
