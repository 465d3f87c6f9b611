"""Reading a list of students: pasted lines or CSV, a verdict on each row before anything is sent."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.models import Invitation, User
from courses.models import Course, CourseStaff, Enrolment
from feedforward.errors import DomainError

MAX_ROWS = 1000
EMAIL_HEADS = {"email", "e-mail", "mail", "email address", "e-mail address", "address", "sis email", "login"}
NAME_HEADS = {"name", "full name", "student", "student name", "display name"}
FIRST_HEADS = {"first name", "given name", "forename", "firstname"}
LAST_HEADS = {"last name", "surname", "family name", "lastname"}


class RosterUnreadable(DomainError):
    """The list cannot be read at all."""

    code = "roster_unreadable"


@dataclass(frozen=True)
class RosterRow:
    """One row of the list. ``problem`` says why nobody is invited from it; "" when it is fine."""

    line: int
    email: str
    name: str
    problem: str = ""
    # Nothing to do, but nothing wrong either: the person is here already.
    already: bool = False

    @property
    def is_ready(self) -> bool:
        return not self.problem and not self.already


def read_rows(text: str) -> list[RosterRow]:
    """Read the rows of a pasted list or CSV; only what is wrong in the row itself is judged here.

    Takes "address, name", "name; address", "Name <address>", tables with a head in any order of columns, and
    separators tab, comma and semicolon. Raises :class:`RosterUnreadable`.
    """
    text = text.replace("\x00", "").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        raise RosterUnreadable(_("The list is empty."), field="rows")
    separator = max("\t;,", key=lambda sign: sum(sign in line for line in lines[:20]))
    try:
        table = list(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        raise RosterUnreadable(
            _("The list cannot be read as a table. Save it as CSV and try again."), field="rows"
        ) from None
    rows = [(number, row) for number, row in enumerate(table, start=1) if any(cell.strip() for cell in row)]
    heads = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    places = _places(heads)
    if places is not None:
        rows = rows[1:]
    if not rows:
        raise RosterUnreadable(_("The list has a head but no students."), field="rows")
    if len(rows) > MAX_ROWS:
        raise RosterUnreadable(
            _("The list has %(n)s rows; at most %(most)s at a time.") % {"n": len(rows), "most": MAX_ROWS}, field="rows"
        )
    return _without_doubles(_row(number, cells, places) for number, cells in rows)


def _places(heads: Sequence[str]) -> dict[str, int] | None:
    """Return where which column stands, None when the first row is no head."""
    found: dict[str, int] = {}
    for place, head in enumerate(heads):
        for what, names in (("email", EMAIL_HEADS), ("name", NAME_HEADS), ("first", FIRST_HEADS), ("last", LAST_HEADS)):
            if head in names:
                found.setdefault(what, place)
    return found if "email" in found else None


def _row(line: int, cells: Sequence[str], places: dict[str, int] | None) -> RosterRow:
    cells = [cell.strip() for cell in cells]

    def at(what: str) -> str:
        place = (places or {}).get(what)
        return cells[place] if place is not None and place < len(cells) else ""

    if places is not None:
        email = at("email")
        name = at("name") or f"{at('first')} {at('last')}".strip()
    else:
        place = next((number for number, cell in enumerate(cells) if "@" in cell), 0)
        email = cells[place]
        name = " ".join(cell for number, cell in enumerate(cells) if number != place and cell)
    if "<" in email:
        shown, email = parseaddr(email)
        name = name or shown
    email = email.strip().strip("<>").lower()
    name = re.sub(r"\s+", " ", name)[:150]
    return RosterRow(line=line, email=email[:254], name=name, problem=_problem(email))


def _problem(email: str) -> str:
    if not email:
        return _("There is no address in this row.")
    try:
        validate_email(email)
    except ValidationError:
        return _("This is not an email address.")
    return _("The address is too long.") if len(email) > 254 else ""


def _without_doubles(rows: Iterable[RosterRow]) -> list[RosterRow]:
    first_line: dict[str, int] = {}
    kept: list[RosterRow] = []
    for row in rows:
        before = first_line.setdefault(row.email, row.line) if not row.problem else row.line
        if before != row.line:
            row = RosterRow(row.line, row.email, row.name, _("The same address is in line %(n)s.") % {"n": before})
        kept.append(row)
    return kept


def judge_rows(rows: Sequence[RosterRow], *, course: Course) -> list[RosterRow]:
    """Add what only the course knows: who is here, invited or teaching already (three queries for any length)."""
    emails = [row.email for row in rows if not row.problem]
    people = dict(User.objects.filter(email__in=emails).values_list("email", "is_active"))
    enrolled = set(
        Enrolment.objects.filter(course=course, status=Enrolment.Status.ACTIVE).values_list("student__email", flat=True)
    )
    teaching = set(CourseStaff.objects.filter(course=course).values_list("user__email", flat=True))
    invited = set(
        Invitation.objects.filter(
            course=course, role=Invitation.Role.STUDENT, status=Invitation.Status.OPEN
        ).values_list("email", flat=True)
    )
    judged: list[RosterRow] = []
    for row in rows:
        words, already = "", False
        if row.problem:
            words = row.problem
        elif row.email in teaching:
            words = _("This person teaches the course.")
        elif people.get(row.email) is False:
            words = _("This account is deactivated.")
        elif row.email in enrolled or row.email in invited:
            already = True
        judged.append(RosterRow(row.line, row.email, row.name, words, already))
    return judged
