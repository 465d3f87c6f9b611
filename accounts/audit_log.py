"""Reading the audit: search, filters, words for the codes, rows for a page or a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent

# A sentence for what happens often; a code without one is shown as it is.
WORDS = {
    "account.signed_in": _("signed in"),
    "account.signed_out": _("signed out"),
    "account.sign_in_failed": _("a sign-in failed"),
    "account.password_changed": _("changed the password"),
    "account.reset_requested": _("a link for a new password was asked for"),
    "account.session_ended": _("a session ended"),
    "person.added": _("added a person"),
    "person.joined": _("joined by invitation"),
    "person.signed_up": _("signed up"),
    "person.roles_changed": _("changed roles"),
    "person.deactivated": _("closed an account"),
    "person.reactivated": _("opened an account again"),
    "person.sessions_ended": _("signed somebody out everywhere"),
    "person.instructor_approved": _("approved an instructor"),
    "person.instructor_declined": _("declined an instructor"),
    "person.profile_changed": _("changed a profile"),
    "invitation.sent": _("sent an invitation"),
    "invitation.resent": _("sent an invitation again"),
    "invitation.withdrawn": _("withdrew an invitation"),
    "invitation.accepted": _("accepted an invitation"),
    "mail.resent": _("sent a mail again"),
    "audit.exported": _("exported the audit"),
    "audit.pruned": _("old events were removed"),
    "draft.submitted": _("handed in a draft"),
    "draft.refused": _("a hand-in was refused"),
    "draft.read": _("the file was read"),
    "draft.unreadable": _("the file could not be read"),
    "draft.replaced": _("handed in other files in its place"),
    "draft.file_forgotten": _("a file nobody can open was removed"),
    "draft.text_confirmed": _("confirmed the text"),
    "draft.withdrawn": _("took the draft back"),
    "draft.file_opened": _("opened the original file"),
    "content.removed": _("the content was removed"),
    "feedback.requested": _("readings were asked for"),
    "feedback.combined": _("the readings were combined"),
    "feedback.needs_human": _("no reading could be used"),
    "feedback.rerun": _("asked for new readings"),
    "feedback.approved": _("approved the feedback"),
    "feedback.released": _("released the feedback"),
    "feedback.retracted": _("took the feedback back"),
    "feedback.settled": _("looked again; the feedback stands"),
    "feedback.contested": _("asked for another look"),
    "run.transcript_opened": _("opened a prompt and its answer"),
    "insight.exported": _("exported an assignment's numbers"),
    "results.exported": _("exported levels and points"),
    "trial.made": _("tried a setting on a text"),
    "trial.run": _("had a trial's text read by the models"),
    "trial.combined": _("a trial's readings were combined"),
    "trial.removed": _("a trial's text was removed"),
    "note.answered": _("answered a note"),
    "review.level": _("set a level"),
    "review.summary": _("wrote a word to the student"),
    "review.criterion_comment": _("commented on a criterion"),
    "review.note_edited": _("edited a note"),
    "review.note_added": _("added a note"),
    "review.note_shown": _("showed a note"),
    "review.note_suggested": _("put a note aside"),
    "review.note_discarded": _("discarded a note"),
    "review.by_hand": _("chose to mark by hand"),
}
HEAD = ("at", "event", "actor", "kind", "object", "course", "fields", "counts", "network")


@dataclass(frozen=True)
class Search:
    """What somebody looks for in the audit; empty fields do not narrow."""

    words: str = ""
    family: str = ""  # the part of the code before the dot
    since: date | None = None
    until: date | None = None


def day_or_none(text: str) -> date | None:
    """Parse an ISO date from a query string; anything else is no date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def events(search: Search, *, course_id: int | None = None) -> QuerySet[AuditEvent]:
    """Events that match, newest first; with ``course_id`` those of one course only."""
    found = AuditEvent.objects.select_related("actor").order_by("-pk")
    if course_id is not None:
        found = found.filter(course_id=course_id)
    if search.family:
        found = found.filter(code__startswith=f"{search.family}.")
    for word in search.words.split()[:4]:
        found = found.filter(
            Q(code__icontains=word)
            | Q(object_label__iexact=word)
            | Q(object_id=word)
            | Q(actor__email__icontains=word)
            | Q(actor__name__icontains=word)
        )
    if search.since:
        found = found.filter(created_at__gte=_midnight(search.since))
    if search.until:
        found = found.filter(created_at__lt=_midnight(search.until + timedelta(days=1)))
    return found


def families() -> list[str]:
    """The kinds of events there are, as the part of the code before the dot."""
    codes = AuditEvent.objects.order_by("code").values_list("code", flat=True).distinct()
    return sorted({code.partition(".")[0] for code in codes})


def words_for(event: AuditEvent) -> str:
    """What happened, as a person would say it."""
    return str(WORDS.get(event.code, event.code.replace("_", " ").replace(".", ": ")))


def rows(found: QuerySet[AuditEvent]) -> Iterator[tuple[object, ...]]:
    """Rows for a CSV file, in the order of HEAD."""
    for event in found.iterator(chunk_size=1000):
        yield (
            event.created_at,
            event.code,
            event.actor.email if event.actor else None,
            event.object_label,
            event.object_id,
            event.course_id,
            " ".join(event.fields),
            " ".join(f"{name}={value}" for name, value in sorted(event.counts.items())),
            event.ip_class,
        )
