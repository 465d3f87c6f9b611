"""Spreadsheets must show our exports, not run them."""

from __future__ import annotations

import csv
import io

import pytest

from feedforward.csv_export import csv_response, guarded, safe_name

ATTACKS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\u00a0=1", "\ufeff=1", "＝1+1",
    '=cmd|" /C calc"!A0', '=HYPERLINK("http://x","y")',
]  # fmt: skip


@pytest.mark.parametrize("cell", ATTACKS)
def test_formulas_are_text(cell):
    assert guarded(cell).startswith("'")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-3, "-3"),
        (0, "0"),
        (None, ""),
        (2.5, "2.5"),
        (True, "yes"),
        ("Ann-Marie", "Ann-Marie"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_plain_values_stay_as_they_are(value, cell):
    assert guarded(value) == cell


def test_the_download_is_one_and_reads_back():
    response = csv_response("Roster: Ann's “A”\r\nX-Evil: 1", ["Name", "n"], ([attack, 1] for attack in ATTACKS))
    assert response["Content-Disposition"] == 'attachment; filename="roster-ann-s-a-x-evil-1.csv"'
    text = b"".join(response).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in rows[1:]] == [f"'{attack}" for attack in ATTACKS]


def test_file_names_are_of_our_own_making():
    assert safe_name("../../etc/passwd") == "etc-passwd"
    assert safe_name("…") == "export"
