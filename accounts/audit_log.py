"""Reading the audit: search, filters, words for the codes, rows for a page or a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.apps import apps
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
    "account.email_changed": _("changed the address of an account"),
    "account.second_step_added": _("added a second step"),
    "account.second_step_removed": _("removed a second step"),
    "account.second_step_failed": _("a second step failed"),
    "account.recovery_codes_made": _("made new recovery codes"),
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
    "table.row_added": _("added a row in the tables"),
    "table.row_changed": _("changed a row in the tables"),
    "table.row_deleted": _("deleted a row in the tables"),
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
    "course.created": _("founded a course"),
    "course.copied": _("copied a course"),
    "course.changed": _("changed the course"),
    "course.owner_changed": _("handed the course over"),
    "course.join_code_on": _("gave out a new join code"),
    "course.join_code_off": _("took the join code back"),
    "roster.enrolled": _("put somebody on the roster"),
    "roster.removed": _("took somebody off the roster"),
    "roster.left": _("left the course"),
    "roster.exported": _("exported the roster"),
    "staff.added": _("added a colleague"),
    "staff.removed": _("removed a colleague"),
    "staff.role_changed": _("changed a colleague's role"),
    "assignment.created": _("made an assignment"),
    "assignment.changed": _("changed an assignment"),
    "assignment.published": _("opened an assignment"),
    "assignment.models_changed": _("changed who reads the drafts"),
    "rubric.created": _("made a rubric"),
    "rubric.changed": _("changed a rubric"),
    "rubric_template.created": _("kept a rubric as a template"),
    "provider.created": _("added a provider"),
    "provider.changed": _("changed a provider"),
    "provider.key_set": _("stored a provider's key"),
    "provider.key_removed": _("removed a provider's key"),
    "model.created": _("added a model"),
    "model.changed": _("changed a model"),
    "model.priced": _("set a price"),
    "model.price_removed": _("removed a price"),
    "budget.set": _("set a budget"),
    "budget.removed": _("removed a budget"),
}
# Steps of the common lifecycle, for whatever goes through it.
STEPS = {
    "activated": _("activated"),
    "deactivated": _("paused"),
    "archived": _("archived"),
    "restored": _("brought back"),
    "deleted": _("deleted"),
}
NOUNS = {
    "course": _("the course"),
    "assignment": _("an assignment"),
    "rubrictemplate": _("a rubric template"),
    "provider": _("a provider"),
    "aimodel": _("a model"),
}
A_STUDENT = _("a student")
HEAD = ("at", "event", "actor", "kind", "object", "course", "fields", "counts", "network")


@dataclass(frozen=True)
class Search:
    """What somebody looks for in the audit; empty fields do not narrow."""

    words: str = ""
    family: str = ""  # the part of the code before the dot
    since: date | None = None
    until: date | None = None


def day_or_none(text: str) -> date | None:
    """Parse an ISO date from a query string; anything else is no date, nor are the ends of the calendar.

    Beside them there is no day before or after in another time zone.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def events(search: Search, *, course_id: int | None = None, veiled: Collection[int] = ()) -> QuerySet[AuditEvent]:
    """Events that match, newest first; with ``course_id`` those of one course only.

    ``veiled`` are people whose names are not shown (blind review), so words do not find them by name either.
    """
    found = AuditEvent.objects.select_related("actor").order_by("-pk")
    if course_id is not None:
        found = found.filter(course_id=course_id)
    if search.family:
        found = found.filter(code__startswith=f"{search.family}.")
    for word in search.words.split()[:4]:
        named = Q(actor__email__icontains=word) | Q(actor__name__icontains=word)
        if veiled:
            named &= ~Q(actor_id__in=veiled)
        said = [code for code, words in WORDS.items() if word.lower() in str(words).lower()]
        found = found.filter(
            Q(code__icontains=word)
            | Q(code__in=said)
            | Q(object_label__iexact=word)
            | Q(object_label__iendswith=f".{word}")
            | Q(object_id=word)
            | named
        )
    if search.since:
        found = found.filter(created_at__gte=_midnight(search.since))
    if search.until:
        found = found.filter(created_at__lt=_midnight(search.until + timedelta(days=1)))
    return found


def families(*, course_id: int | None = None) -> list[str]:
    """The kinds of events there are (in one course), as the part of the code before the dot."""
    events = AuditEvent.objects.all() if course_id is None else AuditEvent.objects.filter(course_id=course_id)
    codes = events.order_by("code").values_list("code", flat=True).distinct()
    return sorted({code.partition(".")[0] for code in codes})


def words_for(event: AuditEvent) -> str:
    """What happened, as a person would say it."""
    noun, _dot, step = event.code.partition(".")
    if event.code not in WORDS and step in STEPS and noun in NOUNS:
        return f"{STEPS[step]} {NOUNS[noun]}"
    return str(WORDS.get(event.code, event.code.replace("_", " ").replace(".", ": ")))


def object_of(event: AuditEvent) -> str:
    """What it happened to, as a person would say it: the kind of thing and its number."""
    if not event.object_label:
        return ""
    try:
        kind = str(apps.get_model(event.object_label)._meta.verbose_name)
    except (LookupError, ValueError):  # a kind that is no longer
        kind = event.object_label
    return f"{kind} {event.object_id}"


def rows(found: QuerySet[AuditEvent], *, veiled: Collection[int] = ()) -> Iterator[tuple[object, ...]]:
    """Rows for a CSV file, in the order of HEAD."""
    for event in found.iterator(chunk_size=1000):
        hidden = event.actor_id in veiled
        yield (
            event.created_at,
            event.code,
            str(A_STUDENT) if hidden else event.actor.email if event.actor else None,
            event.object_label,
            event.object_id,
            event.course_id,
            " ".join(event.fields),
            " ".join(f"{name}={value}" for name, value in sorted(event.counts.items())),
            "" if hidden else event.ip_class,
        )
