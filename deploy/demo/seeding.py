"""Bring the scenario into a site, by the same write functions the pages use."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files import File
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, User
from accounts.people import add_person
from aiconfig import catalogue as models_catalogue
from aiconfig.models import AIModel, Provider
from aiconfig.plans import ModelChoice, set_assignment_models
from aiconfig.prices import Price
from courses.assignments import create_assignment, publish
from courses.catalogue import change_lifecycle, create_course
from courses.models import Assignment, Course, Enrolment, RubricTemplate
from courses.roster import enrol
from courses.rubric_templates import load_library
from courses.rubrics import from_template
from courses.staffing import add_staff
from deploy.demo import scenario
from deploy.demo.logins import PASSWORD
from deploy.demo.reviewers import DEFAULT_KEY
from feedback import release, replies, review
from feedback.models import Feedback, FeedbackItem
from feedback.planning import saved_setting
from feedback.trials.making import TrialText, make_trial
from feedback.trials.samples import SAMPLES
from feedforward.errors import DomainError
from submissions.intake import submit_draft
from submissions.models import Draft

FINISHED = "demo.finished"


def seed(*, now: datetime | None = None) -> None:
    """Make people, provider, course and assignments, and hand in every first draft. Again: only what is missing."""
    now = now or timezone.now()
    admin, teacher, tutor, *students = _people()
    models = _models(actor=admin)
    load_library()
    course = _course(teacher=teacher, tutor=tutor, students=students)
    for planned in scenario.ASSIGNMENTS:
        _assignment(planned, course=course, teacher=teacher, models=models, now=now)
    _trials(course=course, teacher=teacher)
    if not finished():
        advance(now=now)


def finished() -> bool:
    """Whether the stories were told to their end once: after that, the course belongs to who looks at it."""
    return AuditEvent.objects.filter(code=FINISHED).exists()


def demo_course() -> Course | None:
    return Course.objects.alive().filter(code=scenario.COURSE.code, title=scenario.COURSE.title).first()


def point_provider_to(url: str) -> None:
    """The reviewers may listen on another port than at the last start."""
    provider = Provider.objects.filter(is_demo=True, name=scenario.PROVIDER_NAME).first()
    admin = User.objects.filter(email=scenario.ADMINISTRATOR.email).first()
    if provider and admin and not provider.is_read_only and provider.base_url != url:
        models_catalogue.update_provider(provider=provider, actor=admin, base_url=url, key=_key())


def advance(*, now: datetime) -> int:
    """Do every step of every story that can be done now; return how many have to wait for a reading."""
    course = demo_course()
    if course is None:
        return 0
    return sum(_advance_story(story, course=course, now=now) for story in scenario.STORIES)


def finish_if_done(*, waiting: int) -> bool:
    """Note that the stories are told, so that no later start repeats what a visitor changed."""
    if waiting == 0 and not finished():
        audit.record(actor=None, code=FINISHED, obj=demo_course())
    return waiting == 0


# --- what there is ------------------------------------------------------------------------------------


def _people() -> list[User]:
    """Everybody of the scenario, the administrator first. One password for all: it is hashed once."""
    planned = (scenario.ADMINISTRATOR, scenario.TEACHER, scenario.TUTOR, *scenario.STUDENTS)
    known = {user.email: user for user in User.objects.filter(email__in=[person.email for person in planned])}
    hashed = make_password(PASSWORD) if len(known) < len(planned) else ""
    people: list[User] = []
    for person in planned:
        user = known.get(person.email)
        if user is None:
            actor = people[0] if people else None
            user = add_person(email=person.email, name=person.name, roles=person.roles, actor=actor)
            User.objects.filter(pk=user.pk).update(password=hashed)
        people.append(user)
    return people


def _key() -> str:
    return os.environ.get("DEMO_REVIEWER_KEY") or DEFAULT_KEY


def _models(*, actor: User) -> list[AIModel]:
    provider = Provider.objects.filter(is_demo=True, name=scenario.PROVIDER_NAME).first()
    if provider is None:
        provider = models_catalogue.create_provider(
            actor=actor,
            key=_key(),
            is_demo=True,
            name=scenario.PROVIDER_NAME,
            kind=Provider.Kind.OPENAI_COMPATIBLE,
            base_url=settings.DEMO_REVIEWER_URL,
            region_note=scenario.PROVIDER_NOTE,
        )
        models_catalogue.change_lifecycle(obj=provider, action="activate", actor=actor)
    made = []
    for name, display_name in scenario.MODELS:
        model = AIModel.objects.filter(provider=provider, name=name).first()
        if model is None:
            model = models_catalogue.create_model(
                provider=provider,
                actor=actor,
                name=name,
                display_name=display_name,
                max_output_tokens=8_000,
                output_mode=AIModel.OutputMode.SCHEMA,
                price=Price(Decimal(0), Decimal(0)),
            )
            models_catalogue.change_lifecycle(obj=model, action="activate", actor=actor)
        made.append(model)
    return made


def _course(*, teacher: User, tutor: User, students: list[User]) -> Course:
    course = demo_course()
    if course is None:
        planned = scenario.COURSE
        course = create_course(
            title=planned.title, code=planned.code, term=planned.term, description=planned.description, actor=teacher
        )
        change_lifecycle(obj=course, action="activate", actor=teacher)
        add_staff(course=course, user=tutor, role="assistant", actor=teacher)
    enrolled = set(Enrolment.objects.filter(course=course).values_list("student_id", flat=True))
    for student in students:
        if student.pk not in enrolled:
            enrol(course=course, student=student, actor=teacher)
    return course


def _assignment(
    planned: scenario.Assignment, *, course: Course, teacher: User, models: list[AIModel], now: datetime
) -> None:
    if Assignment.objects.filter(course=course, title=planned.title).exists():
        return
    template = RubricTemplate.objects.get(slug=planned.template, owner=None)
    assignment = create_assignment(
        course=course,
        actor=teacher,
        title=planned.title,
        instructions=planned.instructions,
        rubric=from_template(template=template, course=course, actor=teacher),
        opens_at=now + timedelta(days=planned.opens_in_days),
        due_at=now + timedelta(days=planned.due_in_days),
        closes_at=now + timedelta(days=planned.closes_in_days),
        max_drafts=planned.max_drafts,
        min_words=planned.min_words,
        max_words=planned.max_words,
        levels_shown=Assignment.LevelsShown.LAST,
    )
    choices = [ModelChoice(ai_model_id=model.pk, runs=planned.runs) for model in models]
    set_assignment_models(assignment=assignment, choices=choices, actor=teacher)
    publish(assignment=assignment, actor=teacher, now=now)


def _trials(*, course: Course, teacher: User) -> None:
    """Two settings tried on one sample text, to be put side by side."""
    assignment = Assignment.objects.alive().filter(course=course, title=scenario.ESSAY.title).first()
    if assignment is None or assignment.is_read_only or assignment.trials.exists():
        return
    saved = saved_setting(assignment)
    other = replace(saved, choices=saved.choices[:2], method=Assignment.Aggregation.MAJORITY, adaptive=False)
    text = TrialText(sample=SAMPLES[0])
    # Somebody may have switched the reviewers off meanwhile.
    with suppress(DomainError):
        for setting in (saved, other):
            make_trial(assignment=assignment, text=text, setting=setting, dry=False, actor=teacher)


# --- what happened ------------------------------------------------------------------------------------


def _advance_story(story: scenario.Story, *, course: Course, now: datetime) -> int:
    """Do the story's next steps; 1 when one of them has to wait for a reading, else 0."""
    title = next(a.title for a in scenario.ASSIGNMENTS if a.key == story.assignment)
    assignment = Assignment.objects.alive().filter(course=course, title=title).first()
    student = User.objects.filter(email=story.email).first()
    if assignment is None or student is None:
        return 0
    number = 0
    for step in story.steps:
        at = now - timedelta(days=step.days_ago)
        if isinstance(step, scenario.Submit):
            number += 1
            if not Draft.objects.filter(assignment=assignment, student=student, number=number).exists():
                _submit(step.document, assignment=assignment, student=student, at=at)
        else:
            feedback = Feedback.objects.filter(
                draft__assignment=assignment, draft__student=student, draft__number=step.number
            ).first()
            if feedback is None:
                return 1
            if feedback.status != Feedback.Status.RELEASED:
                _release(feedback, step, course=course, student=student, at=at)
    return 0


def _submit(document: str, *, assignment: Assignment, student: User, at: datetime) -> None:
    path = scenario.DOCUMENTS / document
    with path.open("rb") as stream:
        upload = File(stream, name=path.name)
        submit_draft(assignment=assignment, student=student, actor=student, uploads=[upload], now=at)


def _release(feedback: Feedback, step: scenario.Release, *, course: Course, student: User, at: datetime) -> None:
    teacher = course.instructor
    review.set_summary(feedback=feedback, summary=step.word, actor=teacher)
    for criterion_key, level in step.levels:
        review.set_level(feedback=feedback, criterion_key=criterion_key, level=level, actor=teacher)
    if feedback.status == Feedback.Status.IN_REVIEW:
        release.approve(feedback=feedback, actor=teacher, now=at)
    release.release(feedback=feedback, actor=teacher, now=at)
    if step.answers:
        replies.mark_read(feedback=feedback, actor=student)
    shown = feedback.items.filter(status=FeedbackItem.Status.SHOWN, group=FeedbackItem.Group.PRIORITY)
    priorities = list(shown.order_by("position"))
    for answer in step.answers:
        item = next((i for i in priorities if i.tag == answer.tag and not i.plan), None)
        if item is not None:
            replies.respond(item=item, actor=student, plan=answer.plan, plan_words=answer.words, rating=answer.rating)
