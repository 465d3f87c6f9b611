"""What the check of dependencies finds, and that it finds nothing here."""

from __future__ import annotations

import tomllib

import pytest

from deploy.ci import dependencies

GOOD = "# made by a tool\n--no-emit\nred-is[x]==5.0 ; python_version < '4' \\\n    --hash=sha256:00\n    # via us\nblue==1.2 \\\n    --hash=sha256:11\n"


def test_a_good_file_has_no_faults() -> None:
    assert dependencies.unpinned(GOOD) == []
    assert dependencies.pins(GOOD) == {"red-is": "5.0", "blue": "1.2"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("green==1.0", "green==1.0 has no exact version"),
        ("green>=1.0 \\\n    --hash=sha256:00", "has no exact version"),
        ("--index-url https://pypi.example/simple", "names a place"),
        ("--find-links /somewhere", "names a place"),
        ("green @ https://example.org/green.zip", "names a place"),
    ],
)
def test_what_is_wrong_with_a_line(line: str, said: str) -> None:
    (found,) = dependencies.unpinned(f"{GOOD}{line}\n")
    assert said in found


BAD = {"below": {"Red.Is": ["5.1", "a hole"]}, "exactly": {"blue": [["1.2", "1.3"], "malware"]}}


@pytest.mark.parametrize(
    ("pinned", "found"),
    [
        ({"red-is": "5.0"}, ["Red.Is 5.0 is older than 5.1 (a hole)"]),
        ({"red-is": "5.0.9"}, ["Red.Is 5.0.9 is older than 5.1 (a hole)"]),
        ({"red-is": "5.10", "blue": "1.4"}, []),
        ({"blue": "1.2"}, ["blue 1.2 (malware)"]),
        ({"yellow": "1"}, []),
    ],
)
def test_versions_known_to_be_bad(pinned: dict[str, str], found: list[str]) -> None:
    assert dependencies.known_bad(pinned, BAD) == found


@pytest.mark.parametrize(
    ("licence", "wanted"),
    [
        ("MIT", True),
        ("LGPL-3.0-only", True),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0", False),
        ("License :: OSI Approved :: GNU Affero General Public License v3", False),
        ("License :: OSI Approved :: GNU General Public License v2 (GPLv2)", False),
        ("SSPL", False),
        ("", False),
    ],
)
def test_licences(licence: str, wanted: bool) -> None:
    found, absent = dependencies.wrong_licences(["red", "gone"], {"red": licence}, {})
    assert (found == []) == wanted and absent == ["gone"]
    assert dependencies.wrong_licences(["red"], {"red": licence}, {"red": "why"}) == ([], [])


@pytest.mark.thorough
def test_our_own_requirements_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert dependencies.main() == 0, capsys.readouterr().out


def test_every_line_of_the_list_has_its_reason() -> None:
    bad = tomllib.loads(dependencies.KNOWN_BAD.read_text(encoding="utf-8"))
    for _name, (_versions, reason) in [*bad["below"].items(), *bad["exactly"].items()]:
        assert len(reason) > 10
    assert all(len(reason) > 10 for reason in bad["licences"]["allowed"].values())
