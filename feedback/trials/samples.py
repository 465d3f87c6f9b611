"""Texts that come with the project, to try a setting on: written for it, about nobody, free to read for any model."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FOLDER = Path(__file__).resolve().parent / "samples"
_NAMESPACE = uuid.UUID("6f0d0a1e-5f0b-4c7e-9a53-6d5f5b8f2a11")


@dataclass(frozen=True)
class Sample:
    """One text. ``text_id`` is the same wherever the sample is used, so that any two trials of it can be compared."""

    name: str
    title: str | Promise

    @property
    def text(self) -> str:
        return _read(self.name)

    @property
    def text_id(self) -> uuid.UUID:
        return uuid.uuid5(_NAMESPACE, self.name)


SAMPLES: tuple[Sample, ...] = (
    Sample("essay-first-draft", _("An essay, a first draft with gaps")),
    Sample("essay-revised", _("The same essay, revised")),
    Sample("lab-report", _("A short lab report")),
)


def sample(name: str) -> Sample | None:
    """Return the sample called ``name``."""
    return next((one for one in SAMPLES if one.name == name), None)


@cache
def _read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
