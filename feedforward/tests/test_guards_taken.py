"""More guards taken away once, as in ``test_guards``: names of files, headers of mails, whose objects, templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django.core.files.storage.base
import django.core.files.storage.filesystem
import pytest
from django.core import mail
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from courses.models import Assignment
from feedforward import outbox
from feedforward.models import OutgoingMail
from feedforward.tests import hostile
from feedforward.tests.cast import CANARY, Scene
from feedforward.tests.cast import scene as make_scene
from submissions import files
from submissions.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def taken_back() -> Iterator[None]:
    """What a test changes in the scene is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def asking(actor: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(actor)
    return client


def new_files(scene: Scene, folder: Path, name: str) -> tuple[int, list[str]]:
    """Hand a file of this name in; return the status and where files are now that were not before. Undoes both."""
    before = set(folder.rglob("*"))
    url = reverse("submit", kwargs={"public_id": scene.assignment.public_id})
    upload = SimpleUploadedFile(name, b"A short text about the island, its people and its weather. " * 20, "text/plain")
    with transaction.atomic():
        sent = asking(scene.people.alice).post(url, {"source": "file", "file": upload})
        transaction.set_rollback(True)
    found = [path for path in set(folder.rglob("*")) - before if path.is_file()]
    for path in found:
        path.unlink()
    return sent.status_code, [str(path.relative_to(folder)) for path in found]


# What the storage's checks of a path would be if they checked nothing.
NO_WALLS: dict[str, Any] = {
    "validate_file_name": lambda name, **options: name,
    "get_available_name": lambda self, name, max_length=None: name,
    "safe_join": lambda base, name: str((Path(base) / name).resolve()),
}


def test_without_random_names_a_file_says_where_it_goes(
    scene: Scene, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two walls: the name is ours; were it theirs, the storage would still keep it below its folder."""
    folder = tmp_path / "drafts"
    folder.mkdir()
    backend = {"backend": "local", "options": {"location": str(folder)}}
    store = {"BACKEND": "feedforward.storage.DraftStorage", "OPTIONS": backend}
    settings.STORAGES = {**settings.STORAGES, "drafts": store}
    up = "../../../"

    status, (found,) = new_files(scene, tmp_path, "x.txt")
    assert status == 302 and found.startswith("drafts/") and len(Path(found).name) == 32
    monkeypatch.setattr(files, "_new_name", lambda upload, now: f"{now:%Y/%m}/{upload.name}")
    status, (found,) = new_files(scene, tmp_path, "x.txt")
    assert status == 302 and found.endswith("/x.txt")

    monkeypatch.setattr(files, "_new_name", lambda upload, now: f"{now:%Y/%m}/{up}{upload.name}")
    for wall, name in (
        (django.core.files.storage.base, "validate_file_name"),
        (FileSystemStorage, "get_available_name"),
        (django.core.files.storage.filesystem, "safe_join"),
    ):
        assert new_files(scene, tmp_path, "y.txt")[1] == []
        monkeypatch.setattr(wall, name, NO_WALLS[name])
    assert new_files(scene, tmp_path, "y.txt") == (302, ["y.txt"])  # beside the folder, where the sender wanted it


def test_without_one_line_subjects_write_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two walls: subjects are on one line; a broken one Django refuses to send."""

    def sent() -> list[bool]:
        OutgoingMail.objects.all().delete()
        mail.outbox.clear()
        outbox.queue_mail(
            kind="x",
            to="a@uni.example",
            subject="Hello\r\nX-Ffx: 1",
            template="account",
            context={"letter": {}},
        )
        outbox.send_due()
        return ["\nX-Ffx: 1" in str(message.message()["Subject"]) for message in mail.outbox]

    assert sent() == [False]
    monkeypatch.setattr(outbox, "one_line", str)
    assert sent() == []
    monkeypatch.setattr(
        "django.core.mail.message.forbid_multi_line_headers", lambda name, value, encoding: (name, value)
    )
    assert sent() == [True]


@pytest.mark.parametrize(
    ("page", "actor", "guarded", "guard"),
    [
        ("draft_file", "peer", Draft, "visible_to"),
        ("draft_text", "peer", Draft, "of_student"),
        ("desk", "other_instructor", Draft, "reviewable_by"),
        ("assignment_detail", "elsewhere", Assignment, "visible_to"),
    ],
)
def test_without_its_queryset_anothers_object_opens(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, page: str, actor: str, guarded: Any, guard: str
) -> None:
    of = scene.assignment if guarded is Assignment else scene.waiting if page == "desk" else scene.released
    known = "assignment_id" if guarded is Assignment else "public_id"
    url, client = reverse(page, kwargs={known: of.public_id}), asking(scene.actor(actor))
    assert client.get(url).status_code == 404
    monkeypatch.setattr(type(guarded.objects.all()), guard, lambda self, user: self.all())
    answer = client.get(url)
    assert answer.status_code == 200 and CANARY in b"".join(answer).decode().lower()


def test_a_template_made_from_words_would_be_seen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "Write about <ffx>{{ 7|add:6 }}."
    Assignment.objects.filter(pk=scene.assignment.pk).update(instructions=words)
    url = reverse("assignment_detail", kwargs={"assignment_id": scene.assignment.public_id})
    client = asking(scene.people.alice)
    assert hostile.read_page(client.get(url).content.decode())[0] == []
    monkeypatch.setattr("feedforward.templatetags.components.to_html", lambda text: Template(text).render(Context()))
    assert "a template of theirs was rendered" in hostile.read_page(client.get(url).content.decode())[0]
