from __future__ import annotations

import re
import time

import pytest

from feedback.textcheck import MAX_NOTES, MIN_WORDS, check_text

PLAIN = """Our town has one canteen, and it stands between the old harbour and the gymnasium. Cooks arrive at five, when
the streets are dark. They peel carrots, wash lettuce and knead dough until the first pupils come in. Some children
bring their own bread; others wait for soup. A few go without, because breakfast money was short that week. Teachers
notice it around eleven, when heads sink towards the desks.

Last winter the council talked about paying for a warm lunch. One member worried about taxes. Another asked who would
wash the dishes. A mother stood up and described her mornings, with two shifts and a bus that is late. After her words
the room was quiet, and the vote was put off until spring. Since then the question has come back each month.

I think that a meal belongs to a school day as a chair does. Hungry pupils hear the bell and little else. A shared
table also teaches things that no book holds, such as waiting, passing the salt and listening to a stranger."""
ESSAY = f"""School lunches

{PLAIN}

Many towns now pay for lunch (Lee, 2019). Smith and Jones (2020) found that costs are moderate, and the ministry agrees.

References

Lee, K. (2019). School lunch. Press.
Smith, J., & Jones, P. (2020). The price of lunch. Journal, 3(2), 1-9.
"""


def notes(text: str, **options) -> dict:
    found = check_text(text, language="en", **options).notes
    for note in found:
        assert note.question.endswith("?") and note.cannot_tell.endswith(".") and note.found
        assert all(0 <= start < end <= len(text) for start, end in note.spans)
    return {note.code: note for note in found}


def marked(text: str, note) -> list[str]:
    return [text[start:end] for start, end in note.spans]


def test_a_text_without_peculiarities_gets_no_note():
    assert notes(ESSAY) == {}


@pytest.mark.parametrize(
    ("code", "addition", "marks"),
    [
        ("PLACEHOLDER", "The price is TODO and the rest [insert source].", ["TODO", "[insert source]"]),
        ("CITED_NOT_LISTED", "Lunch helps (Brown et al., 2018).", ["Brown et al., 2018"]),
        ("CITED_NOT_LISTED", "In Paris, Meyer (2017) saw the same.", ["Meyer (2017)"]),
        (
            "QUOTATION_WITHOUT_CITATION",
            "They say “nobody can learn on an empty stomach” there.",
            ["“nobody can learn on an empty stomach”"],
        ),
        ("CLAIM_WITHOUT_SOURCE", "Studies show that lunch helps.", ["Studies show that lunch helps."]),
        ("CLAIM_WITHOUT_SOURCE", "About 40 percent of pupils skip it.", ["About 40 percent of pupils skip it."]),
        ("REPEATED_PASSAGE", "Once more: it stands between the old harbour and the gymnasium.", None),
        ("ABSOLUTE_WORDS", "Lunch always helps. Nobody doubts it.", ["always", "Nobody"]),
        ("LONG_SENTENCE", "It was " + ", ".join(f"thing{chr(97 + n)} and" for n in range(26)) + " so on.", None),
        ("LONG_PARAGRAPH", " ".join(f"Word{chr(97 + n % 26)}{n} is here." for n in range(90)), None),
    ],
)
def test_each_finding(code, addition, marks):
    text = ESSAY.replace("\n\nMany towns", f"\n\n{addition}\n\nMany towns")
    found = notes(text)
    assert code in found
    if marks is not None:
        assert marked(text, found[code]) == marks


@pytest.mark.parametrize(
    "addition",
    [
        "Studies show that lunch helps (Lee, 2019).",
        "Studies show that lunch helps. Lee (2019) gives the figures.",
        "They say “nobody can learn on an empty stomach” (Lee, 2019, p. 4).",
        "As Lee (2019) puts it, “nobody can learn on an empty stomach”.",
        "The so-called “warm lunch” is older.",
        "The school opened in May 2019 (in 1990 it was a mill), and stayed (see Figure 2).",
        "Lee's (2019) figures, and Jones and Smith's talk, are new.",
        "Lunch (Lee, 2019; Smith & Jones, 2020, pp. 2-3) helps.",
        "In Paris, Smith and Jones (2020) saw the same.",
        "Smith et al. (2020) saw the same.",
        "[1] is how a list starts.",
        "## What the evidence shows",
        "| Looking up a term | 22 percent |",
        "Lee (2019) counted meals. The same study shows that rents rose.",
        "One thing always helps.",
    ],
)
def test_what_is_in_order_is_not_mentioned(addition):
    assert notes(ESSAY.replace("\n\nMany towns", f"\n\n{addition}\n\nMany towns")) == {}


def test_listed_but_not_cited():
    text = ESSAY + "Taylor, R. (2015). Dress codes. Press.\n"
    assert marked(text, notes(text)["LISTED_NOT_CITED"]) == ["Taylor, R. (2015). Dress codes. Press."]


def test_citations_without_any_list():
    body = ESSAY.split("References")[0]
    assert "no list of references was found" in notes(body)["CITED_NOT_LISTED"].found


@pytest.mark.parametrize(
    ("body", "listed", "missing", "unused"),
    [
        ("It helps [1], [3]. It is cheap [2-3].", "[1] K. Lee, Lunch, 2019.\n[2] A. B, C, 2020.\n[3] D, 2021.", (), ()),
        ("It helps [1, 4].", "[1] K. Lee, Lunch, 2019.\n[2] A. B, C, 2020.", ("[4]",), ("[2]",)),
        ("It helps (World Health Organization, 2020).", "World Health Organization. (2020). Food.", (), ()),
        ("It helps (van der Berg, 2018).", "van der Berg, A. (2018). Food.", (), ()),
        (
            "It helps, said Müller (2018a, 2018b).",
            "Müller, A. (2018a). Food.\nMueller, B. (2018b). More.",
            ("Müller 2018b",),
            ("Mueller 2018b",),
        ),
        ("It helps (García-Pérez, n.d.).", "García-Pérez, A. (n.d.). Food.", (), ()),
        (
            "It helps (see also Lee, 2019, p. 3).",
            "Lee, K. (2019). School lunch: a long title\nthat goes on. Press.",
            (),
            (),
        ),
        ("It helps (WHO, 2020).", "World Health Organization. (2020). Food.", (), ()),
        ("It helps (van der Berg, 2016).", "Lee, K. 2019. Lunch.\nvan der Berg, J. 2016. Food.", (), ("Lee 2019",)),
        ("It helps (Lee 2019).", "Lee, K. 2019. School lunch\nSmith, P. 2020. Other lunch", (), ("Smith 2020",)),
    ],
)
def test_citations_against_the_list(body, listed, missing, unused):
    counts = check_text(f"{body}\n\nReferences\n\n{listed}", language="en").counts
    assert (counts.cited_not_listed, counts.listed_not_cited) == (missing, unused)


@pytest.mark.parametrize("heading", ["References", "# References", "**Bibliography**", "5. Works Cited", "REFERENCES:"])
def test_list_of_references_under_any_of_its_names(heading):
    counts = check_text(f"It helps (Lee, 2019).\n\n{heading}\nLee, K. (2019). Lunch.", language="en").counts
    assert (counts.words, counts.reference_entries, counts.cited_not_listed) == (4, 1, ())


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        (["Introduction"], ["Introduction"]),
        (["School lunches", "References"], []),
        (["Bibliography"], []),
        (["lunch"], []),
        (["Method", "Results"], ["Method", "Results"]),
        (["", " "], []),
    ],
)
def test_sections(asked, missing):
    found = notes(ESSAY, required_sections=asked).get("SECTION_MISSING")
    assert (found is not None) is bool(missing)
    assert found is None or all(section in found.found for section in missing)


@pytest.mark.parametrize(
    ("term", "there"),
    [
        ("lunch", True),
        ("school lunch", True),
        ("Costs", True),
        ("counterargument", False),
        ("price", False),
        ("Phone", True),
        ("", False),
    ],
)
def test_key_terms(term, there):
    essay = f"Phones are not the matter here. {ESSAY}"
    assert check_text(essay, language="en", key_terms=[term]).counts.term_coverage == {term: there}
    assert ("KEY_TERM_NOT_FOUND" in notes(essay, key_terms=[term])) is not there


@pytest.mark.parametrize(
    ("least", "most", "noted"), [(None, None, False), (100, 1000, False), (1000, None, True), (None, 100, True)]
)
def test_length(least, most, noted):
    assert ("LENGTH" in notes(ESSAY, word_range=(least, most))) is noted


def test_four_notes_at_most_and_the_most_useful_first():
    text = ESSAY.replace(
        "Many towns", "TODO Studies show always, never (Brown, 2001). “One two three four five six.” Many towns"
    )
    found = check_text(
        text, language="en", required_sections=["Method"], key_terms=["zebra"], word_range=(900, None)
    ).notes
    assert [note.code for note in found] == ["PLACEHOLDER", "SECTION_MISSING", "CITED_NOT_LISTED", "KEY_TERM_NOT_FOUND"]
    assert len(found) == MAX_NOTES


@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        (ESSAY, "de", "English texts only"),
        ("A short text. TODO", "en", f"{MIN_WORDS} words or more; this one has 4"),
        ("", "en", "this one has 0"),
    ],
)
def test_when_the_check_does_not_apply_it_says_so(text, language, why):
    found = check_text(text, language=language)
    assert found.notes == () and why in found.why_no_notes


def test_empty_text_has_no_averages():
    counts = check_text(" \n\n ", language="en").counts
    assert (counts.sentence_mean, counts.sentence_sd, counts.ari, counts.words) == (None, None, None, 0)


def test_no_verdict_in_any_word_of_it():
    text = ESSAY.replace(
        "Many towns", "TODO Studies show always, never (Brown, 2001). “One two three four five six.” Many towns"
    )
    for note in check_text(text, language="en").notes:
        words = f"{note.found} {note.question} {note.cannot_tell}".lower()
        assert not re.search(
            r"\b(good|bad|weak|poor|wrong|error|mistake|level|grade|score|plagiar|cheat|your? fault)", words
        )


@pytest.mark.parametrize(
    "text",
    [
        "Smith, " * 10000, "Smith et al. " * 5000, "A" * 100000, "A " * 20000, "(2020, " * 5000, "(" * 50000,
        '"' * 50000, "[1," * 10000, "\n " * 25000, "van " * 10000, "the same eight words come again and " * 1500,
        "text\n\nReferences\n" + "Lee, K. (2019). Title\n" * 3000, "References\n" * 5000,
        ("(" + "Ab " * 90 + ") ") * 300, "<insert " * 10000,
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
@pytest.mark.thorough
def test_hostile_texts_take_no_longer_than_others(text):
    start = time.process_time()
    check_text(text, language="en", key_terms=["some term"])
    # Some tenths of a second; a pattern that goes back and forth would take minutes or years.
    assert time.process_time() - start < 20
