"""``deploy/run/setup.sh``: an old Python gets a sentence, a second start installs nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture
def clone(tmp_path):
    """A tree with the script and requirements of nothing, and a PATH that holds only what a test puts there."""
    tree = tmp_path / "clone"
    (tree / "deploy" / "run").mkdir(parents=True)
    shutil.copy(BASE_DIR / "deploy" / "run" / "setup.sh", tree / "deploy" / "run" / "setup.sh")
    (tree / "requirements.txt").write_text("# nothing\n")
    (tree / "requirements-dev.txt").write_text("# nothing more\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "mktemp", "rm", "tail", "cat", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    return tree, programs


def setup(tree: Path, programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": str(programs), "TMPDIR": str(tree), "HOME": str(tree)}
    script = str(tree / "deploy" / "run" / "setup.sh")
    return subprocess.run(["sh", script, *arguments], env=environ, capture_output=True, text=True, timeout=120)


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_an_old_python_gets_a_sentence(clone):
    tree, programs = clone
    program(programs, "python3", 'case "$2" in *version_info*) exit 1;; *) echo "Python 3.9.2";; esac')
    done = setup(tree, programs)
    assert done.returncode == 1
    assert "FeedForward needs Python 3.11 or newer; this machine has Python 3.9.2." in done.stderr
    assert not (tree / ".venv").exists()


def test_no_python_at_all_gets_a_sentence(clone):
    done = setup(*clone)
    assert done.returncode == 1
    assert "this machine has no Python 3." in done.stderr


def test_python_without_its_venv_module_names_the_package(clone):
    tree, programs = clone
    program(programs, "python3", 'case "$*" in *version_info*) exit 0;; *) echo "No module named venv"; exit 1;; esac')
    done = setup(tree, programs)
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr


FAKE_PYTHON = """
case "$*" in
  *"-m venv"*)
    mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"-m pip --version"*)
    exit 0 ;;
  *"-m pip install"*)
    echo "$*" >> pip.log
    [ ! -e broken ] || {{ echo "no network"; exit 1; }} ;;
  *)
    exec {real} "$@" ;;
esac
"""


def installed(tree: Path) -> list[str]:
    log = tree / "pip.log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.rpartition(" ")[2] for line in lines if "--require-hashes" in line]


def test_installs_once_and_again_when_requirements_change_and_remembers_no_failure(clone):
    tree, programs = clone
    for name in ("mkdir", "cp"):
        (programs / name).symlink_to(shutil.which(name))
    program(programs, "python3", FAKE_PYTHON.format(real=sys.executable))
    assert "Installing requirements.txt" in setup(tree, programs).stderr
    assert installed(tree) == ["requirements.txt"]

    done = setup(tree, programs)
    assert (done.returncode, done.stderr, installed(tree)) == (0, "", [])

    assert setup(tree, programs, "dev").returncode == 0
    assert installed(tree) == ["requirements-dev.txt"]

    (tree / "requirements.txt").write_text("# changed\n")
    (tree / "broken").touch()
    done = setup(tree, programs)
    assert done.returncode == 1
    assert "no network" in done.stderr and "could not be installed" in done.stderr
    (tree / "broken").unlink()
    installed(tree)
    assert setup(tree, programs).returncode == 0
    assert installed(tree) == ["requirements.txt"], "a failed installation must not be remembered as done"
