"""What a run's calls cost: money is set aside before a call and booked, with its answer, the moment it ends."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import DecimalField, F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from aiconfig import charges
from aiconfig.llm import ModelAnswer, ModelCall, ModelCallError
from aiconfig.models import Charge
from feedback import answers
from feedback.models import FeedbackRequest, ModelRun

# Calls that ended so may have been paid although nothing can be counted: the server was at work on them.
MAY_BE_PAID = frozenset({"timeout", "too_large", "not_understood", "empty"})


def set_aside(request: FeedbackRequest, run: ModelRun, call: ModelCall, *, purpose: str) -> Charge:
    """Set aside what the call may cost at most. Raises :class:`aiconfig.charges.BudgetRefusal`."""
    assignment = request.assignment
    return charges.reserve(
        model=run.ai_model,
        course_id=assignment.course_id,
        assignment_id=assignment.pk,
        purpose=purpose,
        input_tokens=charges.most_input_tokens(call.messages),
        max_output_tokens=call.max_output_tokens,
        timeout_s=call.timeout_s,
        now=timezone.now(),
    )


def book_answer(
    request: FeedbackRequest, run: ModelRun, charge: Charge, answer: ModelAnswer, *, digest: str, nonce: str, seed: int
) -> None:
    """Book an answered call and keep the answer, together: what was paid for is there after any crash."""
    with transaction.atomic():
        cost = charges.settle(charge, input_tokens=answer.input_tokens, output_tokens=answer.output_tokens)
        answers.keep(request, digest, nonce=nonce, seed=seed, answer=answer)
        _count(run, cost, is_unknown=cost is None)


def book_failure(run: ModelRun, charge: Charge, error: ModelCallError) -> None:
    """Book a call without an answer: at its most where it may have been paid, at nothing where it was refused."""
    may_be_paid = error.code in MAY_BE_PAID
    with transaction.atomic():
        if may_be_paid:
            charges.settle_unknown(charge)
        else:
            charges.release(charge)
        _count(run, None, is_unknown=may_be_paid and charge.reserved_micros != 0)


def _count(run: ModelRun, cost: Decimal | None, *, is_unknown: bool) -> None:
    """Add one call to the run, whoever holds it by now: the money is spent."""
    changes: dict[str, object] = {"calls": F("calls") + 1}
    if is_unknown:
        changes["unpriced_calls"] = F("unpriced_calls") + 1
    if cost is not None:
        zero = Value(Decimal(0), output_field=DecimalField(max_digits=12, decimal_places=6))
        changes["cost_usd"] = Coalesce(F("cost_usd"), zero) + cost
    ModelRun.objects.filter(pk=run.pk).update(**changes)
