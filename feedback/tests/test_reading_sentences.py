"""Cutting a draft into sentences: nothing visible lost, offsets exact, ends where a reader would end them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.reading.sentences import split_sentences

SPLITS = [
    ("Plan B. Then we left. So do I. However, J. R. R. Tolkien wrote.", 4),
    ("He said “Stop!” and left. “Go.” John ran... and then... He stopped… Fine.", 5),
    ("Dr. Smith et al. (2020) found 3.5 percent. See Fig. 2. It works.", 3),
    ("The law etc. Schools do it at 5 p.m. Then home.", 3),
    ("He works for Apple Inc. in the U.S. Government office.", 1),
    ("Smith, J. (2020) wrote it. Next.", 2),
    ('It was done.[3] Next one. It is 5 %. "Really?" she asked. What?! No way.', 6),
    ("Prof. Lee vs. Mr. Jones, cf. p. 4, pp. 3-4, No. 5 is right.", 1),
    ("学校は制服を採用すべきだ。しかし、費用が高い！「はい。」と言った。終わり", 4),
    ("they cost too much.However, they help. See example.Com now.", 3),
    ("1. First point is here. 2 of 3 agree.", 2),
    ("i like it. it is fine. we go home. then it rains.", 4),
    ("Am 3. Oktober war es so. Ende.", 2),
    ("Das ist z. B. gut, d. h. es hält. „Ja.“ Sie ging.", 3),
    ("Il a dit : « Oui. » Elle partit.", 2),
    ("On Jan. 5 Sen. Warren met Gov. Brown. It rained. $3 is cheap.", 3),
]


@pytest.mark.parametrize(("text", "count"), SPLITS)
def test_ends_sentences_where_a_reader_would(text: str, count: int) -> None:
    assert len(split_sentences(text)) == count, [s.text for s in split_sentences(text)]


def test_blank_lines_make_paragraphs_and_lines_end_sentences() -> None:
    text = "A title\n\nOne. Two\nthree\n \nFour"
    assert [s.id for s in split_sentences(text)] == ["P1.S1", "P2.S1", "P2.S2", "P2.S3", "P3.S1"]


def test_without_blank_lines_every_line_is_a_paragraph() -> None:
    assert [s.id for s in split_sentences("One. Two.\nThree.")] == ["P1.S1", "P1.S2", "P2.S1"]


def test_a_line_wrapped_at_the_margin_goes_on() -> None:
    text = "A line that goes on and on and on until it meets the margin of\nthe page and ends here. Next."
    assert [s.text.split()[0] for s in split_sentences(text)] == ["A", "Next."]


def test_invisible_characters_do_not_hide_an_end() -> None:
    text = "The new pol\xadicy came.\u200b It helped.\U000e0041\U000e0042 It stayed."
    assert len(split_sentences(text)) == 3


@pytest.mark.parametrize("text", ["", "   \n\n", "\u200b\n\u200b", "\x00"])
def test_nothing_visible_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == ()


def test_text_without_any_full_stop_is_cut_at_blanks() -> None:
    text = "word " * 2000
    pieces = split_sentences(text)
    assert max(len(s.text) for s in pieces) <= 1500
    assert " ".join(s.text for s in pieces).split() == text.split()


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.sampled_from(list("abcXYZ .!?…。\n\r\t\"'”)(1230-,\u200b\xad⟦😀é")), max_size=120) | st.text()
)
def test_offsets_are_exact_and_nothing_visible_is_lost(text: str) -> None:
    sentences = split_sentences(text)
    position = 0
    for sentence in sentences:
        assert sentence.text == text[sentence.start : sentence.end] != ""
        assert sentence.start >= position
        assert not any(c.isalnum() for c in text[position : sentence.start])
        position = sentence.end
    assert not any(c.isalnum() for c in text[position:])
    assert len({s.id for s in sentences}) == len(sentences)
