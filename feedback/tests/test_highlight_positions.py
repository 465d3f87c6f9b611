"""Notes point at the draft's own words: cutting it at their edges loses none and adds none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.highlights import Mark, paragraphs, whole_words
from submissions.extraction.assembly import Assembly
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.verdicts import Unreadable

MARKS = st.lists(st.tuples(st.integers(1, 5), st.integers(-3, 60), st.integers(-3, 70)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text("ab \u05d0\U0001f600", min_size=1, max_size=12), min_size=1, max_size=5), MARKS)
def test_highlights_take_nothing_and_add_nothing(texts: list[str], marks: list[tuple[int, int, int]]) -> None:
    assembly = Assembly(MediaFormat.DOCX, Limits(min_words=1))
    for text in texts:
        assembly.add("paragraph", text)
    try:
        document = assembly.finish()
    except Unreadable:  # nothing but blanks
        return
    blocks = [{"kind": b.kind, "level": b.level, "start": b.start, "end": b.end} for b in document.blocks]
    shown = paragraphs(document.text, blocks, [Mark(number, start, end) for number, start, end in marks])
    assert ["".join(piece.text for piece in part.pieces) for part in shown] == [block.text for block in document.blocks]
    for part in shown:
        at = part.start
        for piece in part.pieces:
            assert all(mark.start <= at and at + len(piece.text) <= mark.end for mark in piece.marks)
            at += len(piece.text)


def test_notes_on_one_passage_each_show_their_number_and_each_number_has_one_place() -> None:
    text = "One sentence. Another sentence."
    marks = [Mark(1, 0, 13), Mark(2, 0, 13), Mark(1, 14, 31)]
    pieces = paragraphs(text, [], marks)[0].pieces
    begins = [(begin.number, begin.anchor) for piece in pieces for begin in piece.begins]
    assert begins == [(1, True), (2, True), (1, False)]


@pytest.mark.parametrize(
    ("text", "picked", "shown"),
    [
        ("The cost is low, since the cameras exist.", "cost is low, since the cam", "cost is low, since the cameras"),
        ("The cost is low.", "ost is lo", "cost is low"),
        ("The cost is low.", "cost is low", "cost is low"),
        ("The cost is low.", "The cost is low.", "The cost is low."),
        ("Ünlü çoğu 20 50 yıl", "nlü çoğ", "Ünlü çoğu"),
        ("費用は低いです。", "用は低", "用は低"),
        ("a" * 200, "a" * 3, "a" * 3),
    ],
)
def test_a_selection_cuts_no_word(text: str, picked: str, shown: str) -> None:
    start = text.index(picked)
    first, last = whole_words(text, start, start + len(picked))
    assert text[first:last] == shown
