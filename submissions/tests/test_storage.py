"""Where files are kept: a folder or an S3 server (moto's, on loopback), plain or sealed; all the same to everybody else."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.tests.cast import cast
from feedforward import env, sealing
from feedforward.storage import StorageUnavailable, draft_storage, probe
from privacy.cleanup import remove_content
from submissions.files import StoreUnusable, check_store, store, sweep_strays
from submissions.intake import NotAccepted, submit_draft
from submissions.models import Draft, DraftFile
from submissions.reading import read_draft

WORDS = b"The otter keeps its favourite stone in a pocket of skin, and uses it all its life."


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """A local S3 server with a bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-west-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="drafts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield f"s3://drafts/site?endpoint=http://{host}:{port}&region=eu-west-1&addressing=path"
    server.stop()


@pytest.fixture
def keep(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Set the storage as the environment would."""
    monkeypatch.setenv("S3_ACCESS_KEY", "key")
    monkeypatch.setenv("S3_SECRET_KEY", "secret")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def use(url: str, *, sealed: bool) -> None:
        settings.STORAGES = {**settings.STORAGES, "drafts": env.drafts(url, data_dir=tmp_path, sealed=sealed)}

    return use


def hand_in(people: SimpleNamespace, words: bytes = WORDS, name: str = "essay.txt") -> Draft:
    upload = SimpleUploadedFile(name, words)
    return submit_draft(assignment=people.assignment, student=people.alice, actor=people.alice, uploads=[upload]).draft


def stored_bytes(draft: Draft) -> bytes:
    storage = draft_storage()
    with storage.inner.open(draft.files.get().stored_name) as file:
        return file.read()


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["local", pytest.param("s3", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("sealed", [False, True])
def test_the_way_of_a_file(where: str, sealed: bool, keep: Callable[..., None], request: pytest.FixtureRequest) -> None:
    keep("" if where == "local" else request.getfixturevalue("s3_server"), sealed=sealed)
    check_store()
    people = cast()
    draft = hand_in(people)
    assert sealing.is_sealed(stored_bytes(draft)) is sealed
    assert (WORDS in stored_bytes(draft)) is not sealed
    assert draft_storage().size(draft.files.get().stored_name) == len(WORDS)
    check_store()
    read_draft(draft.pk)
    draft.refresh_from_db()
    assert draft.status == Draft.Status.READY and draft.content.text == WORDS.decode()
    client = Client()
    client.force_login(people.alice)
    answer = client.get(reverse("draft_file", args=[draft.public_id]))
    assert b"".join(answer.streaming_content) == WORDS
    assert answer["Content-Disposition"] == 'attachment; filename="draft-1.txt"'
    assert answer["Content-Length"] == str(len(WORDS))
    name = draft.files.get().stored_name
    assert remove_content(draft.pk, now=timezone.now()) == 1
    assert not draft_storage().exists(name) and not DraftFile.objects.exists()
    assert client.get(reverse("draft_file", args=[draft.public_id])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["local", pytest.param("s3", marks=pytest.mark.thorough)])
def test_sealing_and_secrets_may_change(
    where: str, keep: Callable[..., None], request: pytest.FixtureRequest, settings: Any, capsys: Any
) -> None:
    url = "" if where == "local" else request.getfixturevalue("s3_server")
    people = cast()
    keep(url, sealed=False)
    draft = hand_in(people)
    keep(url, sealed=True)  # switched on: what is there is read as it is, and brought along
    call_command("rotate_files", "--dry-run")
    assert not sealing.is_sealed(stored_bytes(draft))
    call_command("rotate_files")
    assert "1 file(s) were stored anew" in capsys.readouterr().out
    first = stored_bytes(draft)
    assert sealing.is_sealed(first)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SALT_KEY = ["the same salt as ever", *settings.SALT_KEY]
    settings.SECRET_KEY = "another secret of fifty characters and more, for the rotation"
    check_store()
    call_command("rotate_files")
    second = stored_bytes(draft)
    assert sealing.key_id_of(second) != sealing.key_id_of(first)

    settings.SECRET_KEY_FALLBACKS = []
    settings.SALT_KEY = settings.SALT_KEY[:1]
    check_store()
    with draft_storage().open(draft.files.get().stored_name) as file:
        assert file.read() == WORDS
    if where == "local":
        folder = Path(draft_storage().location)
        assert len([path for path in folder.rglob("*") if path.is_file()]) == 1, "nothing is left beside"

    settings.SECRET_KEY = "a third secret, and nobody knows the second one any more, alas"
    with pytest.raises(StoreUnusable, match="SECRET_KEY_FALLBACKS"):
        check_store()
    with pytest.raises(CommandError):
        call_command("rotate_files")
    assert stored_bytes(draft) == second
    client = Client()
    client.force_login(people.alice)
    assert client.get(reverse("draft_file", args=[draft.public_id])).status_code == 404
    read_draft(draft.pk)
    draft.refresh_from_db()
    assert (draft.status, draft.failure) == (Draft.Status.FAILED, "LOST")
    call_command("rotate_files", "--forget-unreadable")
    check_store()
    assert not DraftFile.objects.exists()


@pytest.mark.django_db
def test_a_store_that_does_not_answer(keep: Callable[..., None], settings: Any, tmp_path: Path) -> None:
    """The start is refused; a hand-in is answered in words; a draft waits and its try does not count; removal comes again."""
    people = cast()
    keep("", sealed=True)
    draft = hand_in(people)
    working = settings.STORAGES
    keep("s3://drafts/site?endpoint=http://127.0.0.1:1&region=eu-west-1&addressing=path", sealed=True)
    with pytest.raises(StoreUnusable, match="DRAFTS_URL") as refused:
        check_store()
    assert "secret" not in str(refused.value) and "127.0.0.1" not in str(refused.value)
    with pytest.raises(NotAccepted) as told:
        submit_draft(
            assignment=people.assignment, student=people.alice, actor=people.alice, text="One two three four five."
        )
    assert told.value.code == "storage_down"
    assert Draft.objects.count() == 1
    (tmp_path / "file").write_text("where the folder should be")
    keep(f"file://{tmp_path}/file/drafts", sealed=True)
    for _ in range(4):  # more often than a file may end its reader
        read_draft(draft.pk)
        draft.refresh_from_db()
        assert (draft.status, draft.attempts) == (Draft.Status.RECEIVED, 0)
    client = Client()
    client.force_login(people.alice)
    assert client.get(reverse("draft_file", args=[draft.public_id])).status_code == 503
    with pytest.raises(OSError):
        remove_content(draft.pk, now=timezone.now())
    assert draft.files.count() == 1
    settings.STORAGES = working
    read_draft(draft.pk)
    draft.refresh_from_db()
    assert draft.status == Draft.Status.READY
    # The row of the hand-in that failed still stood for a file that might be there; the sweeper makes sure.
    assert sweep_strays(now=timezone.now() + timedelta(hours=2)) == 1
    assert DraftFile.objects.count() == 1


@pytest.mark.django_db
def test_a_folder_that_cannot_be_written(keep: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    keep(f"file://{tmp_path}/file/drafts", sealed=False)
    with pytest.raises(StorageUnavailable):
        probe()
    with pytest.raises(StoreUnusable):
        check_store()


@pytest.mark.django_db
def test_a_missing_file_is_said_to_be_our_fault(keep: Callable[..., None]) -> None:
    keep("", sealed=False)
    people = cast()
    draft = hand_in(people)
    draft_storage().delete(draft.files.get().stored_name)
    read_draft(draft.pk)
    draft.refresh_from_db()
    assert (draft.status, draft.failure) == (Draft.Status.FAILED, "LOST")


@pytest.mark.django_db
def test_files_of_nobody_are_swept_after_an_hour(keep: Callable[..., None]) -> None:
    """As left by a process that was killed between storing the file and making the draft."""
    keep("", sealed=True)
    now = timezone.now()
    row = store(SimpleUploadedFile("a.txt", WORDS), now=now)
    assert sweep_strays(now=now + timedelta(minutes=59)) == 0 and draft_storage().exists(row.stored_name)
    assert sweep_strays(now=now + timedelta(minutes=61)) == 1 and not draft_storage().exists(row.stored_name)
    assert not DraftFile.objects.exists()


def test_sealed_files_are_streamed(keep: Callable[..., None]) -> None:
    keep("", sealed=True)
    data = os.urandom(300_000)
    storage = draft_storage()
    storage.save("one/file", SimpleUploadedFile("x", data))
    with storage.open("one/file") as file:
        assert file.read(10) == data[:10]
        assert file.read() == data[10:]
    with storage.inner.open("one/file") as stored:
        touched = bytearray(stored.read())
    touched[200_000] ^= 1
    storage.inner.delete("one/file")
    storage.inner.save("one/file", io.BytesIO(bytes(touched)))
    with pytest.raises(sealing.Unopenable), storage.open("one/file") as file:
        file.read()


@pytest.mark.parametrize(
    "url", ["ftp://x", "s3://", "s3://key:secret@bucket/x", "s3://bucket/x?endpont=http://x", "/folder"]
)
def test_addresses_that_cannot_be_used(url: str, tmp_path: Path) -> None:
    with pytest.raises(env.BadSetting, match="DRAFTS_URL"):
        env.drafts(url, data_dir=tmp_path, sealed=False)


def test_half_a_pair_of_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("S3_ACCESS_KEY", "key")
    monkeypatch.delenv("S3_SECRET_KEY", raising=False)
    with pytest.raises(env.BadSetting, match="go together"):
        env.drafts("s3://bucket", data_dir=tmp_path, sealed=False)


def test_local_files_are_for_the_site_alone(keep: Callable[..., None]) -> None:
    keep("", sealed=False)
    assert storages["drafts"].save("2026/01/abc", SimpleUploadedFile("x", b"x")) == "2026/01/abc"
    path = Path(draft_storage().location) / "2026/01/abc"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
