"""Where a draft is, in the student's words: the same steps whatever goes wrong, and the next step with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from feedback.models import Feedback, FeedbackRequest, ModelRun
from submissions.failures import failure_sentence
from submissions.models import Draft


@dataclass(frozen=True)
class Progress:
    """``steps`` for the component; ``moving``: worth asking again; ``headline`` is what a screen reader hears."""

    steps: list[dict[str, Any]]
    headline: str
    moving: bool
    done_runs: int = 0
    all_runs: int = 0
    problem: str = ""
    readable: bool = False


def progress_of(draft: Draft) -> Progress:
    """Return the progress of ``draft`` (its request and feedback are read here: three small queries)."""
    labels = [_("Received"), _("Reading the file")]
    # Switched off since: a draft that waits for it still does.
    if draft.assignment.confirm_text or draft.status == Draft.Status.CHECKING:
        labels.append(_("Check the text"))
    labels += [_("Being prepared"), _("With your instructor"), _("Ready")]
    if draft.assignment.practice:
        labels.remove(_("With your instructor"))
    request = FeedbackRequest.objects.filter(draft=draft).only("pk", "status", "round").first()
    feedback = Feedback.objects.filter(draft=draft).only("pk", "status").first()

    # What there is to say about the present step is the headline: once is enough.
    def at(label: str, *, problem: bool = False) -> list[dict[str, Any]]:
        index = labels.index(label)
        states = ["done"] * index + ["problem" if problem else "current"] + ["todo"] * (len(labels) - index - 1)
        return [{"label": words, "state": state} for words, state in zip(labels, states, strict=True)]

    if draft.status == Draft.Status.WITHDRAWN:
        words = _("You took this draft back.")
        return Progress(at(_("Received"), problem=True), words, moving=False)
    if draft.status == Draft.Status.FAILED:
        words = failure_sentence(draft)
        return Progress(at(_("Reading the file"), problem=True), words, moving=False, problem=words)
    if draft.status == Draft.Status.RECEIVED:
        return Progress(at(_("Received")), _("Your draft was received."), moving=True)
    if draft.status == Draft.Status.READING:
        return Progress(at(_("Reading the file")), _("The file is being read."), moving=True)
    if draft.status == Draft.Status.CHECKING:
        words = _("Please look at what was read from your file and confirm it.")
        return Progress(at(_("Check the text")), words, moving=False)
    if feedback is not None and feedback.status == Feedback.Status.RELEASED:
        steps = at(_("Ready"))
        steps[-1]["state"] = "done"
        return Progress(steps, _("Your feedback is ready."), moving=False, readable=True)
    if request is None:
        return Progress(at(_("Being prepared")), _("The reviewers are about to read your draft."), moving=True)
    if request.status in (FeedbackRequest.Status.OPEN, FeedbackRequest.Status.AGGREGATING) and feedback is None:
        statuses = list(ModelRun.objects.filter(request=request, round=request.round).values_list("status", flat=True))
        done = sum(status not in ModelRun.OPEN for status in statuses)
        detail = ngettext("%(done)s of %(all)s reading done", "%(done)s of %(all)s readings done", len(statuses)) % {
            "done": done,
            "all": len(statuses),
        }
        return Progress(at(_("Being prepared")), detail, moving=True, done_runs=done, all_runs=len(statuses))
    if draft.assignment.practice:
        return Progress(at(_("Being prepared")), _("Your draft needs a person’s look."), moving=True)
    words = _("Your draft is with your instructor, who decides what you will read.")
    return Progress(at(_("With your instructor")), words, moving=True)
