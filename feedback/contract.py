"""The values that travel between one reading, the agreement of readings and the desk.

Pure data, importable without Django. The rubric is *frozen* into these values when feedback is
requested, so later edits of the live rubric change nothing that is under way; ``to_json`` and
``from_json`` are the only way they enter or leave the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["strength", "issue", "question"]
Focus = Literal["task", "process", "self_regulation"]
QuoteStatus = Literal["verified", "approximate", "not_found", "too_short", "negation", "digits"]


@dataclass(frozen=True)
class LevelSnapshot:
    """One level of a criterion; ``position`` is 0-based, lowest level first."""

    position: int
    label: str
    descriptor: str
    points: float | None = None


@dataclass(frozen=True)
class CriterionSnapshot:
    """One criterion as frozen for a request. ``key`` is stable within the rubric (``c1``...)."""

    key: str
    title: str
    description: str
    weight: float
    levels: tuple[LevelSnapshot, ...]
    higher_order: bool = True  # meaning before mechanics: False for grammar, format and the like
    target_position: int | None = None  # level asked for; None: the top level
    language_matters: bool = False  # language variety is no fault unless a criterion says so

    @property
    def level_count(self) -> int:
        return len(self.levels)


@dataclass(frozen=True)
class RubricSnapshot:
    title: str
    criteria: tuple[CriterionSnapshot, ...]
    pass_position: int | None = None  # level index that counts as pass; None: the rubric has none

    def criterion(self, key: str) -> CriterionSnapshot:
        """Return the criterion with ``key``; KeyError when the rubric has none."""
        for criterion in self.criteria:
            if criterion.key == key:
                return criterion
        raise KeyError(key)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RubricSnapshot:
        criteria = tuple(
            CriterionSnapshot(**{**c, "levels": tuple(LevelSnapshot(**lv) for lv in c["levels"])})
            for c in data["criteria"]
        )
        return cls(title=data["title"], criteria=criteria, pass_position=data.get("pass_position"))


@dataclass(frozen=True)
class Sentence:
    """One sentence of the draft; ``text == draft[start:end]``. ``id`` is ``P<paragraph>.S<index>``, 1-based."""

    id: str
    paragraph: int
    index: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Goal:
    """A priority of the last round that the student was asked to work on."""

    goal_id: str
    criterion_key: str
    next_step: str
    comment: str = ""
    old_sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromptInput:
    """Everything one prompt is built from. ``text`` is the visible text of the draft, as extracted."""

    assignment_title: str
    assignment_instructions: str
    rubric: RubricSnapshot
    text: str
    nonce: str  # 10 characters of [a-z0-9], made for this call
    seed: int  # shuffles the criteria
    feedback_language: str = "en"
    custom_instructions: str = ""
    roster: tuple[str, ...] = ()  # names, numbers and addresses to be replaced before anything leaves
    goals: tuple[Goal, ...] = ()
    only_criteria: tuple[str, ...] = ()  # adaptive extra runs: ask these criteria only; empty: all
    left_out: tuple[str, ...] = ()  # ids of sentences not to be shown; the ids of the others do not change


@dataclass(frozen=True)
class Prompt:
    """A prompt as it will be sent. ``sentences`` index the *original* ``PromptInput.text``."""

    messages: tuple[Mapping[str, str], ...]  # role, content
    nonce: str
    canary: str
    template_version: str
    prompt_hash: str  # sha256 hex over the messages
    criterion_order: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    redactions: Mapping[str, str] = field(default_factory=dict)  # placeholder -> original
    chunked: bool = False
    part: Literal["all", "comments", "levels"] = "all"  # of a long draft: one chunk's comments, or the levels
    goal_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """A quotation a model gave and what became of it.

    ``start``/``end`` are offsets in the draft's text, set only when located; ``shown`` is the draft's own substring.
    """

    sentence_id: str
    quote: str
    status: QuoteStatus
    start: int | None = None
    end: int | None = None
    shown: str = ""
    score: float | None = None  # rapidfuzz partial ratio, 0..100; None for exact matches

    @property
    def verified(self) -> bool:
        return self.status == "verified"


@dataclass(frozen=True)
class ReadCriterion:
    """What one run says of one criterion. ``level`` None means not assessable, never 0."""

    criterion_key: str
    level: int | None
    reasoning: str
    not_assessable_reason: str
    confidence: Literal["low", "medium", "high"]
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class ReadItem:
    """One comment of one run after its quotations were looked up.

    ``quarantined``: no located quote and no declared absence; instructor may see it, it adds no support.
    """

    item_id: str
    criterion_key: str
    kind: Kind
    tag: str
    focus: Focus
    comment: str
    why: str
    next_step: str
    severity: int  # 1..3
    absence: bool
    quotes: tuple[Quote, ...] = ()
    quarantined: bool = False
    quarantine_reason: str = ""  # no_located_quote, nonce_echo, link, markup, grade_talk, authorship ...


@dataclass(frozen=True)
class ReadGoal:
    goal_id: str
    status: Literal["addressed", "partly", "not_yet", "cannot_tell"]
    note: str
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class Reading:
    """One run's answer: parsed, in range, every quotation looked up."""

    criteria: tuple[ReadCriterion, ...]
    items: tuple[ReadItem, ...]
    goals: tuple[ReadGoal, ...]
    language: str
    on_task: Literal["yes", "partly", "no", "cannot_tell"]
    addressed_to_reviewer: tuple[str, ...]  # sentence ids
    student_concern: bool
    last_sentence_id: str
    priority_item_ids: tuple[str, ...] = ()
    repaired_json: bool = False
    quotes_total: int = 0
    quotes_unfound: int = 0
    comments_dropped: bool = False  # over half of the run's quotes were not found
    level_before_evidence: bool = False  # the raw answer chose levels before it looked at evidence
    chunked: bool = False  # a long draft: comments from its parts, levels from one pass over the whole
    last_expected_id: str = ""  # the last sentence the run was shown; "" when not known
    parts: int = 0  # of a long draft: into how many it was cut for comments
    parts_missing: tuple[int, ...] = ()  # 1-based; parts that no usable answer came back for


@dataclass(frozen=True)
class RunReading:
    """A reading together with who made it: ``model`` is the model's identity in this request, ``run`` counts from 0."""

    model: str
    run: int
    reading: Reading


@dataclass(frozen=True)
class Flag:
    """A reason to look. ``severity`` must/check block bulk approval; ``detail`` is a sentence for the instructor."""

    code: str
    severity: Literal["must", "check", "info"]
    detail: str
    criterion_key: str = ""
    sentence_ids: tuple[str, ...] = ()


def flags_to_json(flags: Sequence[Flag]) -> list[dict[str, Any]]:
    return [asdict(flag) for flag in flags]
