"""What reading a draft will cost, told before any model is asked: about, and at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Avg, Count

from aiconfig.budgets import usd
from aiconfig.models import AIModel, Charge
from aiconfig.plans import ModelChoice
from aiconfig.prices import Price, prices_on, site_day
from courses.models import Assignment, Criterion, Enrolment, Level, Rubric

# Counted on real prompts (a test compares): what is in each besides rubric, instructions and draft, and what a
# criterion and a level add by their lines alone.
FRAME_TOKENS = 1_600
CRITERION_TOKENS = 45
LEVEL_TOKENS = 6
CHARACTERS_PER_TOKEN = 4
# A word of text, and its share of the marker that stands before each sentence.
TOKENS_PER_WORD = 1.35
MARKER_TOKENS_PER_WORD = 0.9
# An answer: its frame and some six notes, and for each criterion evidence, reasoning and level.
ANSWER_TOKENS = 750
ANSWER_TOKENS_PER_CRITERION = 150
USUAL_WORDS = 1_000
# From so many calls on, what calls of this assignment really used is believed more than the above.
ENOUGH_CALLS = 3


@dataclass(frozen=True)
class Size:
    """How long prompt and answer of one reading will be, in tokens."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Estimate:
    """The cost of one draft in US dollars. None: a price is not known; ``unknown`` names those models.

    ``most_usd``: each planned run gives the longest answer allowed and is asked to repair it; stand-ins and extra runs
    come on top where they are needed. ``drafts`` is how many the assignment may bring at most, None without one.
    """

    runs: int
    words: int
    per_draft_usd: Decimal | None
    most_usd: Decimal | None
    unknown: tuple[str, ...] = ()
    measured: bool = False
    students: int = 0
    drafts: int = 0

    @property
    def for_all_usd(self) -> Decimal | None:
        """About what all drafts cost that the enrolled students may hand in."""
        return None if self.per_draft_usd is None else self.per_draft_usd * self.drafts


def size_of(*, rubric_characters: int, criteria: int, levels: int, other_characters: int, words: int) -> Size:
    """Return the size of one reading of a draft of ``words`` words. ``other_characters``: instructions of any kind."""
    fixed = FRAME_TOKENS + criteria * CRITERION_TOKENS + levels * LEVEL_TOKENS
    given = (rubric_characters + other_characters) // CHARACTERS_PER_TOKEN
    text = round(words * (TOKENS_PER_WORD + MARKER_TOKENS_PER_WORD))
    return Size(fixed + given + text, ANSWER_TOKENS + criteria * ANSWER_TOKENS_PER_CRITERION)


def size_for(*, rubric: Rubric | None, instructions: str, words: int) -> Size:
    """Return the size of one reading against ``rubric`` (two queries)."""
    criteria = Criterion.objects.filter(rubric=rubric).values_list("title", "description") if rubric else ()
    levels = Level.objects.filter(criterion__rubric=rubric).values_list("label", "descriptor") if rubric else ()
    texts = [*criteria, *levels]
    return size_of(
        rubric_characters=sum(len(name) + len(words) for name, words in texts),
        criteria=len(criteria),
        levels=len(levels),
        other_characters=len(instructions),
        words=words,
    )


def usual_words(min_words: int | None, max_words: int | None) -> int:
    """Return how long a draft is taken to be where only its range is known."""
    if min_words and max_words:
        return (min_words + max_words) // 2
    return max_words or min_words or USUAL_WORDS


def cost_of(
    choices: Sequence[ModelChoice],
    *,
    models: Mapping[int, AIModel],
    prices: Mapping[int, Price],
    size: Size,
    measured: Mapping[int, Size],
    words: int,
) -> Estimate:
    """Return what one draft costs under a plan. Pure arithmetic; stand-ins are not counted."""
    reading = [choice for choice in choices if not choice.is_fallback and choice.ai_model_id in models]
    unknown = tuple(models[choice.ai_model_id].display_name for choice in reading if choice.ai_model_id not in prices)
    about = most = 0
    for choice in reading:
        price, model = prices.get(choice.ai_model_id), models[choice.ai_model_id]
        if price is None:
            continue
        longest = choice.max_output_tokens or model.max_output_tokens
        used = measured.get(choice.ai_model_id, size)
        one = price.micros(input_tokens=used.input_tokens, output_tokens=min(used.output_tokens, longest))
        # The repair repeats the prompt and the first answer.
        worst = price.micros(input_tokens=2 * size.input_tokens + longest, output_tokens=2 * longest)
        about += choice.runs * one
        most += choice.runs * max(one, worst)
    return Estimate(
        runs=sum(choice.runs for choice in reading),
        words=words,
        per_draft_usd=None if unknown else usd(about),
        most_usd=None if unknown else usd(most),
        unknown=unknown,
        measured=bool(reading) and all(choice.ai_model_id in measured for choice in reading),
    )


def measured_sizes(assignment: Assignment) -> dict[int, Size]:
    """Return what calls for this assignment used on average, by model; only where there are enough of them."""
    rows = (
        Charge.objects.filter(
            assignment=assignment, purpose="reading", input_tokens__isnull=False, output_tokens__isnull=False
        )
        .values_list("ai_model_id")
        .annotate(calls=Count("pk"), given=Avg("input_tokens"), answered=Avg("output_tokens"))
    )
    return {
        model_id: Size(round(given), round(answered))
        for model_id, calls, given, answered in rows
        if calls >= ENOUGH_CALLS
    }


def estimate_for(
    choices: Sequence[ModelChoice],
    *,
    rubric: Rubric | None,
    instructions: str,
    min_words: int | None,
    max_words: int | None,
    now: datetime,
    assignment: Assignment | None = None,
    course_id: int | None = None,
    max_drafts: int = 1,
) -> Estimate:
    """Return the estimate of a plan, saved or not; with the course also for all its students' drafts."""
    words = usual_words(min_words, max_words)
    ids = [choice.ai_model_id for choice in choices]
    estimate = cost_of(
        choices,
        models=AIModel.objects.in_bulk(ids),
        prices=prices_on(ids, site_day(now)),
        size=size_for(rubric=rubric, instructions=instructions, words=words),
        measured=measured_sizes(assignment) if assignment is not None else {},
        words=words,
    )
    students = (
        0
        if course_id is None
        else Enrolment.objects.filter(course_id=course_id, status=Enrolment.Status.ACTIVE).count()
    )
    return Estimate(
        runs=estimate.runs,
        words=words,
        per_draft_usd=estimate.per_draft_usd,
        most_usd=estimate.most_usd,
        unknown=estimate.unknown,
        measured=estimate.measured,
        students=students,
        drafts=students * max_drafts,
    )


def estimate_of(assignment: Assignment, choices: Sequence[ModelChoice], *, now: datetime) -> Estimate:
    """Return the estimate of an assignment as it is saved."""
    return estimate_for(
        choices,
        rubric=assignment.rubric,
        instructions=assignment.instructions + assignment.custom_instructions,
        min_words=assignment.min_words,
        max_words=assignment.max_words,
        now=now,
        assignment=assignment,
        course_id=assignment.course_id,
        max_drafts=assignment.max_drafts,
    )
