"""What changed between two drafts, as the page shows it: in the new draft's paragraphs, nothing lost."""

from __future__ import annotations

from feedback.revision import compare

OLD = """Night buses are dear. Nobody needs them at all.

Cars pollute the air in every city. Free buses would take many cars away.

This paragraph goes. All of it goes away.

Sources
Marlow (2022). Weekend lines.
Town Budget (2023)."""
NEW = """Night buses are dear. Three hundred people signed for them last year.

Cars pollute the air in every large city. Free buses would take many cars away.

A new thought stands here.

Sources
Marlow (2022). Weekend lines.
Town Budget (2023)."""


def test_sentences_stand_in_the_paragraphs_of_the_new_draft() -> None:
    changes = compare(OLD, NEW)
    now = [[row.new for row in paragraph if row.new is not None] for paragraph in changes.paragraphs]
    assert [len(sentences) for sentences in now if sentences] == [2, 2, 1, 4]
    assert [row for paragraph in changes.paragraphs for row in paragraph] == list(changes.rows)


def test_a_removed_sentence_stands_in_its_paragraph_and_a_removed_paragraph_by_itself() -> None:
    changes = compare(OLD, NEW)
    first = changes.paragraphs[0]
    assert {row.old for row in first if row.new is None} == {"Nobody needs them at all."}
    alone = [p for p in changes.paragraphs if all(row.new is None for row in p)]
    assert [[row.old for row in p] for p in alone] == [["This paragraph goes.", "All of it goes away."]]


def test_lines_of_a_list_stay_lines() -> None:
    sources = compare(OLD, NEW).paragraphs[-1]
    assert [row.new for row in sources if row.on_new_line] == ["Marlow (2022).", "Town Budget (2023)."]
