"""Sends every bad value through the forms it is about: addresses, passwords, ids, dates, numbers, targets, hosts.

One case names several values; all must be answered as expected. A value that is merely written oddly ("  3") passes when
what is stored is the number it means, within the limits of the field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from submissions.tests.case_adapters.files import BAD_INPUTS, found

if TYPE_CHECKING:
    from feedback.tests.case_adapters.result import CaseResult

PASSWORD = "correct horse battery"  # of everybody in the cast
FAR = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield one result per form case of the manifest in ``folder``; none without it."""
    path = found(folder, BAD_INPUTS)
    if path is None:
        return
    from django.db import transaction

    from courses.tests.cast import cast
    from feedback.tests.case_adapters.result import CaseResult

    cases = [case for case in json.loads(path.read_text(encoding="utf-8"))["cases"] if case["kind"] == "form"]
    with transaction.atomic():
        people = cast()
        for case in cases:
            judge = _judge_of(case["field"])
            wrong: list[str] = []
            for value in case["values"] if judge else ():
                with transaction.atomic():
                    wrong += [f"{value[:40]!r}: {what}" for what in judge(value, case, people)]
                    transaction.set_rollback(True)
            got = "; ".join(wrong) or ("as expected" if judge else "no form takes this")
            yield CaseResult(path.name, case["id"], not wrong, f"{case['expected']}; never {case['must_not']}", got)
        transaction.set_rollback(True)


def _judge_of(field: str) -> Callable[[str, dict[str, Any], Any], list[str]] | None:
    """The judge of a field; None for what the product does not offer (model parameters as JSON)."""
    for word, judge in (
        ("email", _email), ("password", _password), ("pk in URL", _ids), ("deadline", _dates), ("num_runs", _numbers),
        ("next", _next), ("Host", _host),
    ):  # fmt: skip
        if word in field:
            return judge
    if "JSON" in field:
        return None
    raise LookupError(field)


def _client(person: Any = None) -> Any:
    from django.core.cache import cache
    from django.test import Client

    cache.clear()
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return client


def _broken(response: Any, where: str) -> list[str]:
    return [f"HTTP {response.status_code} at {where}"] if response.status_code >= 500 else []


def _mailed() -> list[str]:
    """Every address mail was sent or queued to."""
    from django.core import mail

    from feedforward.models import OutgoingMail

    sent = [address for message in mail.outbox for address in message.recipients()]
    return sent + [str(address) for address in OutgoingMail.objects.values_list("to", flat=True)]


def _email(value: str, case: dict[str, Any], people: Any) -> list[str]:
    from django.urls import reverse

    from accounts.models import Invitation

    before = Invitation.objects.count(), len(_mailed())
    wrong = []
    login = _client().post(reverse("account_login"), {"login": value, "password": PASSWORD})
    wrong += _broken(login, "login")
    if login.status_code in (301, 302):
        wrong.append("signed in")
    wrong += _broken(_client().post(reverse("account_reset_password"), {"email": value}), "reset")
    invite = _client(people.bob).post(
        reverse("roster_invite", args=[people.course.public_id]), {"email": value, "name": "X"}
    )
    wrong += _broken(invite, "invitation")
    if Invitation.objects.count() != before[0]:
        wrong.append("invited")
    if len(_mailed()) != before[1]:
        wrong.append("mail sent")
    return wrong


def _password(value: str, case: dict[str, Any], people: Any) -> list[str]:
    from allauth.account.models import EmailAddress
    from django.urls import reverse

    EmailAddress.objects.get_or_create(
        user=people.dana, email=people.dana.email, defaults={"verified": True, "primary": True}
    )
    client = _client()
    client.post(reverse("account_login"), {"login": people.dana.email, "password": PASSWORD})
    fields = {"oldpassword": PASSWORD, "password1": value, "password2": value}
    wrong = _broken(client.post(reverse("account_change_password"), fields), "change of password")
    people.dana.refresh_from_db()
    if not people.dana.check_password(value):
        wrong.append("not accepted as typed")
    if value != value.strip() and people.dana.check_password(value.strip()):
        wrong.append("blanks were dropped")
    again = _client().post(reverse("account_login"), {"login": people.dana.email, "password": value})
    if again.status_code != 302 or "confirm" in again.headers.get("Location", ""):
        wrong.append("does not sign in")
    people.dana.set_password(PASSWORD)
    people.dana.save(update_fields=["password"])
    return wrong


def _ids(value: str, case: dict[str, Any], people: Any) -> list[str]:
    wrong = []
    for person, pattern in (
        (people.alice, "/drafts/%s/text/"), (people.alice, "/assignments/%s/submit/"), (people.bob, "/courses/%s/"),
        (people.bob, "/rubrics/%s/"), (people.admin, "/people/%s/"), (people.alice, "/account/sessions/%s/end/"),
    ):  # fmt: skip
        client = _client(person)
        for response in (client.get(pattern % quote(value, safe="")), client.post(pattern % quote(value, safe=""))):
            wrong += _broken(response, pattern)
            if response.status_code == 200:
                wrong.append(f"found at {pattern}")
            if b"Traceback" in response.content:
                wrong.append(f"stack trace at {pattern}")
    return wrong


def _dates(value: str, case: dict[str, Any], people: Any) -> list[str]:
    from django.urls import reverse

    url = reverse("assignment_edit", args=[people.assignment.public_id])
    response = _client(people.bob).post(url, {**_assignment_fields(people), "due_at": value})
    people.assignment.refresh_from_db()
    stored = people.assignment.due_at
    wrong = _broken(response, "assignment")
    if stored is not None and not FAR[0] < stored < FAR[1]:
        wrong.append(f"stored {stored:%Y}")
    return wrong


def _numbers(value: str, case: dict[str, Any], people: Any) -> list[str]:
    from django.urls import reverse

    from courses.models import Criterion

    wrong = []
    client = _client(people.bob)
    url = reverse("assignment_edit", args=[people.assignment.public_id])
    for name, low, high in (("max_drafts", 1, 20), ("hours_between", 0, 720), ("retention_days", 0, 3650)):
        wrong += _broken(client.post(url, {**_assignment_fields(people), name: value}), name)
        people.assignment.refresh_from_db()
        stored = getattr(people.assignment, name)
        if stored is not None and not low <= stored <= high:
            wrong.append(f"{name} stored as {stored}")
    wrong += _plan(value, people, client, url)
    rubric = {
        "title": "Essay", "criteria": "1", "c0-title": "Claim", "c0-weight": value, "c0-levels": "2", "save": "1",
        "c0-l0-label": "Low", "c0-l0-descriptor": "Little.", "c0-l0-points": value,
        "c0-l1-label": "High", "c0-l1-descriptor": "Much.", "c0-l1-points": "2",
    }  # fmt: skip
    made = client.post(reverse("rubric_create", args=[people.course.public_id]), rubric)
    wrong += _broken(made, "rubric")
    for criterion in Criterion.objects.filter(rubric__course=people.course):
        if not 0 <= criterion.weight <= 100:
            wrong.append(f"weight stored as {criterion.weight}")
    return wrong


def _plan(value: str, people: Any, client: Any, url: str) -> list[str]:
    from aiconfig.models import AIModel, AssignmentModel, Provider

    provider = Provider.objects.create(name="Local", kind=Provider.Kind.values[0], status="active")
    model = AIModel.objects.create(provider=provider, name="m", display_name="M", status="active")
    wrong = []
    for field in ("runs", "temperature", "weight", "max_output_tokens"):
        name = f"m-{model.public_id}"
        plan = {
            "reviewers": "1",
            f"{name}-role": "reads",
            f"{name}-runs": "1",
            f"{name}-weight": "1",
            f"{name}-{field}": value,
        }
        wrong += _broken(client.post(url, {**_assignment_fields(people), **plan}), field)
        for row in AssignmentModel.objects.filter(assignment=people.assignment):
            within = (
                1 <= row.runs <= 9 and (row.temperature is None or 0 <= row.temperature <= 2) and 0 < row.weight < 1000
            )
            if not within:
                wrong.append(f"{field} stored: {row.runs} runs, {row.temperature}, {row.weight}")
    return wrong


def _assignment_fields(people: Any) -> dict[str, str]:
    from courses.models import Assignment

    return {
        "title": "First essay", "rubric": str(people.rubric.public_id), "max_drafts": "3", "hours_between": "0",
        "aggregation": Assignment.Aggregation.values[0], "feedback_language": "en",
        "levels_shown": Assignment.LevelsShown.values[0],
    }  # fmt: skip


def _next(value: str, case: dict[str, Any], people: Any) -> list[str]:
    from django.urls import reverse

    url = reverse("account_login") + "?next=" + quote(value, safe="")
    response = _client().post(url, {"login": people.alice.email, "password": PASSWORD, "next": value})
    wrong = _broken(response, "login")
    target = response.headers.get("Location", "")
    seen = urlsplit(target.replace("\\", "/"))  # as browsers read it
    if seen.netloc or seen.scheme or target[:1] not in ("", "/"):
        wrong.append("leads away")
    return wrong


def _host(value: str, case: dict[str, Any], people: Any) -> list[str]:
    from django.core import mail
    from django.urls import reverse

    from feedforward.models import OutgoingMail

    wrong = []
    for header in ("HTTP_HOST", "HTTP_X_FORWARDED_HOST"):
        for response in (
            _client().get(reverse("account_login"), **{header: value}),
            _client().post(reverse("account_reset_password"), {"email": people.alice.email}, **{header: value}),
        ):
            wrong += _broken(response, header)
            if b"evil.example" in response.content or "evil.example" in str(response.headers):
                wrong.append(f"{header} on the page")
    bodies = [message.body for message in mail.outbox]
    bodies += [str(row) for row in OutgoingMail.objects.values_list()]
    if any("evil.example" in body for body in bodies):
        wrong.append("in a mail")
    return wrong
