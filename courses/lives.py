"""What each step in the life of a course, an assignment or a template means, in words for the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feedforward.lifecycle import LifecycleStatus

TONES = {
    LifecycleStatus.DRAFT: "outline",
    LifecycleStatus.ACTIVE: "ok",
    LifecycleStatus.INACTIVE: "warn",
    LifecycleStatus.ARCHIVED: "neutral",
    LifecycleStatus.DELETED: "danger",
}


def state_tone(status: str) -> str:
    """Return the badge tone of a lifecycle state."""
    return TONES.get(LifecycleStatus(status), "neutral")


@dataclass(frozen=True)
class Step:
    """A step somebody may take: ``action`` as the write function knows it, and its words."""

    action: str
    label: str | Promise
    meaning: str | Promise
    variant: str = "secondary"
    icon: str = ""
    needs_confirmation: bool = False


COURSE = (
    Step(
        "activate",
        _("Activate"),
        _("Students see the course and can hand in to its open assignments."),
        "primary",
        "play",
    ),
    Step(
        "deactivate",
        _("Pause"),
        _("Students keep reading what is there. Nobody hands in, joins or is invited until it is active again."),
        icon="pause",
    ),
    Step(
        "restore",
        _("Bring back"),
        _(
            "The course becomes inactive and can be changed again. Its assignments stay archived until you bring each back."
        ),
        "primary",
        "undo-2",
    ),
    Step(
        "archive",
        _("Archive"),
        _("The course and its assignments become read-only for everybody. Students keep reading their feedback."),
        icon="package",
        needs_confirmation=True,
    ),
    Step(
        "delete",
        _("Delete"),
        _(
            "The course and its assignments vanish from everybody's pages. Students keep the feedback they were given; "
            "what they handed in is removed when its time comes. No page brings a deleted course back."
        ),
        "danger",
        "trash-2",
        needs_confirmation=True,
    ),
)

ASSIGNMENT = (
    Step(
        "activate",
        _("Open to students"),
        _("Students of the course see it and can hand in between its dates."),
        "primary",
        "play",
    ),
    Step("deactivate", _("Pause"), _("Students keep reading it, but nobody hands in."), icon="pause"),
    Step(
        "restore",
        _("Bring back"),
        _("It can be changed again; students hand in once you open it."),
        "primary",
        "undo-2",
    ),
    Step(
        "archive",
        _("Archive"),
        _("It becomes read-only for everybody. Students keep reading their feedback."),
        icon="package",
        needs_confirmation=True,
    ),
    Step(
        "delete",
        _("Delete"),
        _("It vanishes from everybody's pages. Students keep the feedback they were given. No page brings it back."),
        "danger",
        "trash-2",
        needs_confirmation=True,
    ),
)


def life_of_course(actions: Iterable[str]) -> list[Step]:
    """Return the steps named by ``actions`` with what they mean for a course."""
    wanted = set(actions)
    return [step for step in COURSE if step.action in wanted]


def life_of_assignment(actions: Iterable[str]) -> list[Step]:
    """Return the steps named by ``actions`` with what they mean for an assignment."""
    wanted = set(actions)
    return [step for step in ASSIGNMENT if step.action in wanted]
