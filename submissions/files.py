"""Keeping files: a row before the file, so that whatever dies in between, no file is ever left without somebody to remove it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from accounts import audit
from feedforward import sealing
from feedforward.storage import StorageUnavailable, draft_storage, probe, site_keys
from submissions.models import Draft, DraftFile

logger = logging.getLogger(__name__)

# A file whose draft was never made is removed after this time; an upload on its way takes minutes at most.
STRAY_AFTER = timedelta(hours=1)


class StoreUnusable(Exception):
    """The site may not start with its storage as it is; the message says what to do."""


@dataclass(frozen=True)
class Rotated:
    """What rotating did, or would do: files stored anew, as they should be, unreadable, not there."""

    changed: int = 0
    fine: int = 0
    unreadable: int = 0
    missing: int = 0


def _new_name(upload: File, now: datetime) -> str:
    """Return where ``upload`` goes: nothing of the name it came with, which may hold a path, a person, a program."""
    return f"{now:%Y/%m}/{uuid.uuid4().hex}"


def store(upload: File, *, now: datetime) -> DraftFile:
    """Store ``upload`` under a random name, as a file of no draft yet. Raises :class:`StorageUnavailable`; then nothing is left."""
    row = DraftFile.objects.create(stored_name=_new_name(upload, now), created_at=now)
    try:
        draft_storage().save(row.stored_name, upload)
    except BaseException:
        discard([row])
        raise
    return row


def discard(rows: Iterable[DraftFile]) -> None:
    """Remove files that belong to no draft (any more), and their rows; those a draft owns are left alone.

    What cannot be removed now is left to the sweeper.
    """
    for row in DraftFile.objects.filter(pk__in=[row.pk for row in rows], content__isnull=True):
        try:
            draft_storage().delete(row.stored_name)
        except OSError as error:
            logger.warning("stored file of row %s not removed yet: %s", row.pk, type(error).__name__)
            continue
        DraftFile.objects.filter(pk=row.pk, content__isnull=True).delete()


def hand_over(row: DraftFile) -> str:
    """Give a stored file to an owner that is no draft, inside the transaction that makes the owner. Returns its stored name.

    From then on nobody but the owner removes it; rolled back, it is a file of nobody again.
    """
    DraftFile.objects.filter(pk=row.pk, content__isnull=True).delete()
    return row.stored_name


def sweep_strays(*, now: datetime | None = None) -> int:
    """Remove files that no draft came to own: their process died, or the store did not answer. Returns how many there were."""
    now = now or timezone.now()
    strays = list(DraftFile.objects.filter(content__isnull=True, created_at__lt=now - STRAY_AFTER)[:500])
    discard(strays)
    return len(strays)


def remove_stored(draft_id: int) -> int:
    """Remove the stored files of a draft whose content is due; their rows go with the content. Returns how many. Safe to repeat.

    Raises OSError when one could not be removed: the caller leaves the rows, which find it again.
    """
    names = list(DraftFile.objects.filter(content__draft_id=draft_id).values_list("stored_name", flat=True))
    for name in names:
        draft_storage().delete(name)
    return len(names)


def shared_with_others(draft: Draft, files: Iterable[DraftFile]) -> bool:
    """Whether another student of the course handed in one of these files, byte for byte. For staff only."""
    digests = [row.sha256 for row in files if row.sha256]
    others = DraftFile.objects.filter(
        sha256__in=digests, content__draft__assignment__course_id=draft.assignment.course_id
    ).exclude(content__draft__student_id=draft.student_id)
    return bool(digests) and others.exclude(content__draft__status=Draft.Status.WITHDRAWN).exists()


def rotate(*, dry_run: bool) -> Rotated:
    """Store every file anew that is not sealed as the site asks for now: with the first key, or not at all."""
    storage = draft_storage()
    wanted = site_keys()[0].key_id
    known = {key.key_id for key in site_keys()}
    changed = fine = unreadable = missing = 0
    for name in DraftFile.objects.values_list("stored_name", flat=True).iterator(chunk_size=500):
        try:
            header = storage.seal_header(name)
            sealed = sealing.is_sealed(header)
            if sealed == storage.sealed and (not sealed or sealing.key_id_of(header) == wanted):
                fine += 1
            elif sealed and sealing.key_id_of(header) not in known:
                unreadable += 1
            else:
                if not dry_run:
                    storage.replace(name)
                changed += 1
        except FileNotFoundError:
            missing += 1
        except sealing.Unopenable:
            unreadable += 1
    return Rotated(changed, fine, unreadable, missing)


def forget_unreadable() -> int:
    """Remove every file that this site's secrets cannot open, for a site that lost them. Returns how many."""
    known = {key.key_id for key in site_keys()}
    storage = draft_storage()
    forgotten = 0
    for row in DraftFile.objects.select_related("content__draft__assignment").iterator(chunk_size=500):
        try:
            header = storage.seal_header(row.stored_name)
        except FileNotFoundError:
            continue
        if not sealing.is_sealed(header) or sealing.key_id_of(header) in known:
            continue
        storage.delete(row.stored_name)
        with transaction.atomic():
            row.delete()
            if row.content is not None:
                draft = row.content.draft
                audit.record(actor=None, code="draft.file_forgotten", obj=draft, course_id=draft.assignment.course_id)
        forgotten += 1
    return forgotten


def check_store() -> None:
    """Raise :class:`StoreUnusable` when files cannot be stored, or the newest one not be opened with this site's secrets."""
    try:
        probe()
        newest = DraftFile.objects.filter(content__isnull=False).order_by("-pk").values_list("stored_name", flat=True)
        if (name := newest.first()) is None:
            return
        try:
            header = draft_storage().seal_header(name)
        except FileNotFoundError:
            return
    except StorageUnavailable as error:
        raise StoreUnusable(
            f"Drafts cannot be stored: the storage did not answer as it should ({error}). "
            "Check DRAFTS_URL, its keys and that the folder or bucket can be written to."
        ) from None
    if sealing.is_sealed(header) and sealing.key_id_of(header) not in {key.key_id for key in site_keys()}:
        raise StoreUnusable(
            "The stored drafts were sealed under another SECRET_KEY or SALT_KEY. Start with those, or list the old SECRET_KEY "
            "in SECRET_KEY_FALLBACKS. If they are lost for good, run manage.py rotate_files --forget-unreadable: "
            "it removes the files nobody can open; the text that was read from them stays."
        )
