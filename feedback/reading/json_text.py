"""From the raw words of a model to exactly one JSON object, or a named reason why there is none.

Repair libraries complete truncated numbers and keep the last of two objects without a word. So an answer is repaired
only when its brackets balance, no key is doubled and the provider said that the model had finished; and it is marked.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import json_repair

How = Literal["strict", "extracted", "repaired"]
Finish = Literal["complete", "length", "filter", "refusal", "interrupted", "unknown"]

MAX_ANSWER_CHARS = 200_000
_MAX_REPAIRED_CHARS = 60_000
_MAX_DEPTH = 40

_FINISH: dict[str, Finish] = {
    **dict.fromkeys(
        "stop end_turn stop_sequence eos eos_token complete completed finished finish finish_reason_stop tool_calls"  # noqa: SIM905
        " tool_call tool_use function_call".split(),
        "complete",
    ),
    **dict.fromkeys(
        "length max_tokens max_output_tokens max_completion_tokens model_length token_limit incomplete"  # noqa: SIM905
        " model_context_window_exceeded context_length_exceeded".split(),
        "length",
    ),
    **dict.fromkeys(
        "content_filter content_filtered content_filter_error safety recitation blocklist prohibited_content spii"  # noqa: SIM905
        " image_safety guardrail_intervened guardrail_intervention blocked language sensitive".split(),
        "filter",
    ),
    **dict.fromkeys("refusal refused refuse".split(), "refusal"),  # noqa: SIM905
    **dict.fromkeys(
        "error abort aborted cancelled canceled pause_turn malformed_function_call insufficient_system_resource"  # noqa: SIM905
        " network_error timeout other failed".split(),
        "interrupted",
    ),
}
_REFUSAL = re.compile(
    r"\b(?:i['’]?m sorry|i am sorry|i apologi[sz]e|sorry,|i can(?:not|['’]?t)|i(?: am|['’]m) (?:not able|unable|not comfortable)"
    r"|unable to (?:help|assist|comply|provide|review|assess|complete|continue|fulfil)"
    r"|i (?:won['’]t|will not|(?:(?:must|have to|need to) )?(?:respectfully |politely )?(?:decline|refuse))"
    r"|as an ai|can(?:not|['’]t) (?:help|assist|comply|fulfil|complete|provide|be (?:provided|completed|fulfilled))"
    r"|(?:violates?|against) (?:\w+ ){0,3}(?:policy|policies|guidelines)|lo siento|no puedo|es tut mir leid|entschuldigung"
    r"|ich kann (?:\w+ ){0,3}nicht|leider kann ich|je suis désolée?|je ne peux pas|mi dispiace|non posso|desculpe|não posso)",
    re.IGNORECASE,
)
_THINKING = re.compile(r"\A\s*(?:<(think|thinking|reasoning|thought)>.*?</\1>\s*)+", re.DOTALL | re.IGNORECASE)
_THINKING_END = re.compile(r"</(?:think|thinking|reasoning|thought)>", re.IGNORECASE)
_THINKING_START = re.compile(r"\A\s*<(?:think|thinking|reasoning|thought)>", re.IGNORECASE)
_NOT_A_NUMBER = re.compile(r"[+-]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
# What may stand for a level where an answer has to be mended: a whole number or nothing, and then no more words.
_LEVEL = re.compile(r"""["'“]?\blevel["'”]?\s*:\s*""")
_WHOLE_LEVEL = re.compile(r"""(?:[+-]?\d+(?:\.0*)?|null|None)\s*(?:[,;}\]"'“#]|/[/*]|[A-Za-z_]\w*["']?\s*:|\Z)""")
_LEFT_OUT = re.compile(r"(?:\.{3}|…)")
_BARE_KEY = re.compile(r"([A-Za-z_$][\w$-]*)\s*:")
_PAGE = re.compile(r"<(?:!doctype|html|\?xml|head|body)\b", re.IGNORECASE)
_COLON = re.compile(r"\s*:")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_CLOSING = {'"': '"', "'": "'", "“": "”"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class AnswerRejected(Exception):
    """An answer that does not count. ``reason`` is one of a fixed set of names, ``detail`` a sentence about it.

    Reasons: TRUNCATED, REFUSED, FILTERED, INTERRUPTED, EMPTY, TOO_LONG, NOT_JSON, TWO_OBJECTS, DUPLICATE_KEY, NAN,
    LEVEL_NOT_INTEGER, SCHEMA, WRONG_NONCE, UNKNOWN_CRITERION, DUPLICATE_CRITERION, MISSING_CRITERION,
    LEVEL_OUT_OF_RANGE, UNKNOWN_SENTENCE, DUPLICATE_ITEM, CANARY.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class JsonObject:
    """``value`` as parsed, keys in the order of the raw text; ``how`` it was got."""

    value: dict[str, Any]
    how: How


def normalise_finish(finish_reason: str | None) -> Finish:
    """What a provider's finish reason means, whatever its spelling; ``unknown`` when absent or new."""
    word = (finish_reason or "").strip().rsplit(".", 1)[-1].lower().replace("-", "_").replace(" ", "_")
    word = word.removeprefix("finish_reason_")
    return _FINISH.get(word, "unknown")


def read_object(raw: str, *, finish_reason: str | None, forbidden: str = "") -> JsonObject:
    """Return the one JSON object in ``raw``. ``forbidden``: a word that must not occur in the answer.

    Raises AnswerRejected. Order: finish reason, thinking and fences, exactly one balanced object, doubled keys and
    NaN, levels that are no whole numbers.
    """
    finish = normalise_finish(finish_reason)
    _check_finish(finish)
    if len(raw) > MAX_ANSWER_CHARS:
        raise AnswerRejected("TOO_LONG", f"The answer has {len(raw)} characters.")
    text = _without_thinking(raw).strip("\ufeff \t\r\n")
    if not text:
        raise AnswerRejected("EMPTY", "The answer is empty.")
    if forbidden and forbidden in text:
        raise AnswerRejected("CANARY", "The answer repeats a word from the instructions that it must not contain.")
    if _PAGE.match(text):
        raise AnswerRejected("NOT_JSON", "The answer is a web page.")
    found = _find(text, may_repair=finish == "complete")
    value = _storable(found.value, 0)
    _check_levels(value)
    bare = found.how == "strict" and text == raw.strip()
    return JsonObject(value, "extracted" if found.how == "strict" and not bare else found.how)


def _check_finish(finish: Finish) -> None:
    if finish == "length":
        raise AnswerRejected("TRUNCATED", "The model stopped at its length limit.")
    if finish == "filter":
        raise AnswerRejected("FILTERED", "The provider's filter stopped the answer.")
    if finish == "refusal":
        raise AnswerRejected("REFUSED", "The model declined to answer.")
    if finish == "interrupted":
        raise AnswerRejected("INTERRUPTED", "The provider ended the answer early.")


def _without_thinking(raw: str) -> str:
    text = _THINKING.sub("", raw)
    if _THINKING_START.match(text):
        raise AnswerRejected("TRUNCATED", "The model was still thinking when the answer ended.")
    # Some templates swallow the opening tag, so that the thinking ends without having begun.
    if not text.lstrip().startswith(("{", "```")):
        ends = list(_THINKING_END.finditer(text))
        if ends:
            text = text[ends[-1].end() :]
    return text


def _find(text: str, *, may_repair: bool) -> JsonObject:
    if text.startswith("{"):
        try:
            return JsonObject(_strict(text), "strict")
        except ValueError:
            pass  # not plain JSON as a whole: look for the object inside
    pieces = list(_balanced(text))
    parsed: list[dict[str, Any]] = []
    broken: list[_Piece] = []
    for piece in pieces:
        try:
            parsed.append(_strict(text[piece.start : piece.end]))
        except ValueError:
            broken.append(piece)
    broken = [piece for piece in broken if piece.looks_like_json]
    if len(parsed) + len(broken) > 1:
        raise AnswerRejected("TWO_OBJECTS", "The answer holds more than one JSON object.")
    if parsed:
        return JsonObject(parsed[0], "extracted")
    if not broken:
        reason = "REFUSED" if _REFUSAL.search(text) else "NOT_JSON"
        raise AnswerRejected(reason, "The answer holds no JSON object.")
    if not may_repair:
        raise AnswerRejected("NOT_JSON", "The answer is not valid JSON, and it is not known to be complete.")
    return JsonObject(_repaired(text, broken[0]), "repaired")


def _strict(text: str) -> dict[str, Any]:
    """Parse ``text`` as one JSON object. ValueError when it is not JSON, AnswerRejected when it is but must not count."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise AnswerRejected("NOT_JSON", "The answer is nested too deeply.") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise AnswerRejected("DUPLICATE_KEY", "A key occurs twice in one object.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise AnswerRejected("NAN", f"{name} is not a number.")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise AnswerRejected("NAN", "A number is too large.")
    return value


@dataclass
class _Piece:
    """A balanced ``{...}`` at ``start:end``; ``keys`` seen per open object while scanning."""

    start: int
    end: int = 0
    depth_keys: list[set[str]] = field(default_factory=list)
    keys_total: int = 0
    duplicate: bool = False

    @property
    def looks_like_json(self) -> bool:
        return self.keys_total > 0

    def add_key(self, key: str) -> None:
        """Count ``key``, written as in the raw text: an escaped letter makes no other key of it."""
        self.keys_total += 1
        if "\\" in key:
            key = _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), key)
        if self.depth_keys:
            self.duplicate |= key in self.depth_keys[-1]
            self.depth_keys[-1].add(key)


def _balanced(text: str) -> Iterator[_Piece]:
    """Every outermost balanced ``{...}`` of ``text``, tolerant of what repair can mend inside.

    A quotation mark ends a string only where JSON could go on after it, so unescaped quotes inside a sentence do not
    confuse the count. Raises AnswerRejected when brackets stay open (TRUNCATED) or cross (NOT_JSON).
    """
    position = 0
    while (start := text.find("{", position)) >= 0:
        piece = _scan(text, start)
        if piece.duplicate:
            raise AnswerRejected("DUPLICATE_KEY", "A key occurs twice in one object.")
        yield piece
        position = piece.end


def _scan(text: str, start: int) -> _Piece:
    piece = _Piece(start)
    stack: list[str] = []
    position, previous = start, ""
    while position < len(text):
        char = text[position]
        if char in "{[":
            stack.append("}" if char == "{" else "]")
            piece.depth_keys.append(set())
            if len(stack) > _MAX_DEPTH:
                raise AnswerRejected("NOT_JSON", "The answer is nested too deeply.")
        elif char in "}]":
            if stack.pop() != char:
                raise AnswerRejected("NOT_JSON", "The brackets of the answer do not match.")
            piece.depth_keys.pop()
            if not stack:
                piece.end = position + 1
                return piece
        elif char == '"' or (char in "'“" and previous in "{[,:"):
            end = _string_end(text, position)
            if _COLON.match(text, end):
                piece.add_key(text[position + 1 : end - 1])
            position, char = end - 1, '"'
        elif previous in "{," and (key := _BARE_KEY.match(text, position)):
            piece.add_key(key.group(1))
            position, char = key.end() - 1, ":"
        elif char in "NnIi+-" and previous in ":[," and _NOT_A_NUMBER.match(text, position):
            raise AnswerRejected("NAN", "A value of the answer is not a number.")
        elif char in ".…" and previous in "{[," and _LEFT_OUT.match(text, position):
            raise AnswerRejected("TRUNCATED", "The answer leaves something out.")
        if not char.isspace():
            previous = char
        position += 1
    raise AnswerRejected("TRUNCATED", "The answer ends before its brackets are closed.")


_AFTER_STRING = re.compile(
    r"""\s*(?:[:}\]]|,\s*["'“{\[\]}\d\-]|,\s*(?:true|false|null|[A-Za-z_]\w*\s*:)|"[\w ]+"\s*:|\Z)"""
)


def _string_end(text: str, start: int) -> int:
    """Offset after the string that opens at ``start``; TRUNCATED when nothing ends it."""
    quote = _CLOSING[text[start]]
    position = start + 1
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif char == quote and _AFTER_STRING.match(text, position + 1):
            return position + 1
        position += 1
    raise AnswerRejected("TRUNCATED", "The answer ends inside a piece of text.")


def _repaired(text: str, piece: _Piece) -> dict[str, Any]:
    if piece.end - piece.start > _MAX_REPAIRED_CHARS:
        raise AnswerRejected("NOT_JSON", "The answer is not valid JSON and too long to be mended.")
    for found in _LEVEL.finditer(text, piece.start, piece.end):
        if not _WHOLE_LEVEL.match(text, found.end(), piece.end):
            raise AnswerRejected("LEVEL_NOT_INTEGER", "A level is not a whole number.")
    try:
        value = json_repair.loads(text[piece.start : piece.end], skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError):
        value = None
    if not isinstance(value, dict) or not value:
        raise AnswerRejected("NOT_JSON", "The answer is not valid JSON and cannot be mended.")
    return value


def _storable(value: Any, depth: int) -> Any:
    """``value`` without what no database keeps (NUL, lone surrogates), without NaN, not too deep."""
    if depth > _MAX_DEPTH:
        raise AnswerRejected("NOT_JSON", "The answer is nested too deeply.")
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise AnswerRejected("NAN", "A value of the answer is not a number.")
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        kept = {_UNSTORABLE.sub("", str(key)): _storable(item, depth + 1) for key, item in value.items()}
        if len(kept) < len(value):  # two keys that differ in what nobody sees: the later would win without a word
            raise AnswerRejected("DUPLICATE_KEY", "A key occurs twice in one object.")
        return kept
    return value


def _check_levels(value: Any) -> None:
    """Whatever is called ``level`` is a whole number or null: "2", true and "three" are answers to something else."""
    if isinstance(value, list):
        for item in value:
            _check_levels(item)
    elif isinstance(value, dict):
        level = value.get("level")
        whole = level is None or (isinstance(level, int) and not isinstance(level, bool))
        if not whole and not (isinstance(level, float) and level.is_integer()):
            raise AnswerRejected("LEVEL_NOT_INTEGER", "A level is not a whole number.")
        for item in value.values():
            _check_levels(item)
