"""Everybody and everything the access tests need, made by the real write functions.

alice is bob's student; amy is her peer; carol teaches with bob, tom assists; dana and charlie are from another
course; erin was taken off the course; fay's account is closed; admin runs the site. Words that nobody may see who is
refused carry :data:`CANARY`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress

from accounts import invitations
from accounts.models import Invitation, User
from accounts.people import deactivate
from aiconfig.catalogue import create_model, create_provider
from aiconfig.plans import ModelChoice
from courses.models import Assignment, Course
from courses.roster import enrol, remove_student
from courses.tests.cast import Cast, person
from courses.tests.cast import cast as make_cast
from feedback.combining import try_aggregate
from feedback.models import Feedback, FeedbackItem, FeedbackRequest, ModelRun, Trial
from feedback.planning import Setting
from feedback.release import release
from feedback.requests import new_run, request_feedback
from feedback.review import NoteWords, add_note, approve_draft
from feedback.trials.making import TrialText, make_trial
from feedback.trials.reading import read_trial
from feedforward.models import OutgoingMail
from submissions.intake import submit_draft
from submissions.models import Draft
from submissions.reading import read_draft

CANARY = "quokka"
ESSAY = f"""The {CANARY} lives on a small island. It is not afraid of people, and people are not afraid of it.

Many visitors come to take pictures with the {CANARY}. However, feeding it is forbidden, because bread is not good for it.

In conclusion, a {CANARY} should be looked at and not fed."""

# Names of the actors, as the table writes them.
ANONYMOUS, CLOSED = "anonymous", "closed"


@dataclass
class Scene:
    """The cast of a course with drafts, feedback, mail and invitations in it."""

    people: Cast
    erin: User
    fay: User
    released: Draft  # alice's, with released feedback
    waiting: Draft  # amy's, in review
    parted: Draft  # erin's, from before that
    feedback: Feedback
    waiting_feedback: Feedback
    item: FeedbackItem
    waiting_item: FeedbackItem
    run: ModelRun
    mail: OutgoingMail
    site_invitation: Invitation
    course_invitation: Invitation
    provider: Any
    model: Any
    trial: Trial  # bob's, on a text with the canary
    other_trial: Trial  # of the same text
    join_token: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def course(self) -> Course:
        return self.people.course

    @property
    def assignment(self) -> Assignment:
        return self.people.assignment

    def actor(self, name: str) -> User | None:
        """The person behind an actor's name; None for somebody who is not signed in."""
        people = self.people
        return {
            ANONYMOUS: None,
            "owner": people.alice,
            "peer": people.amy,
            "elsewhere": people.dana,
            "dropped": self.erin,
            "assistant": people.tom,
            "instructor": people.bob,
            "co_instructor": people.carol,
            "other_instructor": people.charlie,
            "admin": people.admin,
            CLOSED: self.fay,
        }[name]


ACTORS = (
    ANONYMOUS,
    "owner",
    "peer",
    "elsewhere",
    "dropped",
    "assistant",
    "instructor",
    "co_instructor",
    "other_instructor",
    "admin",
    CLOSED,
)


def hand_in(assignment: Assignment, student: User) -> Draft:
    """Hand in a pasted draft and do the workers' part; without models it waits for a person."""
    draft = submit_draft(assignment=assignment, student=student, actor=student, text=ESSAY).draft
    read_draft(draft.pk)
    request = request_feedback(draft.pk)
    assert request is not None
    for _ in range(3):
        if try_aggregate(request.pk):
            break
    draft.refresh_from_db()
    return draft


def _note(feedback: Feedback, actor: User) -> FeedbackItem:
    words = NoteWords(comment=f"Say where the {CANARY} lives before saying what it eats, so that readers can follow.")
    return add_note(feedback=feedback, words=words, actor=actor)


def _trials(assignment: Assignment, model_id: int, actor: User) -> tuple[Trial, Trial]:
    """Two trials of one text with the canary in it."""
    setting = Setting((ModelChoice(ai_model_id=model_id),), "clamped_mean", False, False, "")
    first = make_trial(assignment=assignment, text=TrialText(pasted=ESSAY), setting=setting, dry=False, actor=actor)
    read_trial(first.pk)
    first.refresh_from_db()
    again = TrialText(again=first)
    second = make_trial(assignment=assignment, text=again, setting=setting, dry=False, actor=actor)
    return first, second


def scene() -> Scene:
    """Set everything up; about a second."""
    people = make_cast()
    course, assignment, bob = people.course, people.assignment, people.bob
    Course.objects.filter(pk=course.pk).update(description=f"About the {CANARY}.", join_code="ABCD2345")
    Assignment.objects.filter(pk=assignment.pk).update(instructions=f"Write about the {CANARY}.")
    erin, fay = person("erin", is_student=True), person("fay", is_student=True)
    for student in (erin, fay):
        enrol(course=course, student=student, actor=bob)
    for user in User.objects.all():
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    released, waiting, parted = (hand_in(assignment, who) for who in (people.alice, people.amy, erin))
    feedbacks = {row.draft_id: row for row in Feedback.objects.all()}
    feedback = feedbacks[released.pk]
    item = _note(feedback, bob)
    approve_draft(feedback=feedback, actor=bob)
    release(feedback=feedback, actor=bob)
    waiting_item = _note(feedbacks[waiting.pk], bob)
    _note(feedbacks[parted.pk], bob)
    approve_draft(feedback=feedbacks[parted.pk], actor=bob)
    release(feedback=feedbacks[parted.pk], actor=bob)
    remove_student(course=course, student=erin, actor=bob)
    deactivate(person=fay, actor=people.admin)
    provider = create_provider(
        name="Loopback",
        kind="openai_compatible",
        base_url="http://127.0.0.1:9/v1",
        key=f"sk-{CANARY}-0123456789abcdef",
        actor=people.admin,
    )
    provider.activate()
    model = create_model(provider=provider, name="one", display_name="One", actor=people.admin)
    model.activate()
    request = FeedbackRequest.objects.get(draft=waiting)
    run = new_run(request, {"ai_model": model.pk, "name": "one", "display_name": "One"}, slot=0, repeat=0)
    run.save()
    trial, other_trial = _trials(assignment, model.pk, bob)
    site_invitation = invitations.invite(email="ivy@example.edu", role="instructor", actor=people.admin)
    course_invitation = invitations.invite(email="ned@example.edu", role="student", course=course, actor=bob)
    mail = OutgoingMail.objects.filter(kind="invitation", to="ned@example.edu").get()
    for row in (course, assignment, feedback, feedbacks[waiting.pk], released, waiting, parted):
        row.refresh_from_db()
    return Scene(
        people=people,
        erin=erin,
        fay=fay,
        released=released,
        waiting=waiting,
        parted=parted,
        feedback=feedback,
        waiting_feedback=feedbacks[waiting.pk],
        item=item,
        waiting_item=waiting_item,
        run=run,
        mail=mail,
        site_invitation=site_invitation,
        course_invitation=course_invitation,
        provider=provider,
        model=model,
        trial=trial,
        other_trial=other_trial,
        join_token=mail.text.split("/join/", 1)[1].split("/", 1)[0],
        more={"request": request},
    )
