"""What a call cost, by our own dated price table; unknown stays unknown."""

from __future__ import annotations

from decimal import Decimal

from aiconfig.models import AIModel

MILLION = Decimal(1_000_000)


def cost_usd(model: AIModel, *, input_tokens: int | None, output_tokens: int | None) -> Decimal | None:
    """Return the cost in US dollars, None where a price or a count is unknown."""
    if model.input_usd_per_million is None or model.output_usd_per_million is None:
        return None
    if input_tokens is None or output_tokens is None:
        return None
    return (model.input_usd_per_million * input_tokens + model.output_usd_per_million * output_tokens) / MILLION
