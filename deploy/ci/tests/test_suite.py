"""The runner says what it ran, what it did not, and ends with one verdict."""

from __future__ import annotations

import contextlib
import os

import pytest

from deploy.ci import scheduling, suite
from deploy.ci.private_servers import Servers

PARTS = ("not browser and not live and not thorough", "live and not thorough", "browser")


@pytest.fixture
def ran(monkeypatch):
    """Record pytest's arguments and environment instead of running it."""
    calls: list[tuple[list[str], dict[str, str]]] = []
    codes: dict[str, int] = {}

    def record(command, *, env, check, **kept):
        arguments = command[3:]
        calls.append((arguments, env))
        code = codes.get(arguments[arguments.index("-m") + 1], 0)
        return type("Done", (), {"returncode": code, "stdout": b"what pytest said\n"})

    monkeypatch.setattr(suite.subprocess, "run", record)
    return calls, codes


def browser(monkeypatch, path, *, axe=True):
    monkeypatch.setattr(suite, "find_chromium", lambda environ: path)
    monkeypatch.setattr(suite, "fetch_axe", lambda environ: axe)


def test_both_parts_run_and_a_failure_of_either_counts(ran, monkeypatch):
    calls, codes = ran
    browser(monkeypatch, "/usr/bin/chromium")
    for failing in ("", *PARTS):
        calls.clear()
        codes.clear()
        codes[failing] = 1
        assert suite.main([]) == (1 if failing else 0)
        assert {arguments[arguments.index("-m") + 1] for arguments, _env in calls} == set(PARTS)
    assert calls[-1][1]["CHROMIUM"] == "/usr/bin/chromium"


def test_the_thorough_part_is_said_to_be_left_out_and_is_the_rest(ran, monkeypatch, capsys):
    calls, codes = ran
    browser(monkeypatch, None)
    assert suite.main(["--no-browser"]) == 0
    assert "the thorough part was NOT run" in capsys.readouterr().out
    calls.clear()
    assert suite.main(["--thorough"]) == 0
    assert "NOT run" not in capsys.readouterr().out
    rest = ("not browser and not live and thorough", "live and thorough")
    assert {arguments[arguments.index("-m") + 1] for arguments, _env in calls} == set(rest)
    for failing in rest:
        codes.clear()
        codes[failing] = 1
        assert suite.main(["--thorough"]) == 1


def test_real_servers_run_both_depths(ran, monkeypatch):
    calls, _codes = ran
    monkeypatch.setattr(suite, "private_servers", lambda: contextlib.nullcontext(Servers("d", "r", "l")))
    assert suite.main(["--real-servers"]) == 0
    assert {arguments[arguments.index("-m") + 1] for arguments, _env in calls} == {
        "not browser and not live",
        "live and thorough",
    }


@pytest.mark.parametrize(
    ("arguments", "suite_code", "live_code", "code"),
    [
        ([], 0, 5, 5),
        (["-x"], 0, 5, 5),
        (["feedback/tests/test_desk.py"], 0, 5, 0),
        (["-k", "killed"], 5, 0, 0),
        (["-k", "no such test"], 5, 5, 5),
        (["-k", "killed"], 5, 1, 1),
        (["-k", "killed"], 1, 5, 1),
    ],
)
def test_where_tests_were_chosen_one_half_may_have_none(ran, arguments, suite_code, live_code, code):
    _calls, codes = ran
    codes |= {"not browser and not live and thorough": suite_code, "live and thorough": live_code}
    assert suite.main(["--thorough", *arguments]) == code


def test_the_live_files_are_found_and_no_others():
    found = suite.live_files()
    assert "feedback/tests/test_live.py" in found
    assert all("pytest.mark.live" in (suite.BASE_DIR / name).read_text() for name in found) and len(found) < 20


def test_missing_browser_is_said_and_fails_only_when_asked_for(ran, monkeypatch, capsys):
    calls, _codes = ran
    browser(monkeypatch, None)
    assert suite.main([]) == 0
    assert "the browser part was NOT run: no Chromium" in capsys.readouterr().out
    assert suite.main(["--browser-only"]) == 1
    assert len(calls) == 2


@pytest.mark.parametrize("there", [True, False])
def test_missing_saml_is_said(ran, monkeypatch, capsys, there):
    monkeypatch.setattr(suite.importlib.util, "find_spec", lambda name: object() if there else None)
    assert suite.main(["--no-browser"]) == 0
    assert ("SAML was NOT tested" in capsys.readouterr().out) is not there


def test_missing_axe_is_said_too(ran, monkeypatch, capsys):
    browser(monkeypatch, "/usr/bin/chromium", axe=False)
    assert suite.main([]) == 0
    assert "the browser part was NOT run: axe-core is missing" in capsys.readouterr().out
    assert suite.main(["--browser-only"]) == 1


@pytest.mark.parametrize(("works", "there"), [([], False), (["ci"], True), (["install"], True)])
def test_axe_is_fetched_by_the_form_of_npm_that_works(works, there, monkeypatch, tmp_path):
    program = tmp_path / "npm"
    script = "".join(f'[ "$1" = {form} ] && touch axe.min.js && exit 0\n' for form in works)
    program.write_text(f"#!/bin/sh\n{script}exit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(suite, "BASE_DIR", tmp_path)
    monkeypatch.setattr(suite, "AXE", tmp_path / "axe.min.js")
    assert suite.fetch_axe({"PATH": f"{tmp_path}:{os.environ['PATH']}"}) is there
    assert suite.fetch_axe({"PATH": str(tmp_path / "none")}) is there, "without npm only what is there already counts"


def test_a_suite_without_tests_is_no_success(ran, monkeypatch):
    _calls, codes = ran
    browser(monkeypatch, "/usr/bin/chromium")
    codes[PARTS[0]] = 5  # pytest: no tests collected
    assert suite.main(["--no-browser"]) != 0


def test_variables_of_a_running_site_do_not_reach_its_tests(ran, monkeypatch):
    calls, _codes = ran
    monkeypatch.setenv("DATABASE_URL", "postgres://real/site")
    monkeypatch.setenv("FEEDFORWARD_DATA_DIR", "/srv/site")
    assert suite.main(["--no-browser", "-x"]) == 0
    arguments, environ = calls[-1]
    assert (
        "DATABASE_URL" not in environ
        and "FEEDFORWARD_DATA_DIR" not in environ
        and environ["PATH"] == os.environ["PATH"]
    )
    assert arguments[-1] == "-x"


def test_chromium_is_the_named_one_first(tmp_path):
    for name in ("chromium", "my-browser"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    path = {"PATH": str(tmp_path)}
    assert suite.find_chromium(path) == str(tmp_path / "chromium")
    assert suite.find_chromium({**path, "CHROMIUM": str(tmp_path / "my-browser")}) == str(tmp_path / "my-browser")
    assert suite.find_chromium({"PATH": str(tmp_path / "none")}) is None


@pytest.mark.parametrize(
    ("nodeid", "piece"),
    [
        ("feedback/tests/test_desk.py::test_a[x::y]", scheduling.MODELS),
        ("aiconfig/tests/test_llm_faults.py::test_b", scheduling.MODELS),
        ("deploy/demo/tests/test_seeding.py::test_b", scheduling.MODELS),
        ("deploy/demo/tests/test_rules.py::test_b", "deploy/demo/tests/test_rules.py"),
        ("feedback/tests/test_reading_answer.py::test_c", "feedback/tests/test_reading_answer.py"),
        (
            "feedforward/tests/test_access.py::test_row[GET home]",
            "feedforward/tests/test_access.py::test_row[GET home]",
        ),
    ],
)
def test_what_calls_models_stays_together(nodeid, piece):
    assert scheduling.scope_of(nodeid) == piece
