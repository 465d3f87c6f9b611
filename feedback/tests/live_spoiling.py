"""More acts for live_stage: work full of rare words that fails in every way, and a search for the words.

``spoil URL MODEL…`` hands in a draft to models that fail, and a file that cannot be read; ``spoilt`` says how far they
are; ``search`` in which tables the words stand where they must not.
"""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from aiconfig.catalogue import create_model, create_provider
from aiconfig.plans import ModelChoice, set_assignment_models
from courses.assignments import create_assignment, publish
from courses.models import Assignment
from feedback.models import FeedbackRequest
from feedforward.tests import canary
from submissions.intake import submit_draft
from submissions.models import Draft

TITLE = "Spoilt"


def spoil(url: str, *names: str) -> None:
    """One provider for each model: the breaker of one must not spare the others' faults."""
    amy, bob, admin = (User.objects.get(email=f"{name}@example.edu") for name in ("amy", "bob", "admin"))
    User.objects.filter(pk=amy.pk).update(name=f"Zephyrine {canary.NAME}")
    amy.refresh_from_db()
    old = Assignment.objects.select_related("course", "rubric").get(max_drafts=20)
    assignment = create_assignment(course=old.course, title=TITLE, rubric=old.rubric, actor=bob)
    Assignment.objects.filter(pk=assignment.pk).update(
        instructions=f"About the {canary.PROMPT}.", adaptive_runs=False, max_drafts=5
    )
    choices = []
    for name in names:
        provider = create_provider(name=name, kind="openai_compatible", base_url=url, key=canary.KEY, actor=admin)
        provider.activate()
        model = create_model(provider=provider, name=name, display_name=name.title(), actor=admin)
        model.activate()
        choices.append(ModelChoice(ai_model_id=model.pk, runs=1))
    set_assignment_models(assignment=assignment, choices=choices, actor=bob)
    assignment.refresh_from_db()
    publish(assignment=assignment, actor=bob)
    assignment.refresh_from_db()
    submit_draft(assignment=assignment, student=amy, actor=amy, text=canary.ESSAY)
    broken = SimpleUploadedFile(f"{canary.NAME}.pdf", f"%PDF-1.7\n<< /{canary.DRAFT} >> {canary.DRAFT}".encode())
    submit_draft(assignment=assignment, student=amy, actor=amy, uploads=[broken])


def spoilt() -> list[Any]:
    """The states of the drafts and of the requests."""
    drafts = Draft.objects.filter(assignment__title=TITLE).order_by("number")
    requests = FeedbackRequest.objects.filter(draft__in=drafts)
    return [*drafts.values_list("status", flat=True), *requests.values_list("status", flat=True)]


def search() -> list[str]:
    """Tables that tell a word."""
    return canary.places_told(("audit", "mails", "sessions"))


ACTIONS = {"spoil": spoil, "spoilt": spoilt, "search": search}
