"""``python -m deploy.ci.dependencies``: what can be said about our dependencies without a network.

Every requirement is pinned with hashes and names no machine's index; no pinned version is one that known_bad.toml
tells of; no licence of the GPL family (LGPL is fine) is in what is handed on.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

BASE_DIR = Path(__file__).resolve().parents[2]
KNOWN_BAD = Path(__file__).with_name("known_bad.toml")
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)")
SOURCE = re.compile(r"\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|-e|git\+|https?:|\S+ @ )")
GPL = re.compile(r"(?<!L)(?<!Lesser )\b(A?GPL|GNU (Affero )?General Public|SSPL|Proprietary)", re.I)


def pins(text: str) -> dict[str, str]:
    """Return the version of each requirement of a compiled file, by its canonical name."""
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def unpinned(text: str) -> list[str]:
    """Return what is wrong with how the requirements are written."""
    found = []
    for block in re.split(r"\n(?=[A-Za-z0-9-])", text):
        first = block.splitlines()[0] if block.strip() else ""
        if SOURCE.match(first):
            found.append(f"names a place to load from: {first}")
        elif re.match(r"[A-Za-z0-9]", first) and not (PIN.match(first) and "--hash=sha256:" in block):
            found.append(f"{first.split()[0]} has no exact version with a hash")
    return found


def known_bad(pinned: Mapping[str, str], bad: Mapping[str, Any]) -> list[str]:
    """Return the pins that are known to be bad, each with the reason."""
    found = []
    for name, (lowest, reason) in bad.get("below", {}).items():
        version = pinned.get(canonicalize_name(name))
        if version is not None and Version(version) < Version(lowest):
            found.append(f"{name} {version} is older than {lowest} ({reason})")
    for name, (versions, reason) in bad.get("exactly", {}).items():
        if pinned.get(canonicalize_name(name)) in versions:
            found.append(f"{name} {pinned[canonicalize_name(name)]} ({reason})")
    return found


def licence_of(distribution: Distribution) -> str:
    """Return what a package says of its licence: the expression, else the classifiers, else the first line of text."""
    said = distribution.metadata
    classifiers = [line for line in said.get_all("Classifier") or () if line.startswith("License ::")]
    expression = (said.get_all("License-Expression") or [""])[0]
    text = (said.get_all("License") or [""])[0].strip().splitlines()
    return expression or "; ".join(classifiers) or (text[0] if text else "")


def wrong_licences(
    names: Iterable[str], installed: Mapping[str, str], allowed: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return (licences that are not wanted, names of packages that are not installed here)."""
    found, absent = [], []
    for name in sorted(names):
        if name not in installed:
            absent.append(name)
        elif name not in allowed and (not installed[name] or GPL.search(installed[name])):
            found.append(f"{name}: {installed[name] or 'says nothing of its licence'}")
    return found, absent


def main() -> int:
    """Check every requirements file; 0 when nothing was found."""
    bad = tomllib.loads(KNOWN_BAD.read_text(encoding="utf-8"))
    installed: dict[str, str] = {canonicalize_name(d.metadata["Name"]): licence_of(d) for d in distributions()}
    found: list[str] = []
    every: set[str] = set()
    for path in sorted(BASE_DIR.glob("requirements*.txt")):
        text = path.read_text(encoding="utf-8")
        pinned = pins(text)
        every |= set(pinned)
        found += [f"{path.name}: {words}" for words in (*unpinned(text), *known_bad(pinned, bad))]
    licences, absent = wrong_licences(every, installed, bad["licences"]["allowed"])
    print("\n".join([*found, *licences]) or f"{len(every)} packages: pinned with hashes, none known bad, licences fine")
    if absent:
        print(f"not installed here, licence not looked at: {', '.join(absent)}")
    return 1 if found or licences else 0


if __name__ == "__main__":
    sys.exit(main())
