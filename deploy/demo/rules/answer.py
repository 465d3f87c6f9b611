"""Write one answer of the contract ``ff.review/1``: everything a demo reviewer says about one prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.demo.rules import claim, experiment, goals, levels, order, sources, views, wording
from deploy.demo.rules.draft import Draft, Sentence
from deploy.demo.rules.observation import STRICTNESS, Observation, Signal, Topic, Voice, clip
from deploy.demo.rules.task import Task

MODELS: Mapping[str, Voice] = {"demo-kind": "kind", "demo-balanced": "balanced", "demo-strict": "strict"}
# issues, strengths, questions that each voice mentions at most
ROOM: Mapping[Voice, tuple[int, int, int]] = {"kind": (4, 2, 1), "balanced": (5, 2, 1), "strict": (5, 2, 1)}
HIGHER: frozenset[Topic] = frozenset({"claim", "evidence", "views", "method", "results", "discussion", "aim"})
TO_REVIEWER = re.compile(
    r"\b(ignore (?:all |any |the )?(?:previous|prior|above) instructions|(?:dear|note to the) (?:ai|reviewer|model|assistant)|"
    r"as an ai|language model|system prompt|(?:give|assign|award) (?:this|the|me|it).{0,40}(?:highest|top|full|best)|"
    r"(?:rate|score) (?:this|the) (?:essay|draft|text))\b",
    re.I,
)
CONCERN = re.compile(
    r"\b(I want to (?:die|kill myself)|kill myself|end my life|suicidal thoughts|hurt(?:ing)? myself)\b", re.I
)
ENGLISH = frozenset(
    re.findall(
        r"\S+",
        """
    the of and to in is that it for as are with was on be this have from by not or an
""",
    )
)
GERMAN = frozenset(
    re.findall(
        r"\S+",
        """
    der die das und ist nicht ein eine zu den von mit sich auf für im dass es auch
""",
    )
)


def write(task: Task, voice: Voice, seed: str) -> dict[str, Any]:
    """The answer of ``voice`` to ``task`` as a JSON-ready dict. The same seed gives the same answer."""
    draft = Draft(task.sentences)
    language = _language(draft)
    criteria_keys = [criterion.key for criterion in task.criteria]
    observations, signals = _look(task, draft)
    places = levels.place(task.criteria)
    if language != "en":
        observations, signals = [], []
    judged = [levels.judge(criterion, signals, voice, seed) for criterion in task.criteria]
    chosen = _choose(observations, places, voice, seed, task.part) if task.part != "levels" else []
    items = [_item(f"i{n}", o, places[o.topic], voice) for n, o in enumerate(chosen, 1)]
    issues = [i for i, o in zip(items, chosen, strict=True) if o.kind == "issue"]
    return {
        "schema_version": "ff.review/1",
        "echo": {"nonce": task.nonce, "last_sentence_id": task.sentences[-1].id},
        "draft_check": {
            "language": language,
            "on_task": _on_task(task, draft),
            "text_addressed_to_reviewer": [s.id for s in task.sentences if s.has(TO_REVIEWER)][:5],
            "student_concern": "possible" if any(s.has(CONCERN) for s in task.sentences) else "none",
        },
        "criteria": [_criterion(j, null=task.part == "comments", english=language == "en") for j in judged],
        "items": items,
        "priority_item_ids": [item["item_id"] for item in issues[:3] if item["criterion_id"] in criteria_keys],
        "goal_progress": [_goal(goals.follow(goal, draft, observations)) for goal in task.goals],
    }


def _look(task: Task, draft: Draft) -> tuple[list[Observation], list[Signal]]:
    asked = {topic for criterion in task.criteria for topic in levels.topics_of(criterion)}
    experimental = bool(asked & {"method", "results"})
    found = [
        claim.look(draft) if "claim" in asked or not experimental else ([], []),
        sources.look(draft, own_measurements=experimental and "evidence" not in asked),
        views.look(draft) if "views" in asked or ("claim" in asked and not experimental) else ([], []),
        order.look(draft, experimental=experimental),
        wording.look(draft, task.assignment),
        experiment.look(draft) if experimental else ([], []),
    ]
    return [o for seen, _ in found for o in seen], [s for _, signals in found for s in signals]


def _choose(
    observations: Sequence[Observation], places: Mapping[Topic, str], voice: Voice, seed: str, part: str
) -> list[Observation]:
    """What this voice mentions, most important first; at most one note on a sentence, two on a criterion's issues."""
    at = STRICTNESS[voice]
    heard = [
        o
        for o in observations
        if o.topic in places
        and not (o.absence and part == "comments")  # it may stand in another part
        and o.noticed_from <= at
        # A light remark is sometimes left out, as people do; never a heavy one.
        and (o.severity >= 2 or o.kind == "strength" or levels.chance(seed, voice, o.rule) < 0.75)
    ]
    heard.sort(key=lambda o: -o.severity - (0.5 if o.topic in HIGHER else 0))
    room = dict(zip(("issue", "strength", "question"), ROOM[voice], strict=True))
    most = {"issue": 3 if voice == "strict" else 2, "strength": 1, "question": 1}
    chosen: list[Observation] = []
    for o in heard:
        key = places[o.topic]
        same_criterion = sum(1 for c in chosen if c.kind == o.kind and places[c.topic] == key)
        same_place = o.sentence is not None and any(
            c.sentence == o.sentence and "question" not in (c.kind, o.kind) for c in chosen
        )
        if room[o.kind] and same_criterion < most[o.kind] and not same_place:
            room[o.kind] -= 1
            chosen.append(o)
    return chosen[:10]


def _quote(sentence: Sentence, quote: str = "") -> dict[str, str] | None:
    text = quote or clip(sentence.text)
    if len(text) < 12 or len(text.split()) < 3:
        return None
    return {"sentence_id": sentence.id, "quote": text[:240]}


def _item(item_id: str, o: Observation, key: str, voice: Voice) -> dict[str, Any]:
    quote = _quote(o.sentence, o.quote) if o.sentence else None
    return {
        "item_id": item_id,
        "criterion_id": key,
        "kind": o.kind,
        "tag": o.tag,
        "focus": o.focus,
        "evidence": [quote] if quote else [],
        "absence": o.absence,
        "comment": _wording(o, voice),
        "why": o.why,
        "next_step": o.next_step,
        "severity": o.severity,
    }


def _wording(o: Observation, voice: Voice) -> str:
    """Criticism sounds as its voice does; praise and questions are worded in turn, so that drafts do not read alike."""
    turn = 0 if o.kind == "issue" else int(levels.chance(o.rule, o.sentence.text if o.sentence else "") * 3)
    return o.comments[(STRICTNESS[voice] + turn) % 3]


def _criterion(judged: levels.Judged, *, null: bool, english: bool) -> dict[str, Any]:
    reason = judged.reason_not
    if not english:
        reason = "The demo rules read English only."
    elif null:
        reason = "Only a part of the draft was given."
    level = None if null or not english else judged.level
    return {
        "criterion_id": judged.criterion.key,
        "evidence": [q for s in judged.sentences if (q := _quote(s))],
        "reasoning": judged.reasoning,
        "level": level,
        "not_assessable_reason": None if level is not None else reason,
        "confidence": judged.confidence,
    }


def _goal(progress: goals.Progress) -> dict[str, Any]:
    quote = _quote(progress.sentence) if progress.sentence else None
    return {
        "goal_id": progress.goal.goal_id,
        "evidence": [quote] if quote else [],
        "note": progress.note,
        "status": progress.status,
    }


def _language(draft: Draft) -> str:
    words = [word for sentence in draft.sentences for word in sentence.words]
    english, german = (sum(word in known for word in words) for known in (ENGLISH, GERMAN))
    if english >= max(1, 0.1 * len(words)) and english >= german:
        return "en"
    return "de" if german >= max(1, 0.1 * len(words)) else "en" if len(words) < 20 else "und"


def _on_task(task: Task, draft: Draft) -> str:
    asked = Sentence("P0.S0", 0, task.assignment).stems
    if len(asked) < 4:
        return "cannot_tell"
    written = frozenset().union(*(s.stems for s in draft.sentences))
    shared = len(asked & written)
    return "yes" if shared >= 3 else "partly" if shared else "cannot_tell"
