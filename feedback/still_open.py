"""What nobody has decided or looked at yet on a draft that is about to be approved or released.

The desk says it above its buttons and asks once before the step is taken; nothing is forbidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Assignment
from feedback.models import CriterionResult


def still_open(
    *, assignment: Assignment, criteria: Iterable[CriterionResult], flags: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Return one sentence per kind of open thing, none where all is decided.

    ``flags`` are those of the desk's page: ``severity``, ``criterion_key`` and ``decided``. A flag on a criterion
    without a level is part of that open level and is not told twice.
    """
    undecided = {row.criterion_key: row.snapshot.get("title", "") for row in criteria if row.shown_level is None}
    unseen = sum(
        not flag["decided"] and flag["severity"] != "info" and flag["criterion_key"] not in undecided for flag in flags
    )
    told = []
    if undecided:
        names = ", ".join(undecided.values())
        if assignment.levels_shown == Assignment.LevelsShown.NEVER:
            words = ngettext(
                "%(n)d level is undecided: %(names)s.", "%(n)d levels are undecided: %(names)s.", len(undecided)
            )
        else:
            words = ngettext(
                "%(n)d level is undecided and will be shown as such: %(names)s.",
                "%(n)d levels are undecided and will be shown as such: %(names)s.",
                len(undecided),
            )
        told.append(words % {"n": len(undecided), "names": names})
    if unseen:
        words = ngettext("%(n)d flag asks for a look.", "%(n)d flags ask for a look.", unseen)
        told.append(words % {"n": unseen})
    return tuple(told)


def asked_first(*, action: str, sure: bool, told: Sequence[str], approved: bool) -> bool:
    """Whether the desk asks before ``action``: something is open and nobody has said yes to that.

    What was approved was asked about then; releasing it does not ask again.
    """
    return bool(told) and not sure and not approved and action.partition("_")[0] in {"approve", "release"}


def refusal(told: Sequence[str]) -> str:
    """Return the open things as one answer to a page that asks without a form."""
    return _("Please look first: %(what)s") % {"what": " ".join(told)}
