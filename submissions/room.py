"""Whether a student may hand in now, and how large a draft may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from courses.models import Assignment
from submissions.extraction.limits import Limits
from submissions.models import Draft


@dataclass(frozen=True)
class Room:
    """What is left: ``used`` of ``allowed`` drafts, the number the next one gets, and why not now, if so."""

    used: int
    allowed: int
    next_number: int
    next_at: datetime | None
    refusal: str
    refusal_code: str = ""

    @property
    def open(self) -> bool:
        return not self.refusal


def limits_for(assignment: Assignment) -> Limits:
    """Return the limits on a draft of this assignment, all its files together, from the site's settings."""
    return Limits(
        max_bytes=settings.DRAFT_MAX_BYTES,
        max_pages=settings.DRAFT_MAX_PAGES,
        max_words=settings.DRAFT_MAX_WORDS,
        timeout_s=settings.EXTRACT_TIMEOUT_S,
        memory_mb=settings.EXTRACT_MEMORY_MB,
        ocr=settings.TESSERACT,
        ocr_languages=settings.OCR_LANGUAGES,
        ocr_pages=settings.OCR_MAX_PAGES,
        ocr_timeout_s=settings.OCR_TIMEOUT_S,
    )


def limit_words(limits: Limits) -> dict[str, int]:
    """Return the numbers a verdict's sentence may name."""
    return {
        "max_mb": limits.max_bytes // (1024 * 1024),
        "max_words": limits.max_words,
        "max_pages": limits.max_pages,
    }


def closed_words(assignment: Assignment, now: datetime) -> tuple[str, str]:
    """Return why nothing can be handed in now, and its code; two empty words while the assignment is open."""
    phase = assignment.phase(now)
    if phase == "open":
        return "", ""
    if phase == "upcoming":
        return _("This assignment has not opened yet."), "not_open"
    return _("This assignment is closed; no more drafts can be handed in."), "closed"


def room_for(*, assignment: Assignment, student: User, now: datetime) -> Room:
    """Return whether ``student`` may hand in a draft now, and the draft number it would get.

    A draft whose file could not be read keeps its number: the next file takes its place.
    """
    drafts = list(
        Draft.objects.filter(assignment=assignment, student=student)
        .order_by("-number")
        .values_list("number", "status", "submitted_at")
    )
    counted = [d for d in drafts if d[1] not in (Draft.Status.FAILED, Draft.Status.WITHDRAWN)]
    highest = drafts[0][0] if drafts else 0
    failed_last = bool(drafts) and drafts[0][1] == Draft.Status.FAILED
    number = highest if failed_last else highest + 1
    used, allowed = len(counted), assignment.max_drafts
    next_at = None
    refusal, code = closed_words(assignment, now)
    if refusal:
        pass
    elif used >= allowed:
        refusal = _("You have handed in all %(allowed)s drafts of this assignment.") % {"allowed": allowed}
        code = "draft_limit"
    elif counted and assignment.hours_between and not failed_last:
        next_at = max(d[2] for d in counted) + timedelta(hours=assignment.hours_between)
        if now < next_at:
            refusal, code = _("The next draft can be handed in later; the page says when."), "too_soon"
    return Room(used, allowed, number, next_at, refusal, code)
