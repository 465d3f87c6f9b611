"""The pages of providers and models, and the assignment editor."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from aiconfig.catalogue import change_lifecycle, create_model, create_provider, update_provider
from aiconfig.keys import read_key
from aiconfig.models import AIModel, AssignmentModel, Provider
from aiconfig.plans import ModelChoice, plan_of, set_assignment_models
from aiconfig.tests.test_plans import models as make_models
from courses.catalogue import change_lifecycle as course_lifecycle
from courses.models import Assignment
from courses.rubrics import create_rubric
from courses.tests.cast import CRITERIA, Cast

SECRET = "sk-canary-9876543210"


def at(name: str, *rows: Any) -> str:
    return reverse(name, args=[row.public_id for row in rows])


def signed_in(user: User, *, just_now: bool = False) -> Client:
    client = Client()
    client.force_login(user)
    if just_now:
        client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    return client


@pytest.fixture
def provider(cast: Cast) -> Provider:
    row = create_provider(
        name="vLLM", kind="openai_compatible", base_url="http://127.0.0.1:9/v1", key=SECRET, actor=cast.admin
    )
    create_model(provider=row, name="qwen", actor=cast.admin)
    return row


# --- who -------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_only_administrators_open_providers(cast: Cast, provider: Provider) -> None:
    model = provider.models.get()
    gets = [
        at("providers"),
        at("provider_create"),
        at("provider_edit", provider),
        at("provider_test", provider),
        at("model_create", provider),
        at("model_edit", model),
    ]
    posts = [at("provider_lifecycle", provider), at("model_lifecycle", model), *gets[1:]]
    before = AuditEvent.objects.count()
    for who in (cast.bob, cast.tom, cast.alice):
        client = signed_in(who)
        for url in [*gets, at("provider_key", provider)]:
            assert client.get(url).status_code == 403, url
        for url in posts:
            assert client.post(url, {"action": "delete", "name": "x", "key": "x"}).status_code == 403, url
    assert AuditEvent.objects.count() == before
    client = signed_in(cast.admin)
    for url in gets:
        assert client.get(url).status_code == 200, url


def test_instructors_see_names_of_models_they_may_use(cast: Cast, provider: Provider) -> None:
    change_lifecycle(obj=provider, action="activate", actor=cast.admin)
    model = provider.models.get()
    model.provider.refresh_from_db()
    change_lifecycle(obj=model, action="activate", actor=cast.admin)
    hidden = create_model(provider=provider, name="dear", offered_to_instructors=False, actor=cast.admin)
    hidden.provider.refresh_from_db()
    change_lifecycle(obj=hidden, action="activate", actor=cast.admin)
    body = signed_in(cast.bob).get(at("models")).content.decode()
    assert "qwen" in body and "dear" not in body and at("model_edit", model) not in body
    assert "dear" in signed_in(cast.admin).get(at("models")).content.decode()
    assert signed_in(cast.alice).get(at("models")).status_code == 403


# --- keys ------------------------------------------------------------------------------------------------------


def test_the_key_page_wants_to_know_again_who_is_there(cast: Cast, provider: Provider) -> None:
    answer = signed_in(cast.admin).get(at("provider_key", provider))
    assert answer.status_code == 302 and "reauthenticate" in answer.url
    assert signed_in(cast.admin, just_now=True).get(at("provider_key", provider)).status_code == 200


def test_a_key_sent_too_late_is_kept_nowhere(cast: Cast, provider: Provider) -> None:
    client = signed_in(cast.admin)
    answer = client.post(at("provider_key", provider), {"key": "sk-late-key-123456"})
    assert answer.url == at("provider_key", provider)
    assert "sk-late" not in str(dict(client.session.items()))
    provider.refresh_from_db()
    assert read_key(provider) == SECRET


def test_a_key_is_entered_replaced_removed_and_never_shown(cast: Cast, provider: Provider) -> None:
    client = signed_in(cast.admin, just_now=True)
    url = at("provider_key", provider)
    assert client.post(url, {"key": "sk-new-key-123456"}).status_code == 302
    provider.refresh_from_db()
    assert read_key(provider) == "sk-new-key-123456"
    pages = [
        at("provider_key", provider),
        at("provider_edit", provider),
        at("providers"),
        at("provider_test", provider),
        reverse("admin:aiconfig_provider_change", args=[provider.pk]),
        reverse("admin:aiconfig_provider_changelist"),
    ]
    sealed = str.__str__(Provider.objects.get().api_key)
    for page in pages:
        body = client.get(page).content.decode()
        assert "sk-new-key" not in body and sealed not in body and SECRET not in body, page
    refused = client.post(url, {"key": " "})
    assert refused.status_code == 422
    provider.refresh_from_db()
    assert read_key(provider) == "sk-new-key-123456"
    client.post(url, {"action": "remove"})
    provider.refresh_from_db()
    assert read_key(provider) == ""


def test_editing_keeps_the_key_and_will_not_carry_it_elsewhere(cast: Cast, provider: Provider) -> None:
    client = signed_in(cast.admin)
    url = at("provider_edit", provider)
    data = {"name": "vLLM 2", "kind": "openai_compatible", "base_url": provider.base_url, "max_concurrent": "5"}
    assert client.post(url, data).status_code == 302
    moved = client.post(url, {**data, "base_url": "http://evil.example/v1"})
    assert moved.status_code == 422 and "another server" in moved.content.decode()
    provider.refresh_from_db()
    assert (provider.name, provider.base_url) == ("vLLM 2", "http://127.0.0.1:9/v1")
    assert read_key(provider) == SECRET


# --- test ------------------------------------------------------------------------------------------------------


def test_a_test_runs_in_the_worker_and_is_told_in_words(
    cast: Cast, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiconfig import testing
    from aiconfig.llm import ModelAnswer, ModelCall, ModelCallError
    from aiconfig.tasks import test_provider

    calls: list[ModelCall] = []

    async def answers(call: ModelCall) -> ModelAnswer:
        calls.append(call)
        return ModelAnswer("ready", "stop", 5, 1, 1234, {})

    async def refuses(call: ModelCall) -> ModelAnswer:
        raise ModelCallError("wrong_key", "next_model", "The provider refused the key.")

    monkeypatch.setattr(testing, "complete", answers)
    test_provider(provider.pk)
    provider.refresh_from_db()
    assert (provider.last_test_ok, provider.last_test_words) == (True, "qwen answered in 1.2 seconds.")
    assert (calls[0].api_key, calls[0].base_url, calls[0].model) == (SECRET, provider.base_url, "qwen")
    monkeypatch.setattr(testing, "complete", refuses)
    test_provider(provider.pk)
    test_provider(provider.pk)
    provider.refresh_from_db()
    assert (provider.last_test_ok, provider.last_test_words) == (False, "qwen: The provider refused the key.")
    test_provider(10**9)  # gone meanwhile: nothing happens


def test_a_provider_without_models_says_what_to_do(cast: Cast) -> None:
    from aiconfig.testing import try_provider

    row = create_provider(name="Empty", kind="ollama", base_url="http://ollama:11434", actor=cast.admin)
    result = try_provider(row)
    assert not result.ok and "Add a model" in result.words


def test_the_page_polls_until_the_result_is_there(
    cast: Cast, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr("aiconfig.views.providers.enqueue", lambda task, pk, expires: sent.append(pk) or True)
    client = signed_in(cast.admin)
    url = at("provider_test", provider)
    started = client.post(url, headers={"HX-Request": "true"})
    assert sent == [provider.pk]
    since = started.context["since"]
    assert "data-poll" in started.content.decode()
    assert "data-poll" in client.get(f"{url}?since={since}").content.decode()
    Provider.objects.update(last_test_at=timezone.now(), last_test_ok=False, last_test_words="The server said no.")
    done = client.get(f"{url}?since={since}").content.decode()
    assert "data-poll" not in done and "The server said no." in done
    old = client.get(f"{url}?since={since - 100}").content.decode()
    assert "data-poll" not in old
    assert client.get(f"{url}?since=nan").status_code == 200
    assert client.get(f"{url}?since=x").status_code == 200
    assert client.post(url).url == at("provider_edit", provider)


# --- providers and models ---------------------------------------------------------------------------------------


def test_adding_a_provider_and_a_model_twice_by_one_form_makes_one(cast: Cast) -> None:
    client = signed_in(cast.admin)
    data = {
        "key": str(uuid.uuid4()),
        "name": "Ollama",
        "kind": "ollama",
        "base_url": "http://ollama:11434",
        "max_concurrent": "2",
    }
    assert client.post(at("provider_create"), data).url == client.post(at("provider_create"), data).url
    provider = Provider.objects.get()
    assert client.post(at("provider_create"), {**data, "base_url": "", "key": ""}).status_code == 422
    values = {
        "key": str(uuid.uuid4()),
        "name": "llama3.1:8b",
        "context_tokens": "8000",
        "max_output_tokens": "2000",
        "temperature": "0.3",
        "output_mode": "auto",
        "offered_to_instructors": "on",
    }
    for _double_click in range(2):
        assert client.post(at("model_create", provider), values).status_code == 302
    model = AIModel.objects.get()
    assert (model.display_name, model.prices.count()) == ("llama3.1:8b", 0)
    twice = client.post(at("model_create", provider), {**values, "key": str(uuid.uuid4())})
    assert twice.status_code == 422 and "already has" in twice.content.decode()
    client.post(at("provider_lifecycle", provider), {"action": "activate"})
    client.post(at("model_lifecycle", model), {"action": "activate"})
    model.refresh_from_db()
    assert model.status == "active"
    bad = client.post(at("model_edit", model), {**values, "temperature": "nan", "context_tokens": "-1"})
    assert bad.status_code == 422
    assert set(bad.context["form"].errors) == {"temperature", "context_tokens"}


@pytest.mark.thorough
def test_admin_shows_states_and_changes_none(cast: Cast, provider: Provider) -> None:
    client = signed_in(cast.admin)
    for model in (*[m for m in admin.site._registry if m._meta.app_label in {"courses", "aiconfig"}],):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
        row = model._default_manager.first()
        if row is not None:
            page = client.get(reverse(f"admin:{name}_change", args=[row.pk]))
            assert page.status_code == 200, name
            assert b'name="status"' not in page.content and b'name="api_key"' not in page.content
    client.post(
        reverse("admin:courses_course_change", args=[cast.course.pk]), {"title": "Renamed", "status": "deleted"}
    )
    cast.course.refresh_from_db()
    assert cast.course.status == "active"


# --- the assignment editor ----------------------------------------------------------------------------------------


def form_of(cast: Cast, **more: str) -> dict[str, str]:
    return {
        "title": "Second essay",
        "rubric": str(cast.rubric.public_id),
        "max_drafts": "3",
        "hours_between": "0",
        "aggregation": "clamped_mean",
        "adaptive_runs": "on",
        "model_wording": "on",
        "feedback_language": "en",
        "levels_shown": "never",
        **more,
    }


def reviewer(model: AIModel, role: str, **more: str) -> dict[str, str]:
    values = {"role": role, "runs": "1", "weight": "1", **more}
    return {"reviewers": "1", **{f"m-{model.public_id}-{name}": value for name, value in values.items()}}


def test_a_title_and_a_rubric_are_enough(cast: Cast) -> None:
    one, two, three, _four = make_models(cast, "One", "a1", "a2", "a3", "a4")
    client = signed_in(cast.bob)
    page = client.get(at("assignment_create", cast.course))
    table = page.context["table"]
    assert [row.role for row in table.rows] == ["reads", "reads", "reads", ""]
    key = str(uuid.uuid4())
    for _double_click in range(2):
        answer = client.post(at("assignment_create", cast.course), form_of(cast, key=key))
        assert answer.status_code == 302
    made = Assignment.objects.get(title="Second essay")
    assert made.status == "draft" and made.model_wording
    assert [choice.ai_model_id for choice in plan_of(made)] == [one.pk, two.pk, three.pk]


def test_the_form_as_it_first_stands_needs_only_a_title_and_a_rubric(cast: Cast) -> None:
    client = signed_in(cast.bob)
    form = client.get(at("assignment_create", cast.course)).context["form"]
    untouched = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, "", [])}
    untouched = {name: value for name, value in untouched.items() if value is not False}
    answer = client.post(
        at("assignment_create", cast.course), {**untouched, "title": "New", "rubric": str(cast.rubric.public_id)}
    )
    assert answer.status_code == 302, answer.context["form"].errors
    made = Assignment.objects.get(title="New")
    assert (made.levels_shown, made.max_drafts, made.adaptive_runs, made.practice) == ("never", 3, True, False)
    assert not made.model_wording


def test_an_id_of_an_assignment_elsewhere_is_not_taken(cast: Cast) -> None:
    data = {"title": "Mine", **{k: v for k, v in form_of(cast).items() if k not in {"title", "rubric"}}}
    client = signed_in(cast.charlie)
    answer = client.post(at("assignment_create", cast.other), {**data, "key": str(cast.assignment.public_id)})
    assert answer.status_code == 422
    assert client.post(at("assignment_create", cast.other), {**data, "key": ""}).status_code == 302


def test_saving_and_opening_in_one_step(cast: Cast) -> None:
    client = signed_in(cast.bob)
    answer = client.post(at("assignment_create", cast.course), form_of(cast, then="publish"))
    made = Assignment.objects.get(title="Second essay")
    assert answer.url == at("assignment_detail", made)
    assert made.status == "active"
    other = client.post(at("assignment_create", cast.course), form_of(cast, title="Third", rubric="", then="publish"))
    third = Assignment.objects.get(title="Third")
    assert third.status == "draft"
    assert other.url == at("assignment_edit", third) + "?opening=1"
    for _reload in range(2):
        page = client.get(other.url).content.decode()
        assert "Saved, but not opened" in page
        assert '<a href="#id_rubric">Choose a rubric first: drafts are read against it.</a>' in page
        assert 'id="id_rubric"' in page
    assert "not opened" not in client.get(at("assignment_edit", third)).content.decode()
    Assignment.objects.filter(pk=third.pk).update(rubric=cast.rubric)
    assert "not opened" not in client.get(other.url).content.decode(), "only as long as it is so"
    closed = form_of(cast, title="Third", closes_at="2020-01-01T00:00", then="publish")
    page = client.get(client.post(at("assignment_edit", third), closed).url).content.decode()
    assert '<a href="#id_closes_at">It closes in the past' in page


def test_a_new_assignment_begins_with_the_courses_only_rubric(cast: Cast) -> None:
    client, new = signed_in(cast.bob), at("assignment_create", cast.course)

    def preset(url: str) -> str:
        return str(client.get(url).context["form"]["rubric"].value())

    assert preset(new) == str(cast.rubric.public_id)
    label = client.get(new).content.decode().split('for="id_rubric">')[1].split("</label>")[0]
    assert label == "Rubric", "not called optional where the page says that a title and a rubric are enough"
    without = Assignment.objects.create(course=cast.course, title="Without")
    assert preset(at("assignment_edit", without)) == "None", "what was saved without one stays so"
    second = create_rubric(course=cast.course, title="Second", criteria=CRITERIA, actor=cast.bob)
    assert preset(new) == "None"
    assert preset(f"{new}?rubric={second.public_id}") == str(second.public_id)


def test_reviewers_in_the_order_given_with_their_parameters(cast: Cast) -> None:
    one, two, three = make_models(cast, "One", "a1", "a2", "a3")
    data = {
        **form_of(cast, title="First essay"),
        **reviewer(one, "reads", position="2", runs="3", temperature="0,7"),
        **reviewer(two, "reads", position="1", weight="1.5"),
        **reviewer(three, "fallback", max_output_tokens="2000"),
    }
    client = signed_in(cast.bob)
    assert client.post(at("assignment_edit", cast.assignment), data).status_code == 302
    plan = plan_of(cast.assignment)
    assert [(choice.ai_model_id, choice.runs, choice.is_fallback) for choice in plan] == [
        (two.pk, 1, False),
        (one.pk, 3, False),
        (three.pk, 1, True),
    ]
    assert (plan[1].temperature, plan[2].max_output_tokens) == (0.7, 2000)
    page = client.get(at("assignment_edit", cast.assignment))
    assert [(row.name, row.role, row.position) for row in page.context["table"].rows] == [
        ("a2", "reads", "1"),
        ("a1", "reads", "2"),
        ("a3", "fallback", "3"),
    ]
    panel = client.get(at("assignment_reviewers", cast.assignment), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in panel and "3 runs" in panel
    # Without its table the form leaves the reviewers alone; with an empty one it removes them.
    client.post(at("assignment_edit", cast.assignment), form_of(cast, title="First essay"))
    assert len(plan_of(cast.assignment)) == 3
    client.post(at("assignment_edit", cast.assignment), form_of(cast, title="First essay", reviewers="1"))
    assert plan_of(cast.assignment) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("runs", "0"),
        ("runs", "10"),
        ("runs", "1e3"),
        ("runs", "99999999999"),
        ("temperature", "NaN"),
        ("temperature", "3"),
        ("temperature", "-1"),
        ("max_output_tokens", "0"),
        ("max_output_tokens", "9999999"),
        ("weight", "0"),
        ("weight", "inf"),
        ("position", "first"),
    ],
)
def test_wrong_numbers_stand_beside_the_model_and_nothing_is_saved(cast: Cast, field: str, value: str) -> None:
    one, two = make_models(cast, "One", "a1", "a2")
    set_assignment_models(assignment=cast.assignment, choices=[ModelChoice(one.pk)], actor=cast.bob)
    data = {**form_of(cast, title="Changed"), **reviewer(one, "reads"), **reviewer(two, "reads", **{field: value})}
    answer = signed_in(cast.bob).post(at("assignment_edit", cast.assignment), data)
    assert answer.status_code == 422
    rows = {row.name: row for row in answer.context["table"].rows}
    assert field in rows["a2"].errors
    assert "Changed" in answer.content.decode()
    cast.assignment.refresh_from_db()
    assert cast.assignment.title == "First essay"
    assert [choice.ai_model_id for choice in plan_of(cast.assignment)] == [one.pk]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("max_drafts", "0"),
        ("max_drafts", "99999999999999999999"),
        ("due_at", "2026-02-30T10:00"),
        ("due_at", "yesterday"),
        ("closes_at", "2020-01-01T00:00"),
        ("min_words", "-5"),
        ("max_words", "10"),
        ("formats", "exe"),
        ("aggregation", "maximum"),
        ("rubric", "00000000-0000-4000-8000-000000000000"),
        ("rubric", "x"),
        ("retention_days", "-1"),
    ],
)
def test_wrong_values_stand_beside_their_field_and_input_is_kept(cast: Cast, field: str, value: str) -> None:
    data = form_of(cast, instructions="Kept words", opens_at="2026-01-01T10:00", min_words="50")
    answer = signed_in(cast.bob).post(at("assignment_create", cast.course), {**data, field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "Kept words" in answer.content.decode()
    assert Assignment.objects.count() == 1


def test_a_rubric_of_another_course_cannot_be_chosen(cast: Cast) -> None:
    foreign = create_rubric(course=cast.other, title="Foreign", criteria=CRITERIA, actor=cast.charlie)
    answer = signed_in(cast.bob).post(
        at("assignment_create", cast.course), form_of(cast, rubric=str(foreign.public_id))
    )
    assert answer.status_code == 422 and "rubric" in answer.context["form"].errors


def test_a_model_that_is_not_offered_cannot_be_chosen(cast: Cast) -> None:
    one, hidden = make_models(cast, "One", "a1", "secret")
    AIModel.objects.filter(pk=hidden.pk).update(offered_to_instructors=False)
    data = {**form_of(cast), **reviewer(one, "reads"), **reviewer(hidden, "reads")}
    signed_in(cast.bob).post(at("assignment_create", cast.course), data)
    made = Assignment.objects.get(title="Second essay")
    assert [choice.ai_model_id for choice in plan_of(made)] == [one.pk]


def test_a_copied_course_keeps_its_reviewers(cast: Cast) -> None:
    one, two = make_models(cast, "One", "a1", "a2")
    plan = [ModelChoice(two.pk, runs=2), ModelChoice(one.pk, is_fallback=True)]
    set_assignment_models(assignment=cast.assignment, choices=plan, actor=cast.bob)
    signed_in(cast.bob).post(at("course_copy", cast.course), {"title": "Again"})
    twin = Assignment.objects.exclude(pk=cast.assignment.pk).get()
    assert list(plan_of(twin)) == plan


def test_the_editor_of_an_archived_course_saves_nothing(cast: Cast) -> None:
    (one,) = make_models(cast, "One", "a1")
    course_lifecycle(obj=cast.course, action="archive", actor=cast.bob)
    client = signed_in(cast.bob)
    for url in (at("assignment_edit", cast.assignment), at("assignment_create", cast.course)):
        answer = client.post(url, {**form_of(cast), **reviewer(one, "reads")})
        assert answer.status_code == 422 and "archived" in answer.content.decode()
    assert not AssignmentModel.objects.exists() and Assignment.objects.count() == 1


@pytest.mark.thorough
def test_queries_do_not_grow_with_models(cast: Cast) -> None:
    first, _second = make_models(cast, "One", "a1", "a2")
    set_assignment_models(assignment=cast.assignment, choices=[ModelChoice(first.pk)], actor=cast.bob)
    clients = [
        (signed_in(cast.admin), at("providers")),
        (signed_in(cast.admin), at("models")),
        (signed_in(cast.admin), at("provider_edit", Provider.objects.get())),
        (signed_in(cast.bob), at("assignment_edit", cast.assignment)),
        (signed_in(cast.bob), at("assignment_reviewers", cast.assignment)),
    ]

    def counts() -> list[int]:
        found = []
        for client, url in clients:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            found.append(len(captured))
        return found

    counts()
    before = counts()
    for number in range(4):
        made = make_models(cast, f"P{number}", "b1", "b2")
        update_provider(provider=made[0].provider, name=f"Provider {number}", actor=cast.admin)
    one = Provider.objects.get(name="One")
    for number in range(5):
        create_model(provider=one, name=f"more-{number}", actor=cast.admin)
    choices = [ModelChoice(pk) for pk in AIModel.objects.active().values_list("pk", flat=True)[:6]]
    set_assignment_models(assignment=cast.assignment, choices=choices, actor=cast.bob)
    assert counts() == before
    assert max(before) <= 15


def test_what_the_text_check_looks_for_is_kept_one_entry_a_line_and_told_to_students(cast: Cast) -> None:
    typed = {"asked_sections": "Method\r\n\r\n  Discussion of\tresults \r\nmethod\r\n", "key_terms": "photosynthesis"}
    teacher = signed_in(cast.bob)
    teacher.post(at("assignment_create", cast.course), form_of(cast, **typed))
    made = Assignment.objects.get(title="Second essay")
    assert (made.asked_sections, made.key_terms) == (["Method", "Discussion of results"], ["photosynthesis"])
    assert "Method\nDiscussion of results</textarea>" in teacher.get(at("assignment_edit", made)).content.decode()
    teacher.post(at("course_copy", cast.course), {"title": "Again"})
    twin = Assignment.objects.exclude(pk=made.pk).get(title="Second essay")
    assert (twin.asked_sections, twin.key_terms) == (made.asked_sections, made.key_terms)

    Assignment.objects.filter(pk=cast.assignment.pk).update(
        asked_sections=made.asked_sections, key_terms=["<b>leaf</b>"]
    )
    page = signed_in(cast.alice).get(at("assignment_detail", cast.assignment)).content.decode()
    assert "Method, Discussion of results" in page and "&lt;b&gt;leaf&lt;/b&gt;" in page
    Assignment.objects.filter(pk=cast.assignment.pk).update(asked_sections=[], key_terms=[])
    page = signed_in(cast.alice).get(at("assignment_detail", cast.assignment)).content.decode()
    assert "What your text should have" not in page


@pytest.mark.parametrize("lines", ["\n".join(f"Part {n}" for n in range(21)), "x" * 81])
def test_too_many_or_too_long_lines_stand_beside_their_field(cast: Cast, lines: str) -> None:
    answer = signed_in(cast.bob).post(at("assignment_create", cast.course), form_of(cast, asked_sections=lines))
    assert answer.status_code == 422 and "asked_sections" in answer.context["form"].errors
    assert lines[:60] in answer.content.decode()
