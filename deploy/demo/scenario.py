"""The demo course as data: who is there, what was handed in, and how far each draft has come.

Everything here is invented. Days are counted back from the moment of seeding, so that the course is always in
the middle of its term.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.demo.logins import ADMIN, ASSISTANT, INSTRUCTOR, NEW_STUDENT, STUDENT

DOCUMENTS = Path(__file__).resolve().parent / "documents"

PROVIDER_NAME = "Demo reviewers (rules, not AI)"
PROVIDER_NOTE = "Rules on this machine; nothing leaves it."
# model id at the provider -> name shown
MODELS: tuple[tuple[str, str], ...] = (
    ("demo-kind", "Demo reviewer, kind (rules, not AI)"),
    ("demo-balanced", "Demo reviewer, balanced (rules, not AI)"),
    ("demo-strict", "Demo reviewer, strict (rules, not AI)"),
)


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    roles: tuple[str, ...] = ("student",)


@dataclass(frozen=True)
class Course:
    title: str
    code: str
    term: str
    description: str


@dataclass(frozen=True)
class Assignment:
    """``template``: slug of the library's rubric template. Days from now; negative: in the past."""

    key: str
    title: str
    instructions: str
    template: str
    opens_in_days: float
    due_in_days: float
    closes_in_days: float
    runs: int
    min_words: int = 250
    max_words: int = 900
    max_drafts: int = 3


@dataclass(frozen=True)
class Answer:
    """What a student answered to the first open priority with ``tag``: plan and rating by their stored values."""

    tag: str
    plan: Literal["will_do", "done", "wont"]
    words: str
    rating: Literal["helpful", "unclear", "wrong", ""] = ""


@dataclass(frozen=True)
class Submit:
    document: str
    days_ago: float


@dataclass(frozen=True)
class Release:
    """The instructor releases draft ``number`` with a word to the student; without ``answers`` it waits to be read."""

    number: int
    days_ago: float
    word: str
    answers: tuple[Answer, ...] = ()
    levels: tuple[tuple[str, int], ...] = ()  # criterion key -> the instructor's own level, where it differs


@dataclass(frozen=True)
class Story:
    """What one student did in one assignment, in order. Drafts that are not released wait for review."""

    email: str
    assignment: str
    steps: tuple[Submit | Release, ...]


ADMINISTRATOR = Person(ADMIN, "Noor Adami (demo)", ("administrator",))
TEACHER = Person(INSTRUCTOR, "Ines Halloran (demo)", ("instructor",))
TUTOR = Person(ASSISTANT, "Tomas Ferris (demo)", ("assistant",))
# Surnames that are no words of the essays: names of the roster are replaced before a draft leaves.
STUDENTS: tuple[Person, ...] = (
    Person(STUDENT, "Alma Rennick (demo)"),
    Person("bram.olsen@demo.example", "Bram Olsen (demo)"),
    Person("chidi.okoro@demo.example", "Chidi Okoro (demo)"),
    Person("dora.keplinger@demo.example", "Dora Keplinger (demo)"),
    Person("emre.tanik@demo.example", "Emre Tanik (demo)"),
    Person("farah.lundin@demo.example", "Farah Lundin (demo)"),
    Person("goran.petrak@demo.example", "Goran Petrak (demo)"),
    Person("hana.bireh@demo.example", "Hana Bireh (demo)"),
    Person("ivo.szabo@demo.example", "Ivo Szabo (demo)"),
    Person("jun.okada@demo.example", "Jun Okada (demo)"),
    Person(NEW_STUDENT, "Kira Vossen (demo)"),
    Person("leo.marchetti@demo.example", "Leo Marchetti (demo)"),
)

COURSE = Course(
    title="Academic Writing 101",
    code="AW101",
    term="Demo term",
    description="A first course on arguing in writing: taking a position, supporting it, and revising it after feedback.",
)

ESSAY = Assignment(
    key="essay",
    title="Argue for an answer to one public question",
    instructions=(
        "Choose one question on which reasonable people disagree, for example:\n\n"
        "- Should cities make public transport free?\n"
        "- Should schools move to a week of four days?\n"
        "- Should voting be compulsory?\n"
        "- Should towns limit the number of visitors?\n\n"
        "Write an essay of 300 to 700 words that takes a position and defends it. State the position in the introduction, "
        "give each reason a paragraph of its own, use at least two sources, and answer the strongest objection you can "
        "find. You may hand in up to three drafts; the feedback on one is meant to be used in the next."
    ),
    template="essay",
    opens_in_days=-14,
    due_in_days=10,
    closes_in_days=24,
    runs=2,
)
LAB = Assignment(
    key="lab",
    title="Report on a small experiment",
    instructions=(
        "Carry out a small experiment at home and report on it in 300 to 600 words: aim and hypothesis, method, results "
        "with a table, discussion, conclusion. Give units everywhere and say how sure the results are."
    ),
    template="lab",
    opens_in_days=-7,
    due_in_days=17,
    closes_in_days=31,
    runs=1,
)
ASSIGNMENTS: tuple[Assignment, ...] = (ESSAY, LAB)

STORIES: tuple[Story, ...] = (
    Story(
        STUDENT,
        "essay",
        (
            Submit("free-transport-draft-1.docx", 9),
            Release(
                1,
                7,
                "A lively topic, and the families who cancel a trip to the doctor are an example worth keeping. For the next draft, decide "
                "first what exactly the essay claims; the rest will follow from that sentence.",
                (
                    Answer(
                        "thesis",
                        "done",
                        "I wrote a new introduction that answers the question and says why.",
                        "helpful",
                    ),
                    Answer("evidence", "done", "I found a study about Harrow Bay and cited it.", "helpful"),
                    Answer("analysis", "done", "I took the quotation out; it was not a reason.", "helpful"),
                ),
                (("c1", 1),),
            ),
            Submit("free-transport-draft-2.docx", 4),
            Release(
                2,
                2,
                "This has become a different essay: it claims something, and it knows its limits. Compare the two "
                "introductions to see how much one sentence can do.",
            ),
        ),
    ),
    Story(
        "bram.olsen@demo.example",
        "essay",
        (
            Submit("four-day-week-draft-1.pdf", 8),
            Release(
                1,
                6,
                "The claim is clear and early. What the draft needs most is somebody who disagrees, and sources.",
                (
                    Answer(
                        "counterargument", "done", "There is a paragraph on what parents say against it now.", "helpful"
                    ),
                    Answer("evidence", "done", "I found the study about Marrow Vale and cite it now.", "helpful"),
                    Answer("evidence", "wont", "I could not find a second study, so I say less instead.", "unclear"),
                ),
            ),
            Submit("four-day-week-draft-2.pdf", 1),
        ),
    ),
    Story(
        "jun.okada@demo.example",
        "essay",
        (
            Submit("late-fees.pdf", 5),
            Release(
                1, 3, "A good story at the beginning, and it comes back at the end. Now the numbers need their sources."
            ),
        ),
    ),
    Story("hana.bireh@demo.example", "essay", (Submit("visitor-limits.docx", 3),)),
    Story("dora.keplinger@demo.example", "essay", (Submit("free-museums.rtf", 2.5),)),
    Story("emre.tanik@demo.example", "essay", (Submit("compulsory-voting.odt", 2),)),
    Story("chidi.okoro@demo.example", "essay", (Submit("phones-in-lectures.docx", 1.5),)),
    Story("farah.lundin@demo.example", "essay", (Submit("short-flights.txt", 0.8),)),
    Story("goran.petrak@demo.example", "essay", (Submit("homework-locked.pdf", 0.3),)),
    Story("ivo.szabo@demo.example", "lab", (Submit("cooling-report.odt", 1),)),
)
