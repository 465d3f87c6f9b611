"""What calls cost and what may be spent. Amounts are whole millionths of a US dollar: sums are exact on every database."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aiconfig.models.providers import AIModel
from feedforward.transitions import StatefulModel

MICROS_PER_USD = 1_000_000


class ModelPrice(models.Model):
    """What a model costs from a day on, in US dollars per million tokens. PII: none. Kept: for good.

    Both prices empty: not known from that day on. Unknown is never 0; a model that is free has prices of 0.
    """

    ai_model = models.ForeignKey(AIModel, on_delete=models.CASCADE, related_name="prices")
    valid_from = models.DateField(_("valid from"))
    input_usd_per_million = models.DecimalField(
        _("input, USD per million tokens"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    output_usd_per_million = models.DecimalField(
        _("output, USD per million tokens"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["ai_model", "valid_from"], name="price_once_per_day"),
            models.CheckConstraint(
                condition=models.Q(input_usd_per_million__isnull=True, output_usd_per_million__isnull=True)
                | models.Q(input_usd_per_million__gte=0, output_usd_per_million__gte=0),
                name="price_both_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.input_usd_per_million} / {self.output_usd_per_million}"


class Budget(models.Model):
    """The most that may be spent, in each month or in all, by the site, a course or an assignment.

    PII: none. Kept: for good; one that was removed is no longer active.
    """

    class Scope(TextChoices):
        SITE = "site", _("Site")
        COURSE = "course", _("Course")
        ASSIGNMENT = "assignment", _("Assignment")

    class Period(TextChoices):
        MONTH = "month", _("each month")
        TOTAL = "total", _("in all")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    course = models.ForeignKey(
        "courses.Course", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    assignment = models.ForeignKey(
        "courses.Assignment", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    period = models.CharField(_("period"), max_length=10, choices=Period.choices, default=Period.MONTH)
    limit_micros = models.BigIntegerField(_("limit, millionths of a USD"))
    is_active = models.BooleanField(_("in force"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(scope="site", course__isnull=True, assignment__isnull=True)
                    | models.Q(scope="course", course__isnull=False, assignment__isnull=True)
                    | models.Q(scope="assignment", course__isnull=True, assignment__isnull=False)
                ),
                name="budget_scope_matches",
            ),
            models.CheckConstraint(condition=models.Q(limit_micros__gte=0), name="budget_limit_not_negative"),
            models.UniqueConstraint(
                fields=["scope", "period"],
                condition=models.Q(scope="site", is_active=True),
                name="budget_once_for_site",
            ),
            models.UniqueConstraint(
                fields=["course", "period"],
                condition=models.Q(scope="course", is_active=True),
                name="budget_once_for_course",
            ),
            models.UniqueConstraint(
                fields=["assignment", "period"],
                condition=models.Q(scope="assignment", is_active=True),
                name="budget_once_for_assignment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.limit_usd} USD {self.get_period_display()}"

    @property
    def limit_usd(self) -> Decimal:
        return Decimal(self.limit_micros) / MICROS_PER_USD


class BudgetPeriod(models.Model):
    """What one month (or all time) of a budget holds. PII: none. Kept: for good.

    ``limit_micros`` repeats the budget's: the condition of a reservation has to stand in the row it changes.
    ``reserved_micros`` is what calls under way may still cost, ``spent_micros`` what is gone.
    """

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="periods")
    # The first of the month; of a budget for all time a fixed day.
    starts_on = models.DateField(_("starts on"))
    limit_micros = models.BigIntegerField()
    reserved_micros = models.BigIntegerField(default=0)
    spent_micros = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("budget period")
        verbose_name_plural = _("budget periods")
        constraints = [models.UniqueConstraint(fields=["budget", "starts_on"], name="budget_period_once")]

    def __str__(self) -> str:
        return f"{self.starts_on}: {self.spent_micros} + {self.reserved_micros} of {self.limit_micros}"


class Charge(StatefulModel):
    """One call that may cost money. PII: none. Kept: for good.

    RESERVED before the call, SETTLED when it may have cost something, RELEASED when it cannot have. ``cost_micros``
    NULL: not known. ``counted_micros`` is what the budgets count: the cost, or the reservation where it is not known.
    """

    class Status(models.TextChoices):
        RESERVED = "reserved", _("Under way")
        SETTLED = "settled", _("Done")
        RELEASED = "released", _("Nothing to pay")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.SETTLED: {Status.RESERVED},
        Status.RELEASED: {Status.RESERVED},
    }

    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="charges")
    course = models.ForeignKey("courses.Course", null=True, on_delete=models.PROTECT, related_name="charges")
    assignment = models.ForeignKey("courses.Assignment", null=True, on_delete=models.PROTECT, related_name="charges")
    # What the call was for: reading, repair...
    purpose = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RESERVED, editable=False)
    # NULL: the model's price is not known.
    reserved_micros = models.BigIntegerField(null=True)
    cost_micros = models.BigIntegerField(null=True)
    counted_micros = models.BigIntegerField(default=0)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    # Ids of the periods of budgets that hold the reservation.
    periods = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # A call that has not been settled by then died with its worker; it may have been paid.
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        indexes = [
            models.Index(fields=["assignment", "created_at"], name="charge_by_assignment"),
            models.Index(fields=["course", "created_at"], name="charge_by_course"),
            models.Index(fields=["created_at"], name="charge_by_day"),
            models.Index(fields=["expires_at"], condition=models.Q(status="reserved"), name="charge_under_way"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["reserved", "settled", "released"]), name="charge_status_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.get_status_display()}"
