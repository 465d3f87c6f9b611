"""Which model, with which key, may be called how, and at what cost."""

from aiconfig.models.money import Budget, BudgetPeriod, Charge, ModelPrice
from aiconfig.models.providers import AIModel, AIModelQuerySet, AssignmentModel, KeyCanary, Provider

__all__ = [
    "AIModel",
    "AIModelQuerySet",
    "AssignmentModel",
    "Budget",
    "BudgetPeriod",
    "Charge",
    "KeyCanary",
    "ModelPrice",
    "Provider",
]
