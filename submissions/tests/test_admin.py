"""Holds and retention rules in Django's admin: with a reason, within the calendar, and on record."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from courses.tests.cast import Cast, signed_in
from courses.tests.cast import cast as make_cast
from submissions.models import Draft, RetentionPolicy

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def desk(cast: Cast) -> Client:
    return signed_in(cast.admin)


def events() -> list[tuple[str, str, list[str]]]:
    found = AuditEvent.objects.filter(code__startswith="table.").order_by("pk")
    return [(event.code, event.object_label, event.fields) for event in found]


def test_a_hold_needs_a_reason_and_is_on_record(cast: Cast, desk: Client) -> None:
    draft = Draft.objects.create(assignment=cast.assignment, student=cast.alice, number=1)
    url = reverse("admin:submissions_draft_change", args=[draft.pk])
    desk.post(url, {"legal_hold": "on", "legal_hold_reason": "  "})
    draft.refresh_from_db()
    assert not draft.legal_hold and events() == []
    desk.post(url, {"legal_hold": "on", "legal_hold_reason": "A complaint is being looked at."})
    draft.refresh_from_db()
    assert draft.legal_hold
    assert events() == [("table.row_changed", "submissions.Draft", ["legal_hold", "legal_hold_reason"])]
    event = AuditEvent.objects.get(code="table.row_changed")
    assert (event.actor, event.course_id) == (cast.admin, cast.course.pk)
    assert "complaint" not in str(event.__dict__)


def test_rules_are_of_years_at_most_and_on_record(desk: Client) -> None:
    add = reverse("admin:submissions_retentionpolicy_add")
    desk.post(add, {"scope": "site", "content_days": str(2**31 - 1)})
    assert not RetentionPolicy.objects.exists() and events() == []
    desk.post(add, {"scope": "site", "content_days": "60"})
    policy = RetentionPolicy.objects.get()
    desk.post(reverse("admin:submissions_retentionpolicy_delete", args=[policy.pk]), {"post": "yes"})
    assert not RetentionPolicy.objects.exists()
    assert [code for code, _label, _fields in events()] == ["table.row_added", "table.row_deleted"]
