"""What a demanding reader still asks of a draft that has its sources: causes, single cases, bare paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from deploy.demo.rules.draft import Draft, Sentence
from deploy.demo.rules.observation import Observation, clip, words_of
from deploy.demo.rules.signs import OBJECTION

THEN = re.compile(
    r"^(?:When|After|Since|In .{0,60}\b(?:started|after))\b.*\b(fell|rose|went up|dropped|increased|came back)\b|"
    r"\b(fell|rose|went up|increased|reduced)\b.*\bafter\b",
    re.I,
)
CAUSE_DISCUSSED = re.compile(
    r"\b(other causes|at the same time|not only because|may have|part of the|control group|did not measure)\b", re.I
)
NAME = re.compile(r"(?<!^)(?<![.!?] )\b([A-Z][a-z]{3,}(?: [A-Z][a-z]{2,})?)\b")
CONTAINER = re.compile(r"[.?!] ([A-Z][A-Za-z ]{4,60}), \d+\(")
ANNOUNCES_TABLE = re.compile(r"^(?:Table|Figure) \d+ (?:shows|gives|lists)\b(?!.*\b(?:that|more|most|less)\b)")
NOT_PLACES = frozenset(
    re.findall(
        r"\S+",
        """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday August January Table Figure
""",
    )
)
SUPPORTS = re.compile(
    r"\d|\b(for example|for instance|according to|table|percent|third|quarter|fifth|half)\b|[“\"(]", re.I
)


def look(draft: Draft) -> list[Observation]:
    """Questions and remarks for drafts that already give evidence."""
    return _sequence(draft) + _one_case(draft) + _same_journal(draft) + _bare_paragraph(draft) + _silent_table(draft)


def _sequence(draft: Draft) -> list[Observation]:
    for sentence in draft.body_sentences:
        after = draft.following(sentence)
        if not sentence.has(THEN) or sentence.has(CAUSE_DISCUSSED) or (after and after.has(CAUSE_DISCUSSED)):
            continue
        match = THEN.search(sentence.text)
        change = (match[1] or match[2]).lower() if match else "changed"
        return [
            Observation(
                "sequence_as_cause",
                "evidence",
                "issue",
                "analysis",
                (
                    f"A telling fact. Something “{change}” after a change was made; half a sentence on what else happened in that time would make the link between both safer.",
                    f"First one thing changed, then another “{change}”. The sentence lets the order stand for the cause, and does not say what else changed in the same period.",
                    f"That something “{change}” afterwards does not show that it did so for this reason. Other causes in the same period are neither named nor excluded.",
                ),
                "Two things that follow each other may share a third cause.",
                "Name one other possible cause beside the one given, and what speaks against it.",
                sentence,
                clip(sentence.text),
                2,
                1,
            )
        ]
    return []


def _one_case(draft: Draft) -> list[Observation]:
    names: Counter[str] = Counter()
    first: dict[str, Sentence] = {}
    for paragraph in draft.body[1:]:
        for sentence in paragraph.sentences:
            for name in {match[1] for match in NAME.finditer(sentence.text)}:
                if name not in NOT_PLACES and not re.search(rf"{name}[^()]{{0,20}}\(?\d{{4}}\)", sentence.text):
                    names[name] += 1
                    first.setdefault(name, sentence)
    if not names:
        return []
    name, count = max(names.items(), key=lambda item: (item[1], item[0]))
    if count < 3:
        return []
    return [
        Observation(
            "one_case",
            "evidence",
            "question",
            "evidence",
            (
                f"“{name}” is a well-chosen case, and the draft returns to it often. In which respect might another place have come out differently?",
                f"Most of the evidence comes from one case, “{name}”. What makes it comparable to the places the claim is about, and what sets it apart?",
                f"The argument stands on “{name}” alone. Would the claim survive if that case turned out to be an exception, and how could a reader tell?",
            ),
            "One place has to stand for all the others.",
            f"Add one sentence on what “{name}” shares with other places and one on what is particular to it.",
            first[name],
            clip(first[name].text),
            1,
            0,
            "self_regulation",
        )
    ]


def _same_journal(draft: Draft) -> list[Observation]:
    found = [(p, m[1]) for p in draft.references if (m := CONTAINER.search(p.text))]
    if len(found) < 2 or len({name for _, name in found}) > 1:
        return []
    paragraph, name = found[0]
    sentence = next((s for s in paragraph.sentences if name in s.text), paragraph.sentences[-1])
    return [
        Observation(
            "same_journal",
            "evidence",
            "question",
            "source_use",
            (
                f"Both sides of the argument rest on “{name}”. Which other place might have published a study that comes to another result?",
                f"Every source of the list appeared in “{name}”. Would readers of another subject, or of another opinion, have written about the question too?",
                f"All sources come from “{name}”. How could a reader be sure that it does not print one side of the question only?",
            ),
            "Sources from one place tend to share its view of the question.",
            "Search once in a library catalogue of another subject and note what is asked differently there.",
            sentence,
            clip(sentence.text),
            1,
            0,
            "self_regulation",
        )
    ]


def _silent_table(draft: Draft) -> list[Observation]:
    for paragraph, after in pairwise(draft.body):
        for sentence in paragraph.sentences:
            if not sentence.has(ANNOUNCES_TABLE) or re.search(r"\d", re.sub(r"\([^)]*\)|Table \d+", "", after.text)):
                continue
            return [
                Observation(
                    "silent_table",
                    "evidence",
                    "issue",
                    "visuals",
                    (
                        "The table is worth having. The text announces it and moves on; one sentence on the row that matters would bring it into the argument.",
                        "The table is announced, but neither this sentence nor the next paragraph says which of its rows a reader should look at, and what follows.",
                        "The table has to speak for itself: no sentence takes a figure from it, so it decorates the argument instead of carrying it.",
                    ),
                    "Readers see in a table what they look for; the text has to say what that is.",
                    "Name the most telling row after the table and say what it means for the claim.",
                    sentence,
                    clip(sentence.text),
                    2,
                )
            ]
    return []


def _bare_paragraph(draft: Draft) -> list[Observation]:
    middle = draft.body[1:-1]
    bare = [
        p for p in middle if p.word_count >= 32 and not any(s.has(SUPPORTS) or s.has(OBJECTION) for s in p.sentences)
    ]
    if not bare or len(bare) == len(middle):
        return []
    paragraph = max(bare, key=lambda p: p.word_count)
    sentence = paragraph.sentences[0]
    return [
        Observation(
            "bare_paragraph",
            "evidence",
            "issue",
            "evidence",
            (
                f"Unlike its neighbours this paragraph (“{words_of(sentence.text, 6)}”) has neither example nor source yet; one of them would make it stand as firmly.",
                f"The other paragraphs bring examples or sources, this one only statements. From “{words_of(sentence.text, 6)}” on, a reader has to take each of them on trust.",
                f"Not one sentence of the paragraph that begins with “{words_of(sentence.text, 6)}” is supported: no example, no source, no case in which it was seen.",
            ),
            "The paragraph without support is the one a critic will choose.",
            f"Give “{words_of(sentence.text, 5)}” the example or source that made the thought convincing at first.",
            sentence,
            clip(sentence.text),
            2,
            1,
        )
    ]
