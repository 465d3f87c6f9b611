"""Trying a setting through its pages: real prompts, real HTTP to stub reviewers, and no student anywhere near it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aiconfig.models import AIModel
from courses.assignments import create_assignment
from courses.models import Assignment
from courses.tests.cast import at, signed_in
from feedback.models import Feedback, FeedbackRequest, ModelRun, RunTranscript, Trial
from feedback.sweeping import sweep
from feedback.tests.conftest import ESSAY, Stage
from feedback.trials import preview, reading
from feedback.trials.samples import SAMPLES
from feedforward import ratelimit
from feedforward.models import OutgoingMail
from privacy.cleanup import remove_due
from submissions.models import Draft, DraftFile

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Stage]
CANARY = "Xylophonic Quagga"
TEXT = ESSAY.replace("Everybody knows", f"The {CANARY} knows")


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def setting_form(made: Stage, *names: str, **more: Any) -> dict[str, Any]:
    """What the form sends for these models, once each."""
    data = {"sample": SAMPLES[0].name, "text": "", "aggregation": "clamped_mean", "key": str(uuid.uuid4()), **more}
    for model in AIModel.objects.filter(pk__in=[made.models[name] for name in names or made.models]):
        data |= {f"m-{model.public_id}-role": "reads", f"m-{model.public_id}-runs": "1"}
    return data


def post(made: Stage, *names: str, status: int = 302, client: Client | None = None, **more: Any) -> Trial:
    answer = (client or signed_in(made.people.bob)).post(
        at("trials", made.assignment), setting_form(made, *names, **more)
    )
    assert answer.status_code == status, answer.context["form"].errors
    return Trial.objects.latest("pk")


def through(made: Stage, trial: Trial) -> Trial:
    """Do what the workers do with a trial."""
    reading.read_trial(trial.pk)
    trial.refresh_from_db()
    request = FeedbackRequest.objects.filter(trial=trial).first()
    if request is not None:
        made.execute(request)
    trial.refresh_from_db()
    return trial


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_pasted_text_goes_the_way_of_a_draft_and_reaches_no_student(stage: Make) -> None:
    made = stage("honest-1", "honest-1b", "honest-2", "unauthorised", fallback=("lenient",))
    client = signed_in(made.people.bob)
    assert client.get(at("trials", made.assignment)).status_code == 200
    trial = through(made, post(made, "honest-1", "honest-1b", "honest-2", text=TEXT, client=client))
    request = FeedbackRequest.objects.get(trial=trial)
    assert (request.status, request.draft_id) == ("tried", None)
    page = words(client.get(at("trial", trial)))
    for shown in ("Developing", "2 of 3 reviewers", "3 of 3", "Add one source", CANARY, "Honest-2 × 1"):
        assert shown in page, shown
    # The exact prompt of a run, with the text and the answer in it.
    run = request.runs.first()
    sent = words(client.get(f"/trials/{trial.public_id}/runs/{run.pk}/"))
    assert f"The {CANARY} knows" in sent and "ff.review/1" in sent
    # Nothing of it is a draft, on a desk, in a queue, in a mail or on the saved assignment.
    assert not Draft.objects.exists() and not Feedback.objects.exists() and not OutgoingMail.objects.exists()
    assert not trial.stored_name and trial.result["criteria"][0]["readings"]["Honest-2"]["median"] == 2.0
    assert CANARY not in words(client.get(at("review_queue", made.assignment)))
    assert CANARY not in words(signed_in(made.people.alice).get(at("assignment_detail", made.assignment)))


@pytest.mark.thorough
def test_the_engine_is_the_same_down_to_stand_ins_and_extra_runs(stage: Make, settings) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    made = stage("lenient", "harsh", "unauthorised", fallback=("honest-1",))
    data = {f"m-{AIModel.objects.get(name='honest-1').public_id}-role": "fallback", "adaptive": "on"}
    trial = through(made, post(made, "lenient", "harsh", "unauthorised", **data))
    runs = ModelRun.objects.filter(request__trial=trial)
    assert runs.get(slot=2, is_extra=False).display_name == "Honest-1"
    assert runs.filter(is_extra=True).exists()
    page = words(signed_in(made.people.bob).get(at("trial", trial)))
    assert "Reviewers disagree" in page and "stand-in" in page and "extra" in page


def test_when_nobody_answers_the_page_says_why(stage: Make, settings) -> None:
    settings.RUN_MAX_ATTEMPTS = 1
    made = stage("unauthorised", "unauthorised-2")
    trial = through(made, post(made))
    page = words(signed_in(made.people.bob).get(at("trial", trial)))
    assert "No answer can be used" in page and "refused the key" in page and "sk-canary" not in page
    assert trial.request.status == "tried" and not OutgoingMail.objects.exists()


def test_a_dry_run_shows_the_prompt_and_calls_nobody_until_asked_to(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    client = signed_in(made.people.bob)
    made.provider.calls.clear()
    trial = post(made, text=f"By {made.people.alice.name}. {TEXT}", then="prompt", custom_instructions="Be brief.")
    reading.read_trial(trial.pk)
    assert "being built" in words(client.get(at("trial", trial)))
    preview.build_prompts(trial.pk)
    page = words(client.get(at("trial", trial)))
    assert "Nobody was called" in page and f"The {CANARY} knows" in page and "Be brief." in page
    assert f"By {made.people.alice.name}" not in page, "names of the roster are replaced here as well"
    assert not made.provider.calls and not FeedbackRequest.objects.exists()
    for _ in range(2):  # asked twice, called once
        assert client.post(at("trial_run", trial)).status_code == 302
    made.execute(FeedbackRequest.objects.get(trial=trial))
    assert sum(made.provider.calls.values()) == 2
    previewed = trial.__class__.objects.get(pk=trial.pk).result
    assert "prompts" not in previewed and previewed["criteria"]


def test_the_preview_is_the_prompt_but_for_marks_and_order(stage: Make) -> None:
    made = stage("honest-1")
    trial = post(made, text=TEXT, then="prompt")
    reading.read_trial(trial.pk)
    preview.build_prompts(trial.pk)
    (shown,) = Trial.objects.get(pk=trial.pk).result["prompts"][0]["calls"]
    made.provider.prompts.clear()
    signed_in(made.people.bob).post(at("trial_run", trial))
    made.execute(FeedbackRequest.objects.get(trial=trial))
    (_model, sent), *_ = made.provider.prompts

    def plain(messages: list[dict[str, str]]) -> list[str]:
        text = "\n".join(message["content"] for message in messages)
        nonce = re.search(r"⟦([a-z0-9]{10})·", text)
        assert nonce
        return sorted(re.sub(r"FFC-[0-9a-f]{12}", "FFC", text.replace(nonce[1], "NONCE")).splitlines())

    assert plain(shown) == plain(sent)


@pytest.mark.thorough
def test_two_settings_side_by_side_on_one_text_only(stage: Make) -> None:
    made = stage("honest-1", "honest-1b", "lenient")
    client = signed_in(made.people.bob)
    first = through(made, post(made, "honest-1", "honest-1b", text=TEXT))
    form = client.get(at("trials", made.assignment), {"again": first.public_id})
    assert "The same text again" in words(form)
    second = through(
        made, post(made, "lenient", aggregation="majority", again=str(first.public_id), sample="again", client=client)
    )
    assert (second.text, second.text_id) == (first.text, first.text_id)
    url = f"/trials/{first.public_id}/beside/{second.public_id}/"
    assert url in client.get(at("trial", first)).content.decode()
    page = words(client.get(url))
    for shown in ("Setting A", "Majority", "Clamped mean", "Lenient × 1", "Notes of setting B", "1 of 1", "2 of 2"):
        assert shown in page, shown
    # One model is too few to suggest a level: that is not a difference.
    assert "cannot tell" in page and "No criterion has a level under both settings" in page
    third = through(made, post(made, "honest-1", "honest-1b", "lenient", sample="again", again=str(first.public_id)))
    assert "The same level on 2 of 2 criteria" in words(
        client.get(f"/trials/{first.public_id}/beside/{third.public_id}/")
    )
    other = through(made, post(made, "honest-1"))
    assert client.get(f"/trials/{first.public_id}/beside/{other.public_id}/").status_code == 404
    assert client.get(f"/trials/{first.public_id}/beside/{first.public_id}/").status_code == 404


def test_a_file_is_read_by_a_worker_and_kept_no_longer_than_that(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    upload = SimpleUploadedFile("alice-essay.md", TEXT.encode(), "text/markdown")
    trial = post(made, file=upload)
    assert storages["drafts"].exists(trial.stored_name) and "alice" not in str(Trial.objects.values())
    stored = trial.stored_name
    trial = through(made, trial)
    assert trial.words and not storages["drafts"].exists(stored)
    bad = SimpleUploadedFile("essay.pdf", b"%PDF-1.4 nothing more", "application/pdf")
    failed = through(made, post(made, file=bad))
    page = words(signed_in(made.people.bob).get(at("trial", failed)))
    assert failed.status == "failed" and "could not be read" in page and not failed.stored_name


def test_what_cannot_be_tried_is_said_and_nothing_is_made(stage: Make) -> None:
    made = stage("honest-1")
    client = signed_in(made.people.bob)
    url = at("trials", made.assignment)
    for more, said in (
        ({"text": "Too short."}, "too little text"),
        ({"text": TEXT, "file": SimpleUploadedFile("a.txt", TEXT.encode())}, "not both"),
        ({"file": SimpleUploadedFile("a.exe", b"MZ")}, "kind of file cannot be read"),
        ({"aggregation": "maximum"}, "Select a valid choice"),
    ):
        answer = client.post(url, setting_form(made, **more))
        assert answer.status_code == 422 and said in words(answer), said
    nothing = setting_form(made)
    nothing = {name: value for name, value in nothing.items() if not name.startswith("m-")}
    assert "at least one model" in words(client.post(url, nothing))
    Assignment.objects.filter(pk=made.assignment.pk).update(rubric=None)
    assert "No rubric yet" in words(client.post(url, setting_form(made)))
    Assignment.objects.filter(pk=made.assignment.pk).update(status="archived", rubric=made.people.rubric)
    assert "archived" in words(client.post(url, setting_form(made)))
    assert not Trial.objects.exists()


def test_a_form_sent_twice_makes_one_trial_and_a_busy_hand_is_slowed(stage: Make) -> None:
    made = stage("honest-1")
    client = signed_in(made.people.bob)
    data = setting_form(made)
    places = {client.post(at("trials", made.assignment), data)["Location"] for _ in range(2)}
    assert len(places) == 1 and Trial.objects.count() == 1
    for _ in range(28):
        ratelimit.count(ratelimit.LIMITS["test_run"], str(made.people.bob.pk))
    assert client.post(at("trials", made.assignment), data).status_code == 429


@pytest.mark.thorough
def test_who_may_see_a_trial(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    trial = through(made, post(made, text=TEXT))
    run = ModelRun.objects.filter(request__trial=trial).first()
    urls = [at("trials", made.assignment), at("trial", trial), at("trial_panel", trial)]
    urls.append(f"/trials/{trial.public_id}/runs/{run.pk}/")
    refused = {"tom": 403, "charlie": 404, "alice": 403, "dana": 403, "admin": 403}
    for who, status in ({"carol": 200} | refused | {"bob": 200}).items():
        client = signed_in(getattr(made.people, who))
        for url in urls:
            answer = client.get(url)
            assert answer.status_code == status, (who, url)
            assert status == 200 or CANARY not in answer.content.decode()
        if who in refused:
            assert client.post(at("trial_remove", trial)).status_code == status
            assert Trial.objects.get(pk=trial.pk).text
    assert signed_in(made.people.bob).post(at("trial_remove", trial)).status_code == 302
    assert not Trial.objects.get(pk=trial.pk).text


def everything_stored() -> str:
    from django.apps import apps

    return "\n".join(str(row) for model in apps.get_models() for row in model._default_manager.values())


def test_the_hourly_removal_takes_the_words_and_leaves_levels_and_cost(stage: Make) -> None:
    made = stage("honest-1", "honest-1b")
    trial = through(made, post(made, text=TEXT))
    dry = post(made, text=TEXT, then="prompt")
    reading.read_trial(dry.pk)
    preview.build_prompts(dry.pk)
    unread = post(made, text=TEXT)
    stored = unread.stored_name
    assert CANARY in everything_stored()
    remove_due(now=timezone.now() + timedelta(days=13))
    assert Trial.objects.get(pk=trial.pk).text
    remove_due(now=timezone.now() + timedelta(days=13, hours=25))
    remove_due(now=timezone.now() + timedelta(days=14, hours=1))
    assert CANARY not in everything_stored() and not RunTranscript.objects.exists()
    assert not storages["drafts"].exists(stored)
    reading.read_trial(unread.pk)  # a late message finds nothing to do
    trial.refresh_from_db()
    assert trial.result["criteria"][0]["suggested_level"] == 1 and not trial.result["notes"]
    assert ModelRun.objects.filter(request__trial=trial, latency_ms__isnull=False).count() == 2
    client = signed_in(made.people.bob)
    for one in (trial, dry, unread):
        assert "has been removed" in words(client.get(at("trial", one)))
    assert client.post(at("trial_run", dry)).status_code == 302
    assert not FeedbackRequest.objects.filter(trial=dry).exists()
    page = words(client.get(at("trial", trial)))
    assert "Developing" in page


def test_what_no_message_stands_for_is_found_again(stage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stage("honest-1")
    dry, lost = post(made, then="prompt"), post(made)
    reading.read_trial(dry.pk)
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(reading, "enqueue", lambda task, pk: sent.append((task.name, pk)) is None)
    sweep(now=timezone.now() + timedelta(minutes=1))
    assert sorted(sent) == [("feedback.tasks.preview_trial", dry.pk), ("feedback.tasks.read_trial", lost.pk)]


@pytest.mark.thorough
def test_the_list_asks_as_often_for_many_as_for_few(stage: Make) -> None:
    made = stage("honest-1")
    client = signed_in(made.people.bob)
    through(made, post(made))
    with CaptureQueriesContext(connection) as few:
        client.get(at("trials", made.assignment))
    for _ in range(4):
        post(made)
    with CaptureQueriesContext(connection) as many:
        page = client.get(at("trials", made.assignment))
    assert page.content.count(b"/trials/") == 5 and len(many) <= len(few)


def test_a_trials_file_is_its_own_and_none_is_left_of_a_trial_that_was_not_made(stage: Make) -> None:
    made = stage("honest-1")
    first = post(made, "honest-1", text=TEXT)
    assert storages["drafts"].exists(first.stored_name) and not DraftFile.objects.exists()
    # Somebody else's trial has this key: the second is refused by the database after its file was stored.
    folder = Path(storages["drafts"].location)
    before = {path for path in folder.rglob("*") if path.is_file()}
    far = create_assignment(course=made.people.other, title="Acids", actor=made.people.charlie)
    Trial.objects.filter(pk=first.pk).update(assignment=far)
    with pytest.raises(IntegrityError):
        post(made, "honest-1", text=TEXT, key=str(first.key))
    assert {path for path in folder.rglob("*") if path.is_file()} == before and not DraftFile.objects.exists()
