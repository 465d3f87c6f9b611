"""What prompts are built from, read once per execution and shared by its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from courses.models import CourseStaff, Enrolment
from feedback.contract import Goal, PromptInput, RubricSnapshot, Sentence
from feedback.models import FeedbackItem, FeedbackRequest, Trial
from feedback.reading.sentences import split_sentences
from submissions.models import Draft


@dataclass(frozen=True)
class Material:
    """One text with its frozen plan: a draft's, or a trial's. ``text`` is the visible text as extracted."""

    request_id: int
    course_id: int
    text: str
    sentences: tuple[Sentence, ...]
    rubric: RubricSnapshot
    plan: Mapping[str, Any]
    roster: tuple[str, ...]
    goals: tuple[Goal, ...]
    language: str  # as guessed from the text; "" when it could not be
    hidden_count: int  # passages of the file that a person would not see; no prompt holds them
    draft: Draft | None  # None: the text of a trial

    def prompt_input(
        self, *, nonce: str, seed: int, only_criteria: tuple[str, ...] = (), left_out: tuple[str, ...] = ()
    ) -> PromptInput:
        """Return what one run's prompt is built from."""
        assignment = self.plan["assignment"]
        return PromptInput(
            assignment_title=assignment["title"],
            assignment_instructions=assignment["instructions"],
            rubric=self.rubric,
            text=self.text,
            nonce=nonce,
            seed=seed,
            feedback_language=assignment["language"],
            custom_instructions=assignment["custom_instructions"],
            roster=self.roster,
            # Old sentences of a goal may hold what was left out; levels do not depend on goals.
            goals=() if left_out else self.goals,
            only_criteria=only_criteria,
            left_out=left_out,
        )


def load_material(request: FeedbackRequest) -> Material | None:
    """Read the text and its surroundings; None when the text is gone."""
    draft = request.draft
    if draft is None:
        return None if request.trial is None else material_of_trial(request.trial, request_id=request.pk)
    content = getattr(draft, "content", None)
    if content is None or draft.content_removed_at is not None:
        return None
    return Material(
        request_id=request.pk,
        course_id=draft.assignment.course_id,
        text=content.text,
        sentences=split_sentences(content.text),
        rubric=RubricSnapshot.from_json(request.plan["rubric"]),
        plan=request.plan,
        roster=roster_of(draft.assignment.course_id, author=draft.student),
        goals=goals_of(draft),
        language=draft.language,
        hidden_count=draft.hidden_count,
        draft=draft,
    )


def material_of_trial(trial: Trial, *, request_id: int = 0) -> Material | None:
    """Return a trial's text with its plan, as a draft's would be; ``request_id`` 0: no model is asked (dry run)."""
    if trial.content_removed_at is not None:
        return None
    course_id = trial.assignment.course_id
    return Material(
        request_id=request_id,
        course_id=course_id,
        text=trial.text,
        sentences=split_sentences(trial.text),
        rubric=RubricSnapshot.from_json(trial.plan["rubric"]),
        plan=trial.plan,
        roster=roster_of(course_id),
        goals=(),
        language=trial.language,
        hidden_count=trial.hidden_count,
        draft=None,
    )


def roster_of(course_id: int, *, author: User | None = None) -> tuple[str, ...]:
    """Return every name, number and address of the course's people, the author first: none may leave."""
    found = [author.name, author.student_number, author.email] if author is not None else []
    people = Enrolment.objects.filter(course_id=course_id).values_list(
        "student__name", "student__student_number", "student__email"
    )
    staff = CourseStaff.objects.filter(course_id=course_id).values_list("user__name", "user__email")
    for row in [*people, *staff]:
        found.extend(row)
    return tuple(dict.fromkeys(value for value in found if value))


def goals_of(draft: Draft) -> tuple[Goal, ...]:
    """Return the priorities released with the student's last draft before this one."""
    earlier = (
        FeedbackItem.objects.filter(
            feedback__draft__assignment_id=draft.assignment_id,
            feedback__draft__student_id=draft.student_id,
            feedback__draft__number__lt=draft.number,
            feedback__status="released",
            status=FeedbackItem.Status.SHOWN,
            group=FeedbackItem.Group.PRIORITY,
        )
        .order_by("-feedback__draft__number", "position")
        .values_list("feedback_id", "pk", "criterion_key", "next_step", "comment", "quotes")[:10]
    )
    goals: list[Goal] = []
    latest: int | None = None
    for feedback_id, pk, criterion_key, next_step, comment, quotes in earlier:
        if latest is None:
            latest = feedback_id
        if feedback_id != latest or len(goals) == 3:
            break
        old = tuple(quote["shown"] for quote in quotes if quote.get("shown"))
        goals.append(Goal(f"g{pk}", criterion_key, next_step or comment, comment, old))
    return tuple(goals)
