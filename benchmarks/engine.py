"""CPU time of everything the engine does for one draft around the model calls, stage by stage.

Three models read twice: 2,000 words, 8 criteria, 10 comments a run. No network, no database, no LiteLLM. The stages run
in turn within one process, so that their ratios stand even on a busy machine.

Run: ``python -m benchmarks.engine [repetitions]``. Prints a Markdown table; ends with status 1 above the limit.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from feedback.agreement.aggregation import combine
from feedback.agreement.flags import flags_for_draft
from feedback.contract import (
    CriterionSnapshot,
    LevelSnapshot,
    Prompt,
    PromptInput,
    RubricSnapshot,
    RunReading,
    Sentence,
)
from feedback.merging import merge
from feedback.progress.alignment import align
from feedback.reading.answer import ParsedAnswer, parse_answer
from feedback.reading.characters import clean_for_model
from feedback.reading.evidence import verify
from feedback.reading.prompt import build_prompt
from feedback.reading.shield import draft_flags
from feedback.textcheck import check_text

MODELS = ("model-a", "model-b", "model-c")
RUNS = 2
CRITERIA = 8
LEVELS = 4
ITEMS_PER_RUN = 10
WORDS = 2000
LIMIT_MS = 80.0
SEED = 20261122

_SUBJECTS = [
    "the council",
    "a shop",
    "our school",
    "the harbour",
    "every family",
    "a reader",
    "the old bridge",
    "this survey",
    "the market",
]
_VERBS = [
    "changes",
    "supports",
    "questions",
    "needs",
    "describes",
    "forgets",
    "measures",
    "protects",
    "compares",
    "explains",
]
_OBJECTS = [
    "the price of bread",
    "a warm lunch",
    "public transport",
    "the noise at night",
    "two sources",
    "an early vote",
    "local history",
]
_ENDS = [
    "in winter",
    "without a reason",
    "for many years",
    "as the report says",
    "before noon",
    "because nobody asked",
    "with some care",
]
_TAGS = ("thesis", "evidence", "structure", "analysis", "clarity", "grammar", "counterargument", "source_use")


@dataclass
class Stopwatch:
    """CPU milliseconds per stage, one list per repetition."""

    spent_ms: dict[str, list[float]] = field(default_factory=dict)

    def run(self, stage: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        self.spent_ms.setdefault(stage, []).append((time.process_time() - start) * 1000)
        return result


def make_draft(chance: random.Random) -> str:
    """About ``WORDS`` words in paragraphs of eight sentences, all different."""
    paragraphs: list[list[str]] = [[]]
    words = 0
    while words < WORDS:
        parts = [chance.choice(group) for group in (_SUBJECTS, _VERBS, _OBJECTS, _ENDS)]
        sentence = (
            f"{' '.join(parts)[0].upper()}{' '.join(parts)[1:]}, and in {chance.randrange(1900, 2020)} it was so."
        )
        if len(paragraphs[-1]) == 8:
            paragraphs.append([])
        paragraphs[-1].append(sentence)
        words += len(sentence.split())
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs)


def make_rubric() -> RubricSnapshot:
    levels = tuple(LevelSnapshot(n, f"Level {n}", f"The text does this {n} times out of three.") for n in range(LEVELS))
    return RubricSnapshot(
        "Essay",
        tuple(CriterionSnapshot(f"c{n}", f"Criterion {n}", "What it asks.", 1.0, levels) for n in range(CRITERIA)),
    )


def make_answer(prompt: Prompt, rubric: RubricSnapshot, chance: random.Random) -> str:
    """A valid answer; one quotation in ten is misspelled, so that the slow way of looking it up is taken too."""

    def evidence(sentence: Sentence) -> dict[str, str]:
        quote = sentence.text[:120]
        return {"sentence_id": sentence.id, "quote": quote.replace("e", "ee", 1) if chance.random() < 0.1 else quote}

    popular = prompt.sentences[:: max(1, len(prompt.sentences) // 12)]
    answer = {
        "schema_version": "ff.review/1",
        "echo": {"nonce": prompt.nonce, "last_sentence_id": prompt.sentences[-1].id},
        "draft_check": {
            "language": "en", "on_task": "yes", "text_addressed_to_reviewer": [], "student_concern": "none",
        },
        "criteria": [
            {
                "criterion_id": criterion.key,
                "evidence": [evidence(chance.choice(prompt.sentences)) for _ in range(2)],
                "reasoning": "The passage fits the descriptor in part; two sentences show it. " * 3,
                "level": chance.choice([1, 2, 2]),
                "not_assessable_reason": None,
                "confidence": "medium",
            }
            for criterion in rubric.criteria
        ],
        "items": [
            {
                "item_id": f"i{n}",
                "criterion_id": chance.choice(rubric.criteria).key,
                "kind": chance.choice(["issue", "issue", "issue", "strength"]),
                "tag": chance.choice(_TAGS),
                "focus": "task",
                "evidence": [evidence(chance.choice(popular))],
                "absence": False,
                "comment": f"The sentence about {chance.choice(_OBJECTS)} {chance.choice(_VERBS)} too much at once.",
                "why": "Readers lose the thread here.",
                "next_step": f"Name {chance.choice(_OBJECTS)} and say what follows.",
                "severity": chance.randrange(1, 4),
            }
            for n in range(ITEMS_PER_RUN)
        ],
        "priority_item_ids": ["i0", "i1"],
        "goal_progress": [],
    }  # fmt: skip
    return json.dumps(answer)


def one_draft(clock: Stopwatch, chance: random.Random, rubric: RubricSnapshot) -> None:
    """Everything one draft costs; a new text each time, so that no cache helps that would not help in use."""
    text = make_draft(chance)
    cleaned = clock.run("clean characters", lambda: clean_for_model(text))
    prompts: Sequence[Prompt] = clock.run(
        "build 6 prompts",
        lambda: [
            build_prompt(
                PromptInput(
                    "Essay", "Write about the town.", rubric, text, f"nonce{n:05d}", seed=n, roster=("Ada Lovelace",)
                )
            )
            for n in range(len(MODELS) * RUNS)
        ],
    )
    raws = [make_answer(prompt, rubric, chance) for prompt in prompts]
    parsed: Sequence[ParsedAnswer] = clock.run(
        "parse 6 answers",
        lambda: [
            parse_answer(raw, finish_reason="stop", prompt=prompt, rubric=rubric)
            for raw, prompt in zip(raws, prompts, strict=True)
        ],
    )
    read = clock.run(
        "locate quotations",
        lambda: [
            verify(answer, text=text, sentences=prompt.sentences, redactions=prompt.redactions, rubric=rubric)
            for answer, prompt in zip(parsed, prompts, strict=True)
        ],
    )
    readings = [RunReading(MODELS[n % len(MODELS)], n // len(MODELS), reading) for n, reading in enumerate(read)]

    def aggregate() -> dict[str, Any]:
        found = {}
        for criterion in rubric.criteria:
            runs: dict[str, list[int | None]] = {}
            for reading in readings:
                levels = {c.criterion_key: c.level for c in reading.reading.criteria}
                runs.setdefault(reading.model, []).append(levels[criterion.key])
            found[criterion.key] = combine(runs, level_count=LEVELS, planned=len(readings), pass_position=2)
        return found

    agreements = clock.run("aggregate 8 criteria", aggregate)
    notes = clock.run(
        "merge 60 comments",
        lambda: merge(
            readings,
            rubric=rubric,
            text=text,
            sentences=prompts[0].sentences,
            centres={key: agreement.centre for key, agreement in agreements.items()},
        ),
    )
    clock.run(
        "raise flags",
        lambda: (
            flags_for_draft(agreements=agreements, readings=readings, notes=notes, rubric=rubric),
            draft_flags(
                text=text, sentences=prompts[0].sentences, cleaned=cleaned, hidden_spans_count=0,
                assignment_text="Write about the town.", min_words=None, max_words=None, expected_language="en",
                readings=readings, rubric=rubric,
            ),
        ),
    )  # fmt: skip


def beside(clock: Stopwatch, chance: random.Random) -> None:
    """What is not done for each reading, but for a draft once it is looked at."""
    text = make_draft(chance)
    clock.run("text check without models", lambda: check_text(text, language="en"))
    old = text.replace("\n\n", " ").split(". ")
    new = [sentence if chance.random() < 0.6 else sentence.replace("it was", "they were") for sentence in old]
    clock.run("align with the last draft", lambda: align(old, new))


def table(clock: Stopwatch) -> str:
    medians = {stage: median(times) for stage, times in clock.spent_ms.items()}
    total = sum(medians.values())
    rows = ["| stage | CPU, ms (median) | share |", "|---|---|---|"]
    rows += [f"| {stage} | {spent:.1f} | {spent / total:.0%} |" for stage, spent in medians.items()]
    return "\n".join([*rows, f"| **all** | **{total:.1f}** | |"])


def main(arguments: Sequence[str]) -> int:
    repetitions = int(arguments[0]) if arguments else 15
    rubric = make_rubric()
    one_draft(Stopwatch(), random.Random(SEED - 1), rubric)  # schemas and patterns are compiled once per process
    clock, other = Stopwatch(), Stopwatch()
    for number in range(repetitions):
        one_draft(clock, random.Random(SEED + number), rubric)
        beside(other, random.Random(SEED + number))
    total = sum(median(times) for times in clock.spent_ms.values())
    print(f"One draft: {len(MODELS)} models x {RUNS} runs, {CRITERIA} criteria, {WORDS:,} words; seed {SEED}.\n")
    print(table(clock))
    print("\nBeside it, once per draft:\n")
    print(table(other))
    print(f"\n{total:.0f} ms of at most {LIMIT_MS:.0f} ms: {'kept' if total <= LIMIT_MS else 'MISSED'}")
    return 0 if total <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
