"""What the reviewers saw, beside what a person sees: what was hidden, dropped, decoded, replaced and left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from feedback.agreement.recheck import Recheck
from feedback.counterfactual import recheck_of
from feedback.material import load_material
from feedback.models import FeedbackRequest, ModelRun, RunTranscript
from feedback.reading.characters import clean_characters, clean_for_model
from feedback.reading.prompt import build_prompt, new_nonce
from feedback.recording import readings_of
from submissions.models import Draft

_LINE = re.compile(r"^⟦[a-z0-9]{10}·(P\d+\.S\d+)⟧ (.*)$", re.M)
_PLACEHOLDER = re.compile(r"(\[(?:NAME|NUMBER|EMAIL)_\d+\])")


@dataclass(frozen=True)
class Piece:
    """A run of characters; ``kind``: "" as it is, "replaced" a placeholder, "dropped" a character nobody sees."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Line:
    """One sentence of the draft both ways. ``sent`` is empty where no reviewer was shown it."""

    sentence_id: str
    written: tuple[Piece, ...]
    sent: tuple[Piece, ...]


@dataclass(frozen=True)
class Seen:
    """``lines``: only the sentences that differ; ``same`` counts the others. ``replaced``: placeholder and original."""

    lines: tuple[Line, ...]
    same: int
    replaced: tuple[tuple[str, str], ...]
    decoded: tuple[str, ...]
    left_out: tuple[str, ...]
    recheck: Recheck | None
    labels: Mapping[str, Mapping[int, str]]


def what_was_seen(draft: Draft) -> Seen | None:
    """Return it for a draft whose text is there and was read by reviewers, else None."""
    request = FeedbackRequest.objects.with_text().filter(draft=draft).first()
    material = load_material(request) if request is not None else None
    if request is None or material is None:
        return None
    runs = list(request.runs.filter(round=request.round).prefetch_related("scores", "comments"))
    prompt = build_prompt(material.prompt_input(nonce=new_nonce(), seed=0))
    sent = dict(_LINE.findall(prompt.messages[1]["content"])) | _as_sent(runs)
    lines = []
    for sentence in material.sentences:
        shown = sent.get(sentence.id, "")
        if shown != " ".join(sentence.text.split()):
            lines.append(Line(sentence.id, _with_dropped(sentence.text), _with_placeholders(shown)))
    recheck = recheck_of(material, runs, readings_of(runs))
    left_out = set(recheck.left_out) if recheck else set()
    return Seen(
        lines=tuple(lines),
        same=len(material.sentences) - len(lines),
        replaced=tuple(prompt.redactions.items()),
        decoded=tuple(dict.fromkeys(found.decoded for found in clean_for_model(material.text).found if found.decoded)),
        left_out=tuple(sentence.text for sentence in material.sentences if sentence.id in left_out),
        recheck=recheck,
        labels={c.key: {level.position: level.label for level in c.levels} for c in material.rubric.criteria},
    )


def _as_sent(runs: list[ModelRun]) -> dict[str, str]:
    """The lines of one reading as they really left: the record counts, not what would be sent today."""
    first = next((run for run in runs if run.purpose == ModelRun.Purpose.READING), None)
    transcript = RunTranscript.objects.filter(run=first).first() if first else None
    messages: list[dict[str, Any]] = transcript.messages if transcript else []
    return dict(_LINE.findall("\n".join(message["content"] for message in messages)))


def _with_dropped(text: str) -> tuple[Piece, ...]:
    """The sentence with every character that cleaning takes out named by its code."""
    kept = set(clean_characters(text))
    pieces: list[Piece] = []
    for character in text:
        if character.isspace() or character in kept:
            kind, words = "", " " if character.isspace() else character
        else:
            kind, words = "dropped", f"U+{ord(character):04X}"
        if pieces and pieces[-1].kind == kind == "":
            pieces[-1] = Piece(pieces[-1].text + words)
        else:
            pieces.append(Piece(words, kind))
    return tuple(pieces)


def _with_placeholders(text: str) -> tuple[Piece, ...]:
    parts = _PLACEHOLDER.split(text)
    return tuple(Piece(part, "replaced" if place % 2 else "") for place, part in enumerate(parts) if part)


def compared_rows(seen: Seen) -> list[dict[str, Any]]:
    """Return the second reading's comparison, criterion by criterion, with the names of levels."""
    rows = []
    for compared in seen.recheck.criteria if seen.recheck else ():
        labels = seen.labels.get(compared.criterion_key, {})
        rows.append(
            {
                "title": compared.title,
                "moved": compared.moved,
                "models": [
                    (model, _label(labels, compared.with_levels[model]), _label(labels, compared.without_levels[model]))
                    for model in compared.with_levels
                ],
            }
        )
    return rows


def _label(labels: Mapping[int, str], level: float) -> str:
    return labels.get(int(level), str(level)) if level == int(level) else f"{level:g}"
