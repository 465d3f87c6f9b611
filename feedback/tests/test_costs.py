"""What drafts cost, end to end: prices, estimate, budget, the same input paid once, and the pages that show it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from aiconfig.budgets import set_budget
from aiconfig.estimates import size_for
from aiconfig.models import AIModel, Budget, BudgetPeriod, Charge, Provider
from aiconfig.prices import set_price, site_day
from courses.models import Assignment
from courses.tests.cast import signed_in
from feedback import asking, runs
from feedback.material import load_material
from feedback.models import Feedback, FeedbackRequest, ModelRun, StoredAnswer
from feedback.reading.prompt import build_prompt
from feedback.release import release
from feedback.requests import rerun
from feedback.tests.conftest import ESSAY, Stage
from privacy.cleanup import remove_content

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Stage]
# The stub says 900 tokens in and 300 out: at 10 and 20 dollars per million a call costs 0.015.
CALL = Decimal("0.015")


def priced(made: Stage, *names: str, given: str = "10", answered: str = "20") -> None:
    for name in names or made.models:
        set_price(
            model=AIModel.objects.get(pk=made.models[name]),
            valid_from=site_day(timezone.now()),
            input_usd_per_million=Decimal(given),
            output_usd_per_million=Decimal(answered),
            actor=made.people.admin,
        )


def budget(made: Stage, usd: str) -> Budget:
    return set_budget(
        limit_usd=Decimal(usd),
        period="total",
        actor=made.people.bob,
        now=timezone.now(),
        assignment=made.assignment,
    )


def words(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def at(name: str, obj: object) -> str:
    return reverse(name, args=[obj.public_id])  # type: ignore[attr-defined]


def page(client: Client, name: str, obj: object) -> str:
    answer = client.get(at(name, obj))
    assert answer.status_code == 200
    return words(answer)


def test_from_a_price_to_a_budget_that_runs_out_and_on(stage: Make) -> None:
    """The whole loop through the pages: unknown, priced, read, used up, raised, repeated."""
    made = stage("honest-1", "honest-1b")
    admin, bob = signed_in(made.people.admin), signed_in(made.people.bob)
    assert "there is no price for" in page(bob, "assignment_reviewers", made.assignment)
    for model in AIModel.objects.all():
        form = {"input_usd_per_million": "10", "output_usd_per_million": "20"}
        assert admin.post(at("model_price", model), form).status_code == 302
    before = page(bob, "assignment_reviewers", made.assignment)
    assert "per draft of 1000 words, at most" in before and "For 2 students with up to" in before

    first = made.through()
    assert first.status == FeedbackRequest.Status.IN_REVIEW
    assert set(first.runs.values_list("cost_usd", "calls", "unpriced_calls")) == {(CALL, 1, 0)}
    assert "This draft: $0.03 for 2 calls." in words(bob.get(at("desk", first.draft), {"tab": "runs"}))
    release(feedback=Feedback.objects.get(draft=first.draft), actor=made.people.bob)
    notes = Feedback.objects.get(draft=first.draft).items.filter(status="shown").count()
    shown = page(bob, "assignment_costs", made.assignment)
    assert shown.count("$0.03") >= 2 and "Per released note" in shown and notes
    assert "$0.03" in page(bob, "course_costs", made.people.course)
    assert "Costs this month" in words(bob.get(reverse("home")))

    # What the first draft cost counts; what is left is too little for a call that gives its longest answer.
    answer = bob.post(at("assignment_costs", made.assignment), {"limit_usd": "0.10", "period": "total"})
    assert answer.status_code == 302
    assert "$0.03 of $0.10" in page(bob, "assignment_costs", made.assignment)
    second = made.through(student=made.people.amy)
    assert second.status == FeedbackRequest.Status.NEEDS_HUMAN
    assert second.reason.startswith("This assignment’s budget has no room for a call that may cost $")
    assert not ModelRun.objects.filter(request=second, calls__gt=0).exists()
    assert "Readings of 1 draft" in page(bob, "assignment_costs", made.assignment).replace(
        "A reading of", "Readings of"
    )
    queue = at("review_queue", made.assignment)
    assert "Repeat the failed readings of 1 draft" in words(bob.get(queue, {"filter": "failed"}))

    bob.post(at("assignment_costs", made.assignment), {"limit_usd": "5", "period": "total"})
    answer = bob.post(at("queue_bulk", made.assignment), {"action": "rerun_all_failed"}, follow=True)
    assert "The failed readings of 1 draft are being repeated." in words(answer)
    second.refresh_from_db()
    made.execute(second)
    assert second.status == FeedbackRequest.Status.IN_REVIEW
    period = BudgetPeriod.objects.get(budget__assignment=made.assignment)
    assert (period.spent_micros, period.reserved_micros) == (60_000, 0)
    again = bob.post(at("queue_bulk", made.assignment), {"action": "rerun_all_failed"}, follow=True)
    assert "No reading of these drafts failed." in words(again)

    bob.post(at("assignment_costs", made.assignment), {"action": "remove", "period": "total"})
    assert not Budget.objects.filter(is_active=True).exists()


def test_what_pages_of_money_refuse(stage: Make) -> None:
    made = stage("honest-1")
    admin, bob = signed_in(made.people.admin), signed_in(made.people.bob)
    url = at("assignment_costs", made.assignment)
    for data in ({"limit_usd": "-1", "period": "total"}, {"limit_usd": "nan", "period": "total"}, {"limit_usd": "5"}):
        assert bob.post(url, data).status_code == 422
    assert bob.post(url, {"action": "remove", "period": "month"}).status_code == 404
    assert bob.post(at("course_costs", made.people.course), {"limit_usd": "5", "period": "month"}).status_code == 403
    for data in ({"limit_usd": "x", "period": "month"}, {"limit_usd": "1", "period": "week"}):
        assert admin.post(reverse("budgets"), data).status_code == 422
    assert admin.post(reverse("budgets"), {"action": "remove", "budget": "-" * 36}).status_code == 404
    assert admin.post(at("course_costs", made.people.course), {"limit_usd": "5", "period": "month"}).status_code == 302
    assert admin.post(reverse("budgets"), {"limit_usd": "50", "period": "month"}).status_code == 302
    listed = words(admin.get(reverse("budgets")))
    assert "$0.00 of $50.00" in listed and made.people.course.title in listed and "Models without a price" in listed
    site = Budget.objects.get(scope="site")
    admin.post(reverse("budgets"), {"action": "remove", "budget": str(site.public_id)})
    assert list(Budget.objects.filter(is_active=True).values_list("scope", flat=True)) == ["course"]
    model = AIModel.objects.get()
    for data in (
        {"input_usd_per_million": "1"},
        {"input_usd_per_million": "-1", "output_usd_per_million": "1"},
        {"input_usd_per_million": "1", "output_usd_per_million": "1", "valid_from": "1066-10-14"},
    ):
        assert admin.post(at("model_price", model), data).status_code == 422, data
    assert not model.prices.exists()


def test_with_a_budget_a_model_without_a_price_is_not_called_and_a_cheaper_stand_in_may_be(stage: Make) -> None:
    made = stage("honest-1", "honest-1b", fallback=("honest-1c",))
    priced(made, "honest-1c")
    budget(made, "10")
    calls = made.provider.calls.copy()
    request = made.through()
    spent = made.provider.calls - calls
    assert spent == {"honest-1c": 2}
    assert "FALLBACK_MODEL" in {flag["code"] for flag in Feedback.objects.get(draft=request.draft).flags}


def test_money_set_aside_is_waited_for_and_costs_no_attempt(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    priced(made)
    # Room for the most that one call may cost (0.107), not for two at once.
    budget(made, "0.14")
    request = made.read(made.submit())
    runs.execute(request.pk)
    states = {run.status: run for run in ModelRun.objects.filter(request=request)}
    waiting = states["pending"]
    assert (waiting.error_code, waiting.attempts, waiting.calls) == ("budget_held", 0, 0)
    assert states["succeeded"].calls == 1
    ModelRun.objects.filter(pk=waiting.pk).update(not_before=None)
    made.execute(request)
    assert request.status == FeedbackRequest.Status.IN_REVIEW
    assert BudgetPeriod.objects.get().spent_micros == 30_000


def test_every_call_of_a_run_is_counted(stage: Make) -> None:
    """A refused structure, a rejected answer and its repair, then the stand-in: all on one row."""
    made = stage("wrong-nonce", fallback=("honest-1",))
    priced(made)
    request = made.through()
    run = ModelRun.objects.get(request=request)
    assert (run.model_name, run.calls, run.cost_usd) == ("honest-1", 3, 3 * CALL)
    assert sorted(Charge.objects.values_list("purpose", "status")) == [
        ("reading", "settled"),
        ("reading", "settled"),
        ("repair", "settled"),
    ]


@pytest.mark.parametrize(
    ("model", "unknown", "counted"), [("unauthorised", 0, False), ("broken", 0, False), ("html", 1, True)]
)
def test_a_call_without_an_answer_costs_nothing_where_it_was_refused(
    stage: Make, settings, model: str, unknown: int, counted: bool
) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    made = stage(model)
    priced(made)
    budget(made, "10")
    run = ModelRun.objects.get(request=made.through())
    assert (run.cost_usd, run.unpriced_calls) == (None, unknown)
    assert bool(BudgetPeriod.objects.get().spent_micros) is counted
    assert BudgetPeriod.objects.get().reserved_micros == 0


# --- the same input is paid once ---------------------------------------------------------------------------------


def test_a_rerun_with_nothing_changed_pays_nothing_and_says_the_same(stage: Make) -> None:
    made = stage("honest-1", "random", runs_each=2)
    priced(made)
    request = made.through()
    calls = made.provider.calls.copy()
    said = [list(run.scores.order_by("criterion_key").values_list("level")) for run in request.runs.order_by("pk")]
    rerun(request=request, actor=made.people.bob)
    request.refresh_from_db()
    made.execute(request)
    assert made.provider.calls == calls
    second = request.runs.filter(round=2).order_by("pk")
    assert [list(run.scores.order_by("criterion_key").values_list("level")) for run in second] == said
    assert set(second.values_list("reused", "calls", "cost_usd")) == {(True, 0, None)}
    assert all(run.transcript.answer for run in second)
    assert "used again" in words(signed_in(made.people.bob).get(at("desk", request.draft), {"tab": "runs"}))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "change", [{"instructions": "Now with three sources."}, {"custom_instructions": "Be brief."}, "temperature", "text"]
)
def test_what_was_changed_is_asked_anew(stage: Make, change: object) -> None:
    made = stage("honest-1")
    request = made.through()
    calls = made.provider.calls["honest-1"]
    if change == "temperature":
        AIModel.objects.update(temperature=0.9)
    elif change == "text":
        request.draft.content.text += " One more sentence."
        request.draft.content.save(update_fields=["text"])
    else:
        Assignment.objects.filter(pk=made.assignment.pk).update(**change)  # type: ignore[arg-type]
    request = FeedbackRequest.objects.get(pk=request.pk)
    rerun(request=request, actor=made.people.bob)
    made.execute(request)
    assert made.provider.calls["honest-1"] == calls + 1
    assert not request.runs.get(round=2).reused


def test_students_share_no_answer_and_removal_takes_it_away(stage: Make) -> None:
    made = stage("honest-1")
    request = made.through()
    calls = made.provider.calls["honest-1"]
    made.through(ESSAY, student=made.people.amy)
    assert made.provider.calls["honest-1"] == calls + 1
    assert StoredAnswer.objects.count() == 2
    remove_content(request.draft_id, now=timezone.now())
    assert list(StoredAnswer.objects.values_list("request__draft__student", flat=True)) == [made.people.amy.pk]


def test_an_answer_that_was_stored_before_a_crash_is_not_paid_again(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stage("honest-1", "honest-1b")
    priced(made)
    real, broken = asking.record_reading, []

    def breaks_once(**values: object) -> bool:
        if not broken:
            broken.append("once")
            raise DatabaseError("gone")
        return real(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "record_reading", breaks_once)
    request = made.read(made.submit())
    runs.execute(request.pk)
    calls = made.provider.calls.copy()
    assert ModelRun.objects.filter(request=request, status="running").count() == 1
    ModelRun.objects.filter(status="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    made.execute(request)
    assert request.status == FeedbackRequest.Status.IN_REVIEW
    assert made.provider.calls == calls
    assert set(request.runs.values_list("calls", "cost_usd")) == {(1, CALL)}


def test_an_answer_that_could_not_be_used_is_not_used_again(stage: Make) -> None:
    made = stage("wrong-nonce")
    before = made.provider.calls["wrong-nonce"]
    request = made.through()
    calls = made.provider.calls["wrong-nonce"] - before
    assert calls == 2  # the second is the repair
    assert not StoredAnswer.objects.exists()
    rerun(request=request, actor=made.people.bob, only_failed=True)
    request.refresh_from_db()
    made.execute(request)
    assert made.provider.calls["wrong-nonce"] - before == 2 * calls


# --- limits, breaker, estimate -------------------------------------------------------------------------------------


def test_a_provider_is_asked_no_more_at_once_than_its_limit_and_waiting_costs_no_attempt(stage: Make) -> None:
    made = stage("honest-1", "honest-1b", "honest-1c")
    Provider.objects.update(max_concurrent=2)
    request = made.read(made.submit())
    runs.execute(request.pk)
    states = list(request.runs.order_by("pk").values_list("status", "attempts", "error_code"))
    assert states == [("succeeded", 1, ""), ("succeeded", 1, ""), ("pending", 0, "paused")]
    ModelRun.objects.filter(status="pending").update(not_before=None)
    made.execute(request)
    assert request.status == FeedbackRequest.Status.IN_REVIEW


def test_after_a_pause_one_call_goes_out_and_its_answer_lets_the_others_go(stage: Make) -> None:
    made = stage("honest-1", "honest-1b", "honest-1c")
    past = timezone.now() - timedelta(seconds=1)
    Provider.objects.update(failures_in_row=7, paused_until=past)
    request = made.read(made.submit())
    runs.execute(request.pk)
    assert sorted(request.runs.values_list("status", "attempts")) == [("pending", 0), ("pending", 0), ("succeeded", 1)]
    provider = Provider.objects.get()
    assert (provider.failures_in_row, provider.paused_until, provider.probe_until) == (0, None, None)
    ModelRun.objects.filter(status="pending").update(not_before=None)
    made.execute(request)
    assert request.status == FeedbackRequest.Status.IN_REVIEW


def test_a_probe_that_fails_pauses_all(stage: Make) -> None:
    made = stage("broken", "broken-2")
    Provider.objects.update(failures_in_row=7, paused_until=timezone.now() - timedelta(seconds=1))
    request = made.read(made.submit())
    runs.execute(request.pk)
    provider = Provider.objects.get()
    assert provider.failures_in_row == 8 and provider.probe_until is None
    assert provider.paused_until is not None and provider.paused_until > timezone.now() + timedelta(seconds=60)
    assert sorted(request.runs.values_list("attempts", flat=True)) == [0, 1]


def test_the_estimate_is_near_what_is_sent(stage: Make) -> None:
    made = stage("honest-1")
    Assignment.objects.filter(pk=made.assignment.pk).update(instructions="Write what you think of it. " * 20)
    made.assignment.refresh_from_db()
    text = "\n\n".join([ESSAY] * 6)
    request = made.read(made.submit(text))
    material = load_material(FeedbackRequest.objects.with_text().get(pk=request.pk))
    assert material is not None
    prompt = build_prompt(material.prompt_input(nonce="k7f2m9x4qa", seed=1))
    sent = "".join(message["content"] for message in prompt.messages)
    marks = sent.count("⟦")
    # Some four characters a token, and 16 tokens for a marker of 20 random ones.
    tokens = (len(sent) - 20 * marks) / 4 + 16 * marks
    size = size_for(rubric=made.assignment.rubric, instructions=made.assignment.instructions, words=len(text.split()))
    assert size.input_tokens == pytest.approx(tokens, rel=0.2)


def test_the_editor_says_what_the_choice_as_typed_would_cost(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    priced(made, "honest-1")
    bob = signed_in(made.people.bob)
    one, two = (AIModel.objects.get(pk=made.models[name]) for name in ("honest-1", "honest-1b"))
    form = {"rubric": str(made.people.rubric.public_id), "max_words": "1000", "max_drafts": "3"}

    def ask(**roles: str) -> str:
        fields = {f"m-{model.public_id}-role": roles.get(name, "") for name, model in (("one", one), ("two", two))}
        return words(bob.post(at("plan_estimate", made.people.course), {**form, **fields}))

    assert "No model reads" in ask()
    assert "per draft of 1000 words" in ask(one="reads") and "For 2 students with up to 6 drafts" in ask(one="reads")
    assert two.display_name in ask(one="reads", two="reads") and "not known" in ask(one="reads", two="reads")
    assert "not known" not in ask(one="reads", two="fallback")


def test_a_trials_estimate_counts_the_drafts_the_assignment_allows(stage: Make) -> None:
    made = stage("honest-1")
    priced(made, "honest-1")
    model = AIModel.objects.get(pk=made.models["honest-1"])
    Assignment.objects.filter(pk=made.assignment.pk).update(max_drafts=4)
    form = {"assignment": str(made.assignment.public_id), f"m-{model.public_id}-role": "reads"}
    page = words(signed_in(made.people.bob).post(at("plan_estimate", made.people.course), form))
    assert "For 2 students with up to 8 drafts" in page


@pytest.mark.thorough
def test_lists_of_costs_ask_as_often_for_many_rows(stage: Make, django_assert_max_num_queries: object) -> None:
    made = stage("honest-1")
    priced(made)
    made.through()
    admin, bob = signed_in(made.people.admin), signed_in(made.people.bob)
    for number in range(6):
        copy = Assignment.objects.get(pk=made.assignment.pk)
        copy.pk, copy.public_id, copy.title, copy._state.adding = None, None, f"Copy {number}", True
        copy.public_id = Assignment._meta.get_field("public_id").get_default()
        copy.save()
        set_budget(limit_usd=Decimal(1), period="total", actor=made.people.bob, now=timezone.now(), assignment=copy)
    for client, url in ((bob, at("course_costs", made.people.course)), (admin, reverse("budgets"))):
        with django_assert_max_num_queries(24):  # type: ignore[operator]
            assert "Copy 5" in words(client.get(url))
