"""A course with models behind a stub provider, and the pipeline run as the workers would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.models import User
from aiconfig.catalogue import create_model, create_provider
from aiconfig.plans import ModelChoice, set_assignment_models
from courses.models import Assignment
from courses.roster import enrol
from courses.tests.cast import Cast, cast, person
from feedback import runs
from feedback.combining import try_aggregate
from feedback.models import FeedbackRequest
from feedback.requests import request_feedback
from feedback.tests.stub_reviewers import StubProvider
from submissions.intake import submit_draft
from submissions.models import Draft
from submissions.reading import read_draft

ESSAY = """Public transport should be free in every city that can pay for it.

Free buses would bring more people into the centre, and shops there would sell more. Everybody knows that cars are the main cause of noise in our streets. In 2020 the city of Luxembourg made all buses and trams free for everyone.

However, a free bus is of no use if it never comes. Drivers must be paid and vehicles must be repaired, so the money for the buses has to come from somewhere. A city could raise the price of parking to cover these costs.

In conclusion, free transport is worth trying where parking can pay for it."""

REVISED = ESSAY.replace(
    "Everybody knows that cars are the main cause of noise in our streets.",
    "Measurements by the city council in 2021 found that cars cause most of the noise in our streets (Reed, 2021).",
)


@pytest.fixture(scope="session")
def provider() -> Iterator[StubProvider]:
    server = StubProvider()
    yield server
    server.close()


@dataclass
class Stage:
    """The cast with an assignment whose models are given by name, and helpers that do the workers' part."""

    people: Cast
    assignment: Assignment
    provider: StubProvider
    models: dict[str, int] = field(default_factory=dict)

    def submit(self, text: str = ESSAY, *, student: User | None = None) -> Draft:
        author = student or self.people.alice
        receipt = submit_draft(assignment=self.assignment, student=author, actor=author, text=text)
        return receipt.draft

    def read(self, draft: Draft) -> FeedbackRequest:
        """Read the file and make the request, as the extract worker does."""
        read_draft(draft.pk)
        request_feedback(draft.pk)
        return FeedbackRequest.objects.get(draft=draft)

    def execute(self, request: FeedbackRequest, *, rounds: int = 3) -> FeedbackRequest:
        """Run what is due, several times, as repeated messages would."""
        for _ in range(rounds):
            if not try_aggregate(request.pk):
                runs.execute(request.pk)
            request.refresh_from_db()
            if request.status not in ("open", "aggregating"):
                break
        return request

    def read_by(self, *names: str, text: str) -> FeedbackRequest:
        """Carry a text of an author of its own to the desk, read by those of the stage's models that are named."""
        choices = [ModelChoice(ai_model_id=self.models[name]) for name in names]
        set_assignment_models(assignment=self.assignment, choices=choices, actor=self.people.bob)
        author = person(f"s{User.objects.count()}", is_student=True)
        enrol(course=self.people.course, student=author, actor=self.people.bob)
        return self.execute(self.read(self.submit(text, student=author)), rounds=6)

    def through(self, text: str = ESSAY, *, student: User | None = None) -> FeedbackRequest:
        draft = self.submit(text, student=student)
        return self.execute(self.read(draft))


def set_stage(
    provider: StubProvider,
    *names: str,
    fallback: tuple[str, ...] = (),
    runs_each: int = 1,
    adaptive: bool = False,
) -> Stage:
    """Make the cast and an assignment read by stub models of the given names; ``fallback`` ones stand in."""
    people = cast()
    admin = people.admin
    server = create_provider(
        name="Stub",
        kind="openai_compatible",
        base_url=provider.base_url,
        key="sk-stub-0123456789abcdef",
        actor=admin,
    )
    server.activate()
    models: dict[str, int] = {}
    choices = []
    for name in [*names, *fallback]:
        model = create_model(provider=server, name=name, display_name=name.title(), actor=admin)
        model.activate()
        models[name] = model.pk
        choices.append(ModelChoice(ai_model_id=model.pk, runs=runs_each, is_fallback=name in fallback))
    assignment = people.assignment
    set_assignment_models(assignment=assignment, choices=choices, actor=people.bob)
    Assignment.objects.filter(pk=assignment.pk).update(adaptive_runs=adaptive)
    assignment.refresh_from_db()
    return Stage(people, assignment, provider, models)


@pytest.fixture
def stage(provider: StubProvider, transactional_db: None) -> Callable[..., Stage]:
    """Return a function that sets the stage with models of the given names; ``fallback`` ones stand in."""

    def make(*names: str, **setting: Any) -> Stage:
        return set_stage(provider, *names, **setting)

    return make
