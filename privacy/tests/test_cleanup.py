"""After the removal no word of the draft is left in the database or on disk; what was released stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import storages
from django.utils import timezone

from feedback.models import Feedback, FeedbackItem
from feedback.release import release
from feedback.tests.conftest import Stage, provider, stage  # noqa: F401  (fixtures)
from privacy.cleanup import remove_due
from privacy.models import CleanupPass
from submissions.models import Draft

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "Xylophonic Quagga"
TEXT = f"""The {CANARY} argument says that every claim needs a source to be believed by readers.

A second paragraph holds another {CANARY} sentence so that the middle of the text is marked as well. It goes on for a while.

In the end the {CANARY} question stays open and the reader has to decide."""


def everything_stored() -> str:
    """Return every value of every row of every model, as text."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.all().values():
            found.append(str(row))
    return "\n".join(found)


def test_no_word_is_left_and_the_released_note_stays(stage: Callable[..., Stage]) -> None:  # noqa: F811
    made = stage("honest-1", "honest-1b", "honest-1c")
    request = made.through(TEXT)
    feedback = Feedback.objects.get(draft=request.draft)
    release(feedback=feedback, actor=made.people.bob)
    stored = request.draft.content.files.get().stored_name
    assert CANARY in everything_stored()
    now = timezone.now() + timedelta(days=31)
    made.assignment.closes_at = timezone.now() + timedelta(days=1)
    made.assignment.save(update_fields=["closes_at"])
    done = remove_due(now=now)
    assert (done.drafts, done.files, done.errors) == (1, 1, 0)
    assert CANARY not in everything_stored()
    assert not storages["drafts"].exists(stored)
    draft = Draft.objects.get(pk=request.draft_id)
    assert draft.content_removed_at == now and draft.words
    kept = FeedbackItem.objects.filter(feedback=feedback, status="shown")
    assert kept.exists() and all(item.comment for item in kept)
    assert feedback.criteria.first().suggested_level == 1
    assert remove_due(now=now + timedelta(hours=1)).drafts == 0


def test_what_the_next_draft_needs_stays_until_the_assignment_closes_and_no_longer(stage: Callable[..., Stage]) -> None:  # noqa: F811
    made = stage("honest-1", "honest-1b", "honest-1c")
    first = made.through(TEXT)
    release(feedback=Feedback.objects.get(draft=first.draft), actor=made.people.bob)
    goal = FeedbackItem.objects.get(feedback__draft=first.draft, group="priority", status="shown")
    marked = goal.quotes[0]["shown"]
    now = timezone.now() + timedelta(days=31)
    assert remove_due(now=now).drafts == 1
    goal.refresh_from_db()
    left = everything_stored()
    assert [quote["shown"] for quote in goal.quotes] == [marked]
    assert "question stays open" not in left, "only the goal's own words are kept"

    made.provider.prompts.clear()
    assert marked == "It goes on for a while."
    made.through(TEXT.replace(marked, "It goes on for a long while yet."))
    asked = "\n".join(message["content"] for _, messages in made.provider.prompts for message in messages)
    assert marked in asked, "the models are shown the goal's old words"
    goal.refresh_from_db()
    assert goal.outcome == "addressed", (
        "the words changed, the panel says so, and a quotation from the new words proves it"
    )

    made.assignment.closes_at = now
    made.assignment.save(update_fields=["closes_at"])
    remove_due(now=now + timedelta(minutes=1))
    goal.refresh_from_db()
    assert goal.quotes == [] and goal.comment
    kept = FeedbackItem.objects.filter(feedback__draft=first.draft).values_list("quotes", flat=True)
    assert not any(kept)


def goals_of(made: Stage) -> list[str]:
    """The drafts' own words that are still kept with notes, over all drafts."""
    kept = FeedbackItem.objects.filter(feedback__draft__assignment=made.assignment).order_by("pk")
    return [quote["shown"] for item in kept for quote in item.quotes]


def test_without_a_closing_date_goals_go_some_time_after_the_last_release(
    stage: Callable[..., Stage],  # noqa: F811
    settings: Any,
) -> None:
    settings.GOALS_KEPT_DAYS = 100
    made = stage("honest-1", "honest-1b", "honest-1c")
    assert made.assignment.closes_at is None
    first = made.through(TEXT)
    release(feedback=Feedback.objects.get(draft=first.draft), actor=made.people.bob)
    second = made.through(TEXT.replace("a while", "a long while yet"))
    released = Feedback.objects.get(draft=second.draft)
    release(feedback=released, actor=made.people.bob)
    began = timezone.now()
    # The first was released sixty days before the second.
    Feedback.objects.filter(draft=first.draft).update(released_at=began - timedelta(days=60))
    Draft.objects.update(content_due_at=began)
    remove_due(now=began + timedelta(minutes=1))
    assert len(goals_of(made)) == 2

    CleanupPass.objects.all().delete()
    remove_due(now=began + timedelta(days=99))
    assert len(goals_of(made)) == 2, "the second release started the time of both again"
    CleanupPass.objects.all().delete()
    remove_due(now=began + timedelta(days=101))
    assert goals_of(made) == []
    assert FeedbackItem.objects.filter(feedback=released, status="shown").exclude(comment="").exists()


def test_text_that_goes_after_the_time_of_its_goals_takes_them_along(
    stage: Callable[..., Stage],  # noqa: F811
    settings: Any,
) -> None:
    settings.GOALS_KEPT_DAYS = 20
    made = stage("honest-1", "honest-1b", "honest-1c")
    first = made.through(TEXT)
    release(feedback=Feedback.objects.get(draft=first.draft), actor=made.people.bob)
    assert remove_due(now=timezone.now() + timedelta(days=31)).drafts == 1
    assert goals_of(made) == []


def test_a_closing_date_rules_over_the_time_of_goals(stage: Callable[..., Stage], settings: Any) -> None:  # noqa: F811
    settings.GOALS_KEPT_DAYS = 20
    made = stage("honest-1", "honest-1b", "honest-1c")
    first = made.through(TEXT)
    release(feedback=Feedback.objects.get(draft=first.draft), actor=made.people.bob)
    made.assignment.closes_at = timezone.now() + timedelta(days=300)
    made.assignment.save(update_fields=["closes_at"])
    remove_due(now=timezone.now() + timedelta(days=31))
    assert goals_of(made), "longer than the setting where the assignment says so"
    CleanupPass.objects.all().delete()
    remove_due(now=timezone.now() + timedelta(days=301))
    assert goals_of(made) == []


def test_a_dry_run_counts_and_touches_nothing(stage: Callable[..., Stage]) -> None:  # noqa: F811
    made = stage("honest-1", "honest-1b")
    draft = made.submit(TEXT)
    later = timezone.now() + timedelta(days=200)
    assert remove_due(now=later, dry_run=True).drafts == 1
    assert not CleanupPass.objects.exists()
    assert Draft.objects.get(pk=draft.pk).content_removed_at is None


def test_a_legal_hold_keeps_the_content(stage: Callable[..., Stage]) -> None:  # noqa: F811
    made = stage("honest-1", "honest-1b")
    draft = made.submit(TEXT)
    Draft.objects.filter(pk=draft.pk).update(legal_hold=True, legal_hold_reason="case 4")
    assert remove_due(now=timezone.now() + timedelta(days=200)).drafts == 0


def test_a_clock_that_jumps_is_not_trusted_at_once(stage: Callable[..., Stage]) -> None:  # noqa: F811
    made = stage("honest-1", "honest-1b")
    made.submit(TEXT)
    now = timezone.now()
    remove_due(now=now)
    jumped = now + timedelta(days=300)
    assert "six hours" in remove_due(now=jumped).refused
    assert remove_due(now=jumped + timedelta(hours=1)).drafts == 1
    assert "went back" in remove_due(now=now).refused
