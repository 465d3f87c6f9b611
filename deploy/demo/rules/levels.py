"""From what was found to a level: which criterion asks for what, and how a strict or a kind reader weighs it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.demo.rules.draft import Sentence
from deploy.demo.rules.observation import STRICTNESS, Signal, Topic, Voice
from deploy.demo.rules.task import Criterion

# Word beginnings by which a criterion shows what it asks for.
ASKS: Mapping[Topic, tuple[str, ...]] = {
    "claim": ("thesis", "claim", "position", "argument", "reasoning", "message", "focus"),
    "evidence": ("evidence", "source", "citation", "cite", "referenc", "support", "fact", "literature"),
    "views": ("counter", "objection", "other view", "opposing", "perspective", "rebut", "other side", "viewpoint"),
    "order": ("organis", "organiz", "structure", "paragraph", "transition", "coheren", "flow", "introduction", "order"),
    "wording": (
        "clarity",
        "language",
        "style",
        "sentence",
        "grammar",
        "concis",
        "wording",
        "tone",
        "readab",
        "form of",
    ),
    "aim": ("aim", "hypothes", "research question", "purpose"),
    "method": ("method", "procedure", "set-up", "repeat", "apparatus"),
    "results": ("result", "measure", "uncertain", "unit", "data"),
    "discussion": ("discussion", "conclusions follow", "limitation", "interpret", "sources of error"),
}
NOT_PROSE = (
    "code",
    "program",
    "slides",
    "visual",
    "delivery",
    "eye contact",
    "drawing",
    "gesture",
    "solution of the task",
)
# Where a note goes when no criterion asks for its topic.
NEAREST: Mapping[Topic, tuple[Topic, ...]] = {
    "claim": ("discussion", "aim"),
    "evidence": ("results", "discussion", "claim"),
    "views": ("claim",),
    "order": ("wording", "claim"),
    "wording": ("order",),
    "aim": ("claim",),
    "method": ("evidence",),
    "results": ("evidence",),
    "discussion": ("claim",),
}
SHIFT: Mapping[Voice, float] = {"kind": 0.22, "balanced": 0.0, "strict": -0.34}


@dataclass(frozen=True)
class Judged:
    """One criterion's level with its grounds; ``level`` None when the rules cannot read for this criterion."""

    criterion: Criterion
    level: int | None
    reasoning: str
    reason_not: str | None
    confidence: str
    sentences: tuple[Sentence, ...]


def topics_of(criterion: Criterion) -> tuple[Topic, ...]:
    """What a criterion asks for: its strongest topic and any other nearly as strong; empty when it is not about prose."""
    title, about = criterion.title.lower(), criterion.description.lower()
    descriptors = " ".join(level.descriptor for level in criterion.levels).lower()
    if any(_count(word, title) for word in NOT_PROSE):
        return ()
    scores: dict[Topic, float] = {
        topic: sum(5 * _count(w, title) + 2 * _count(w, about) + 0.4 * _count(w, descriptors) for w in words)
        for topic, words in ASKS.items()
    }
    best = max(scores.values())
    if best < 0.8:
        return ()
    return tuple(topic for topic, score in scores.items() if score >= 0.6 * best)


def _count(beginning: str, text: str) -> int:
    return min(3, len(re.findall(rf"\b{re.escape(beginning)}", text)))


def place(criteria: Sequence[Criterion]) -> dict[Topic, str]:
    """For each topic the key of the criterion its notes belong to; topics without a fitting one are missing."""
    asked = {criterion.key: topics_of(criterion) for criterion in sorted(criteria, key=lambda c: c.key)}
    direct = {topic: key for key, topics in reversed(asked.items()) for topic in topics}
    # A later round asks for a few criteria only; then a note that belongs to none of them is not wanted.
    whole = len(asked) >= 3 and sorted(asked) == sorted(f"c{n}" for n in range(1, len(asked) + 1))
    found: dict[Topic, str] = {}
    for topic in ASKS:
        for candidate in (topic, *NEAREST[topic]) if whole else (topic,):
            if candidate in direct:
                found[topic] = direct[candidate]
                break
    return found


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on ``parts`` only."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def judge(criterion: Criterion, signals: Sequence[Signal], voice: Voice, seed: str) -> Judged:
    """Weigh the signals of a criterion's topics as ``voice`` does; ``seed`` moves the result by a little."""
    topics = topics_of(criterion)
    relevant = [s for s in signals if s.topic in topics]
    if not relevant or not criterion.levels:
        reason = "The demo rules read prose for claims, sources, objections, order and wording; not for this."
        return Judged(criterion, None, "No rule reads for this criterion.", reason, "low", ())
    at = STRICTNESS[voice]
    total = sum(s.weights[at] for s in relevant)
    value = sum(s.value * s.weights[at] for s in relevant) / total
    steps = len(criterion.levels) - 1
    wobble = (chance(seed, voice, criterion.key) - 0.5) * 0.2
    exact = value * steps + SHIFT[voice] + wobble
    level = max(0, min(steps, int(exact + 0.5)))
    distance = abs(exact + 0.5 - round(exact + 0.5))
    confidence = "low" if distance < 0.1 else "medium" if distance < 0.3 else "high"
    good = [s.words for s in relevant if s.value >= 0.7]
    open_ = [s.words for s in relevant if s.value < 0.7]
    chosen = (
        next(lv for lv in criterion.levels if lv.position == level)
        if _has(criterion, level)
        else criterion.levels[level]
    )
    reasoning = " ".join(
        part
        for part in (
            f"Found: {'; '.join(good)}." if good else "",
            f"Open: {'; '.join(open_)}." if open_ else "",
            f"Nearest descriptor: “{chosen.label}”.",
        )
        if part
    )
    ordered = sorted(relevant, key=lambda s: -s.value if value >= 0.5 else s.value)
    sentences = tuple(dict.fromkeys(sentence for s in ordered for sentence in s.sentences))[:3]
    return Judged(criterion, level, reasoning[:700], None, confidence, sentences)


def _has(criterion: Criterion, position: int) -> bool:
    return any(level.position == position for level in criterion.levels)
