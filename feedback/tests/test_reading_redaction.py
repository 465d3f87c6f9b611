"""Nobody on the roster leaves by name, number or address; cited authors stay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.reading.redaction import Redactor, restore

ROSTER = (
    "Anna Smith", "Will Young", "May Rose", "José María García", "Ng Wei Ling", "Jörg Müller-Østby", "Fatima al-Zahra",
    "21534567", "anna@example.edu", "王小明", "Li, Wei",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "According to Smith (2020), it helps. My name is Anna Smith.",
            "According to Smith (2020), it helps. My name is [NAME_1].",
        ),
        ("Will young people vote? asked Will Young.", "Will young people vote? asked [NAME_1]."),
        ("Anna Smith (2020) and (Anna Smith, 2020) are cited.", "Anna Smith (2020) and (Anna Smith, 2020) are cited."),
        ("Smith, A. (2020). A title.", "Smith, A. (2020). A title."),
        ("Smith, Anna", "[NAME_1]"),
        ("my name is anna smith", "my name is [NAME_1]"),
        ("Name: Young\nSmith 2\nText by Young people.", "Name: [NAME_1]\n[NAME_2] 2\nText by Young people."),
        ("Jose M. Garcia met García, José.", "[NAME_1] met [NAME_2]."),
        ("s21534567 or 2153 4567, not 21534568", "[NUMBER_1] or [NUMBER_2], not 21534568"),
        ("My student number is: 99988877.", "My student number is: [NUMBER_1]."),
        (
            "In May the rose will grow, may Rose see it. I’m May.",
            "In May the rose will grow, may Rose see it. I’m [NAME_1].",
        ),
        (
            "By A. Smith. A. Smith (2020) and A. Smith are cited.",
            "By [NAME_1]. A. Smith (2020) and A. Smith are cited.",
        ),
        ("anna smith\nShe met anna smith.", "[NAME_1]\nShe met anna smith."),
        ("Ng Wei Ling, Wei Ling Ng", "[NAME_1], [NAME_2]"),
        ("Joerg Mueller-Oestby and Jorg Muller-Ostby", "[NAME_1] and [NAME_2]"),
        ("Fatima al-Zahra met Al Capone.", "[NAME_1] met Al Capone."),
        ("student number: 99988877", "student number: [NUMBER_1]"),
        ("Write to anna@example.edu or bob@example.org.", "Write to [EMAIL_1] or [EMAIL_2]."),
        ("我叫王小明。 Wei Li is here.", "我叫[NAME_1]。 [NAME_2] is here."),
        ("[NAME_1] met Anna Smith.", "[NAME_1] met [NAME_2]."),
    ],
)
def test_replaces_people_and_keeps_authors(text: str, expected: str) -> None:
    redactor = Redactor(ROSTER, reserved=text)
    assert redactor.redact(text) == expected
    assert restore(expected, redactor.redactions) == text


def test_the_same_words_get_the_same_placeholder_everywhere() -> None:
    redactor = Redactor(ROSTER)
    assert redactor.redact("Anna Smith") == redactor.redact("Anna Smith") == "[NAME_1]"
    assert redactor.redactions == {"[NAME_1]": "Anna Smith"}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Anna", "Smith", "anna@example.edu", "21534567", ",", "\n", " ", "2020", "(", "é", "Will"])
    )
)
def test_what_was_replaced_can_be_put_back(pieces: list[str]) -> None:
    text = " ".join(pieces)
    redactor = Redactor(ROSTER, reserved=text)
    redacted = redactor.redact(text)
    assert restore(redacted, redactor.redactions) == text
    assert "anna@example.edu" not in redacted
