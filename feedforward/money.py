"""Amounts of money as people read them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

from django.utils.translation import gettext as _

CENT = Decimal("0.01")
LEAST_SHOWN = Decimal("0.0001")


def money(usd: Decimal | float | int | None, *, unknown: str = "") -> str:
    """Return US dollars with as many places as say something: $1,234 · $12.30 · $0.05 · $0.0042.

    None is not known, and said so (``unknown`` in other words); it is never $0.00.
    """
    if usd is None:
        return unknown or _("not known")
    amount = usd if isinstance(usd, Decimal) else Decimal(str(usd))
    if amount < 0:
        return "−" + money(-amount)
    if amount >= 1000:
        return f"${amount.quantize(Decimal(1), ROUND_HALF_UP):,}"
    if 0 < amount < LEAST_SHOWN:
        return _("under $%(least)s") % {"least": LEAST_SHOWN}
    short = Context(prec=2, rounding=ROUND_HALF_UP).create_decimal(amount)
    if amount == 0 or short >= CENT:
        return f"${amount.quantize(CENT, ROUND_HALF_UP):,}"
    return f"${short:f}"
