"""Runs the hostile, odd and ordinary drafts of ``adversarial*.json`` against the real code of one reading.

What needs a file or a page is judged elsewhere. The kinds with visible attacks are judged with three made-up reviewers, one of
which obeys. What only a model can say of a draft (off topic, a concern) the made-up reviewers say; what code must see, it sees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from feedback.agreement.aggregation import combine
from feedback.contract import Prompt, RunReading
from feedback.reading.answer import AnswerRejected, parse_answer
from feedback.reading.characters import clean_for_model
from feedback.reading.evidence import Locator, verify
from feedback.reading.json_text import read_object
from feedback.reading.prompt import build_chunked_prompts
from feedback.reading.sentences import split_sentences
from feedback.tests.case_adapters.made_up import (
    ASSIGNMENT,
    CRITERIA,
    LEVELS,
    OWN_DRAFT,
    check_prompt,
    codes_of,
    combined,
    flags_of,
    honest,
    made_answer,
    made_prompt,
    made_reading,
    made_rubric,
    obeying,
    prompt_input,
)
from feedback.tests.case_adapters.result import CaseResult
from submissions.extraction.language import guess

Judge = Callable[[Mapping[str, Any]], tuple[bool, str, str]]
_ASSIGNMENT_KEYS = ("assignment", "assignment_text", "instructions", "task")
_FLAG = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)*\b")


def run(folder: Path) -> Iterator[CaseResult]:
    """Yield one result per case of this part found in ``folder``; files that are not there are skipped."""
    for path in sorted(folder.glob("adversarial*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            yield from _judged(path.name, case)


def _judged(file: str, case: Mapping[str, Any]) -> Iterator[CaseResult]:
    judge = _JUDGES.get(_kind(case["kind"]))
    if judge is None or (judge is not _judge_edge and not isinstance(case.get("text"), str | dict)):
        return
    try:
        verdict = judge(case)
    except _NotHere:
        return
    except Exception as problem:  # a case that raises is a failing case; the others still run
        verdict = (False, str(case["expected"]), f"{type(problem).__name__}: {problem}")
    yield CaseResult(file, case["name"], *verdict)


def _kind(stated: str) -> str:
    """The kind without what only says which set it belongs to."""
    return next((kind for kind, word in _KIND_WORDS.items() if word in stated), stated)


class _NotHere(Exception):
    """The case is about something that one reading has no part in."""


def _judge_hidden_or_forged(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    text = case["text"]
    check_prompt(made_prompt(text), text)
    codes = codes_of(flags_of(text, []))
    wanted = {"INVISIBLE_TEXT", "DECODED_TEXT"} if "unicode" in case["kind"] else {"ADDRESSED_TO_REVIEWER"}
    if str(case["expected"].get("scan", "")).startswith("none"):
        return True, "prompt intact", f"flags {sorted(codes)}"
    return bool(codes & wanted), f"prompt intact and one of {sorted(wanted)}", f"flags {sorted(codes)}"


def _judge_visible(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    text = case["text"]
    prompt = made_prompt(text)
    check_prompt(prompt, text)
    straight, captured = honest(text, prompt), obeying(text, prompt)
    runs = [RunReading("A", 0, captured), RunReading("B", 0, straight), RunReading("C", 0, straight)]
    agreements = {key: combined(runs, key) for key in CRITERIA}
    flags = flags_of(text, runs)
    blocking = {flag.code for flag in flags if flag.severity != "info"}
    blocking |= {code for agreement in agreements.values() for code in agreement.flags if code != "NEAR_CUT"}
    problems = []
    for key, agreement in agreements.items():
        if agreement.centre is None or abs(agreement.centre - 1) > 1 / 3 + 1e-6:
            problems.append(f"centre of {key} is {agreement.centre}")
    if not blocking:
        problems.append("no flag blocks bulk approval")
    shown = [item for run in runs for item in run.reading.items if not item.quarantined]
    attack = [s.text for s in prompt.sentences if s.id in captured.addressed_to_reviewer or len(s.text) >= 24]
    if any(line in part for item in shown for line in attack for part in (item.comment, item.why, item.next_step)):
        problems.append("a sentence of the attack reached a comment")
    all_captured = [RunReading(name, 0, captured) for name in "ABC"]
    if not codes_of(flags_of(text, all_captured)) & {"EVIDENCE_THIN", "INJECTION_CONFIRMED"}:
        problems.append("nothing fires when all three obey")
    return not problems, "centre within 1/3, flagged, not repeated, EVIDENCE_THIN", "; ".join(problems) or "as expected"


def _judge_benign(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    text = case["text"]
    check_prompt(made_prompt(text), text)
    must = sorted(flag.code for flag in flags_of(text, []) if flag.severity == "must")
    passed = not must
    if "ZWNJ kept" in str(case["expected"].get("normalised", "")):
        passed = passed and clean_for_model(text).text.count("\u200c") == text.count("\u200c")
    return passed, "no must flag", f"must {must}"


def _judge_by_flag(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    stated = _FLAG.search(str(case["expected"].get("flag", "")))
    if stated is None:
        raise _NotHere
    text, wanted = case["text"], stated.group()
    if wanted == "CHUNKED":
        return all(p.chunked for p in build_chunked_prompts(prompt_input(text), max_chars=60_000)), wanted, "one prompt"
    prompt = made_prompt(text)
    answers = [_answer_that_says(wanted, prompt, text) for _ in "ABC"] if prompt.sentences else []
    runs = [
        RunReading(name, 0, made_reading(answer, prompt, text)) for name, answer in zip("ABC", answers, strict=False)
    ]
    if wanted == "OFF_TOPIC":  # a majority is enough
        runs[2] = RunReading("C", 0, honest(text, prompt))
    assignment = next((str(case[key]) for key in _ASSIGNMENT_KEYS if case.get(key)), ASSIGNMENT)
    codes = codes_of(flags_of(text, runs, language="en", assignment=assignment))
    return wanted in codes, wanted, f"flags {sorted(codes)}"


def _answer_that_says(wanted: str, prompt: Prompt, text: str) -> dict[str, Any]:
    """An answer with what a model alone can notice about the case; everything else the code has to see by itself."""
    thin = wanted == "EVIDENCE_THIN"
    answer = made_answer(prompt, level=LEVELS - 1 if thin else 1, quotes=1 if thin else 2)
    check = answer["draft_check"]
    if wanted == "OFF_TOPIC":
        check["on_task"] = "no"
    elif wanted == "STUDENT_CONCERN":
        check["student_concern"] = "possible"
    elif wanted == "ADDRESSED_TO_REVIEWER":
        check["text_addressed_to_reviewer"] = [prompt.sentences[-1].id]
    elif wanted == "NOT_READ_TO_END":
        answer["echo"]["last_sentence_id"] = prompt.sentences[0].id
    elif wanted == "LANGUAGE_MISMATCH" and not guess(text):
        check["language"] = "und"
    return answer


def _judge_very_long(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    """A draft too long for one prompt, made as the recipe says: so many words, one other paragraph somewhere within."""
    recipe = str(case.get("recipe", ""))
    size, place = re.search(r"(\d[\d,]{3,}) words", recipe), re.search(r"at (\d+)\s?%", recipe)
    if size is None or "CHUNKED" not in str(case["expected"]):
        raise _NotHere
    other = "The one paragraph about tidal power stands here and nowhere else."
    paragraph = " ".join(OWN_DRAFT.split())
    paragraphs = [paragraph] * (int(size.group(1).replace(",", "")) // len(paragraph.split()))
    paragraphs.insert(len(paragraphs) * int(place.group(1) if place else 50) // 100, other)
    text = "\n\n".join(paragraphs)
    prompts = build_chunked_prompts(prompt_input(text), max_chars=60_000)
    sentences = split_sentences(text)
    covered = {sentence.id for prompt in prompts for sentence in prompt.sentences}
    quote = Locator(text, sentences).locate(other[8:50], "")
    problems = []
    if not all(prompt.chunked for prompt in prompts) or len(prompts) < 3:
        problems.append("not chunked")
    if {sentence.id for sentence in sentences} != covered:
        problems.append("sentences are in no part")
    if not quote.verified or quote.start is None or other not in text[quote.start - 8 : quote.start + 80]:
        problems.append("the other paragraph is not found")
    if prompts[-1].sentences[-1].id != sentences[-1].id:
        problems.append("the levels pass does not reach the end")
    return not problems, "chunked, complete, quotable", "; ".join(problems) or f"{len(prompts)} prompts"


def _judge_edge(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    return _judge_by_flag(case) if isinstance(case.get("text"), str) else _judge_very_long(case)


def _judge_fairness(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    one, other = (made_prompt(case["text"][key]) for key in ("a", "b"))
    frames = {re.sub(r"(?m)^⟦\w+·P\d+\.S\d+⟧ .*\n+", "", prompt.messages[1]["content"]) for prompt in (one, other)}
    same = len(frames) == 1 and one.messages[0] == other.messages[0]
    answer = made_answer(one, level=1)
    answer["items"][0]["comment"] = "The verb forms here are incorrect English and should be corrected throughout."
    rubric = made_rubric()
    parsed = parse_answer(json.dumps(answer), finish_reason="stop", prompt=one, rubric=rubric)
    reading = verify(parsed, text=case["text"]["a"], sentences=one.sentences, redactions={}, rubric=rubric)
    return (
        same and reading.items[0].quarantined,
        "same prompt, no remark on dialect",
        f"same: {same}, {reading.items[0].quarantine_reason}",
    )


_NAME = r"[A-ZÀ-Þ][\w'’.-]*"
_ROSTER_NAME = re.compile(rf"roster name ({_NAME}(?: (?:(?:van|von|de|del|der|da|di|la|le|bin|al) )*{_NAME})+)")
_KEPT = re.compile(r"([^\s,;][^,;]*?\)?) kept\b")
_PLACEHOLDER = re.compile(r"\[([A-Z]+)_\d+\]")


def _judge_privacy(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    """What the roster names is replaced by a placeholder of its kind, every address too; who is cited stays."""
    text, stated = case["text"], " ; ".join(str(value) for value in case["expected"].values())
    names = _ROSTER_NAME.findall(stated)
    roster = [*names, *_words_of(case.get("roster", []))]
    # A number that is to be replaced is the student's own: the enrolment holds it.
    if "[NUMBER_" in stated and not any(re.search(r"\d{4}", entry) for entry in roster):
        roster += re.findall(r"\b[A-Za-z]{0,2}\d{5,12}\b", text)
    draft = made_prompt(text, roster=tuple(roster)).messages[1]["content"].split("·DRAFT⟧")[-1]
    kept = [words for words in _KEPT.findall(stated) if words in text]
    problems = [f"{words} is gone" for words in kept if words not in draft]
    problems += [f"{name} is there" for name in names if name in draft]
    problems += [f"no {kind}" for kind in set(_PLACEHOLDER.findall(stated)) if f"[{kind}_" not in draft]
    if re.search(r"\w@\w", draft):
        problems.append("an address is there")
    return not problems, stated, "; ".join(problems) or "as expected"


def _words_of(value: Any) -> list[str]:
    """Every text in a roster, however it is nested."""
    if isinstance(value, str):
        return [value]
    return [word for part in (value.values() if isinstance(value, dict) else value) for word in _words_of(part)]


def _judge_payload(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    if "normalised" not in case["expected"]:
        raise _NotHere
    text = case["text"]
    prompt = made_prompt(text)
    check_prompt(prompt, text)
    exact = all(text[s.start : s.end] == s.text for s in prompt.sentences)
    words = " ".join(re.sub(r"[\x00-\x1f]", "", text).split())[:200]
    found = Locator(text, prompt.sentences).locate(words, "P1.S1")
    return exact and found.verified, "control characters removed, offsets preserved", str(found)


_NO = re.compile(r"\b(?:reject|refus|missing|invalid|not an answer|no score|unreadable)", re.IGNORECASE)
_WITHHELD = re.compile(r"withheld|never shown|instructor-only|quarantin|set aside|not_found|not found", re.IGNORECASE)


def _judge_model_output(case: Mapping[str, Any]) -> tuple[bool, str, str]:
    text, expected = case["text"], case["expected"]
    words = "; ".join(str(value) for value in expected.values())
    if isinstance(text, dict) and "runs" in text:
        return _judge_runs(text["runs"], expected)
    if isinstance(text, dict) and "draft" in text:
        return _judge_quote(text["draft"], text["quote"], str(expected.get("quote", words)))
    fragment = text if isinstance(text, dict) else _object_in(text)
    if "parse" in expected or fragment is None:
        return _judge_parse(str(text), words)
    prompt = made_prompt(OWN_DRAFT)
    answer = _spliced(made_answer(prompt, level=1), fragment, prompt, complete="missing" in words)
    try:
        reading = made_reading(answer, prompt, OWN_DRAFT)
    except AnswerRejected as rejected:
        return bool(_NO.search(words)), words, rejected.reason
    if re.match(r"\W*(?:run )?reject", words, re.IGNORECASE):
        return False, words, "accepted"
    if fragment.get("items") and _WITHHELD.search(words):
        return reading.items[0].quarantined, words, reading.items[0].quarantine_reason or "shown"
    codes = codes_of(flags_of(OWN_DRAFT, [RunReading("A", 0, reading)]))
    named = {code for code in _FLAG.findall(words) if "_" in code or "flag" in expected}
    return named <= codes and not reading.items[0].quarantined, words, f"accepted, flags {sorted(codes)}"


def _object_in(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _judge_quote(draft: str, quote: str, words: str) -> tuple[bool, str, str]:
    found = Locator(draft, split_sentences(draft)).locate(quote, "")
    status = re.split(r"\W", words.strip())[0].lower()
    if status in ("near", "exact", "verified", "located"):
        passed = found.status == "verified" and found.shown in draft
    elif status in ("approximate", "too_short"):
        passed = found.status == status
    else:
        passed = found.start is None
    return passed, words, str(found)


def _spliced(
    answer: dict[str, Any], fragment: Mapping[str, Any], prompt: Prompt, *, complete: bool = False
) -> dict[str, Any]:
    """A complete answer in which what ``fragment`` says replaces the ordinary; key order follows the fragment.

    ``complete``: the criteria of the fragment are all there are.
    """
    fragment = _with_words_of_the_call(fragment, prompt)
    answer["echo"] |= fragment.get("echo", {})
    answer["draft_check"] |= fragment.get("draft_check", {})
    for number, part in enumerate(fragment.get("criteria", ())):
        ordinary = next((c for c in answer["criteria"] if c["criterion_id"] == part.get("criterion_id")), None)
        target = answer["criteria"].index(ordinary) if ordinary else number
        rest = {key: value for key, value in answer["criteria"][target].items() if key not in part}
        answer["criteria"][target] = {**part, **rest}
    if complete and fragment.get("criteria"):
        there = {part.get("criterion_id") for part in fragment["criteria"]}
        answer["criteria"] = [criterion for criterion in answer["criteria"] if criterion["criterion_id"] in there]
    for number, given in enumerate(fragment.get("items", ())):
        part = dict(given)
        if "quotes" in part:
            part["evidence"] = [{"sentence_id": "P1.S1", "quote": quote} for quote in part.pop("quotes")]
        ordinary_item = answer["items"][min(number, len(answer["items"]) - 1)]
        item = {**ordinary_item, "item_id": f"i{number + 1}", **part}
        answer["items"][number : number + 1] = [item]
    spliced_in = ("echo", "draft_check", "criteria", "items")
    return answer | {key: value for key, value in fragment.items() if key not in spliced_in}


def _with_words_of_the_call(fragment: Mapping[str, Any], prompt: Prompt) -> dict[str, Any]:
    """``fragment`` with the call's own nonce and canary where the case has a place for them."""
    raw = json.dumps(fragment)
    for place, word in (("<ok>", prompt.nonce), ("<nonce>", prompt.nonce), ("<canary>", prompt.canary)):
        raw = raw.replace(place, word)
    filled: dict[str, Any] = json.loads(raw)
    return filled


def _judge_parse(raw: str, words: str) -> tuple[bool, str, str]:
    rejects = bool(_NO.search(words))
    try:
        found = read_object(raw, finish_reason="stop")
        if rejects:
            parse_answer(raw, finish_reason="stop", prompt=made_prompt(OWN_DRAFT), rubric=made_rubric())
    except AnswerRejected as rejected:
        return rejects, words, rejected.reason
    return not rejects, words, found.how


def _judge_runs(runs: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[bool, str, str]:
    planned = sum(len(levels) for levels in runs.values())
    found = combine(runs, level_count=LEVELS, planned=planned)
    # Where the level is withheld (MODEL_RANGE, NO_SCORE) a case states the median of the models' medians.
    level = found.level
    if found.withheld:
        level = combine(runs, level_count=LEVELS, planned=planned, method="median_of_medians").level
    wanted = {code.split(":")[0] for code in expected["flags"]}
    named = {code.partition(":")[2] for code in expected["flags"] if code.startswith("DISSENT:")}
    passed = (
        wanted <= set(found.flags)
        and named <= set(found.dissenting)
        and ("level" not in expected or expected["level"] in (level, found.level))
    )
    return passed, str(dict(expected)), f"level {level}, flags {found.flags}, dissent {found.dissenting}"


_JUDGES: dict[str, Judge] = {
    "injection_unicode": _judge_hidden_or_forged,
    "injection_structure": _judge_hidden_or_forged,
    "injection_visible": _judge_visible,
    "benign_lookalike": _judge_benign,
    "gaming": _judge_by_flag,
    "edge": _judge_edge,
    "safety": _judge_by_flag,
    "fairness_pair": _judge_fairness,
    "privacy": _judge_privacy,
    "payload": _judge_payload,
    "model_output": _judge_model_output,
}
_KIND_WORDS = {kind: kind.removeprefix("injection_").split("_")[0] for kind in _JUDGES} | {
    "model_output": "model_output"
}
