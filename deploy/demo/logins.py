"""Who can log in to the demo. One password for all: the demo is for one machine and says so on every page."""

from __future__ import annotations

PASSWORD = "draft-review-release"  # nosec B105 - printed at every demo start

ADMIN = "admin@demo.example"
INSTRUCTOR = "ines.halloran@demo.example"
ASSISTANT = "tomas.ferris@demo.example"
STUDENT = "alma.rennick@demo.example"
NEW_STUDENT = "kira.vossen@demo.example"

# What `make run` prints: address, and what to look at there.
LOGINS: tuple[tuple[str, str], ...] = (
    (INSTRUCTOR, "instructor: drafts wait for review"),
    (STUDENT, "student: two drafts, new feedback to read"),
    (NEW_STUDENT, "student: nothing submitted yet (try deploy/demo/sample_draft.docx)"),
    (ASSISTANT, "teaching assistant: reviews, does not release"),
    (ADMIN, "administrator: people, providers, models"),
)
