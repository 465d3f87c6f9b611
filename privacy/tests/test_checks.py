"""The audit is kept as long as the texts it answers for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.utils import timezone

from courses.models import Assignment
from courses.tests.cast import Cast
from courses.tests.cast import cast as make_cast
from submissions.models import Draft, RetentionPolicy


def said(**options: Any) -> set[str]:
    return {message.id for message in run_checks(**options) if str(message.id).startswith("privacy.")}


@pytest.mark.parametrize(
    ("kept", "content", "found"),
    [
        (1095, 30, set()),
        (366, 30, set()),
        (1095, 547, set()),  # waits 547 days at most, then 547 more
        (1095, 548, {"privacy.E002"}),
        (7300, 3650, set()),
        (209, 30, {"privacy.E001", "privacy.E002", "privacy.E003"}),
        (365, 30, {"privacy.E001"}),
    ],
)
def test_the_settings_alone(settings: Any, kept: int, content: int, found: set[str]) -> None:
    settings.AUDIT_KEPT_DAYS, settings.RETENTION_DAYS = kept, content
    assert said() == found


@pytest.mark.parametrize(("goals", "found"), [(180, set()), (915, set()), (916, {"privacy.E003"})])
def test_the_words_of_goals_are_not_kept_longer_than_who_opened_them(
    settings: Any, goals: int, found: set[str]
) -> None:
    settings.GOALS_KEPT_DAYS = goals
    assert said() == found


def test_a_start_is_refused(settings: Any) -> None:
    settings.RETENTION_DAYS = 3000
    with pytest.raises(SystemCheckError, match="who opened it would no longer be on record"):
        call_command("check")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.mark.django_db
@pytest.mark.parametrize("days", [547, 548])
@pytest.mark.parametrize("who", ["site", "assignment"])
def test_exceptions_of_courses_are_asked_where_there_is_a_database(cast: Cast, who: str, days: int) -> None:
    if who == "site":
        RetentionPolicy.objects.create(scope="site", content_days=days)
    else:
        Assignment.objects.filter(pk=cast.assignment.pk).update(retention_days=days)
    assert said() == set()
    assert said(databases=["default"]) == (set() if days == 547 else {"privacy.W001"})


@pytest.mark.django_db
def test_a_hold_older_than_the_audit_is_said(cast: Cast) -> None:
    draft = Draft.objects.create(assignment=cast.assignment, student=cast.alice, number=1, legal_hold=True)
    for age, found in ((1094, set()), (1096, {"privacy.W002"})):
        Draft.objects.filter(pk=draft.pk).update(submitted_at=timezone.now() - timedelta(days=age))
        assert said(databases=["default"]) == found
    Draft.objects.filter(pk=draft.pk).update(content_removed_at=timezone.now())
    assert said(databases=["default"]) == set()
