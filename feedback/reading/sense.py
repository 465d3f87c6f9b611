"""What tells the sense of two nearly equal texts apart: numbers, negations, words of opposite meaning.

"120 dollars" resembles "210 dollars" by 98 of 100, "impossible" resembles "possible" by 95. All texts here are in their
normal form (``normalising``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz import fuzz

# Counted on both sides: another number of them, and the quotation denies what the draft says, or the reverse.
_NEGATIONS = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nobody|nothing|nowhere|without|cannot|hardly|barely|scarcely|\w+n't"
    r"|(?:ca|do|does|did|is|was|are|were|wo|would|could|should|has|have|had|ai)nt"
    r"|nicht|nichts|kein\w*|nie|niemals|niemand\w*|nirgends|kaum|ohne|weder|nunca|jamás|nada|nadie|ningun[oa]?|ningún|sin"
    r"|tampoco|ne|pas|jamais|rien|aucune?|sans|non|mai|senza|niente|nulla|nessun[oa]?|não|nem|sem|niet|geen|nooit|zonder"
    r"|inte|aldrig|utan|ikke|aldri|ingen|uden|uten|nigdy|bez|не|нет|никогда|ничего|без|değil|δεν|μη|όχι|לא|אין"
    r"|لا|ليس|ليست|لم|لن|بدون|नहीं|मत)\b|\bn'(?=\w)|[不没沒无無非未]|ない|なかった|ません|않|못|없|아니"
)
# A minus belongs to its number where a blank or a bracket stands before it; in "2019-2020" and "COVID-19" it is none.
_DIGITS = re.compile(r"(?:(?<![^\s(\[=<>])-)?\d+(?:[.,]\d+)*")
_ROMAN = re.compile(r"\bm{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})\b")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_NUMBER_WORDS = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|billions?|half|thirds?|quarters?|dozens?"
    r"|twice|double|triple|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|dreissig|(?:vier|fünf|sech|sieb"
    r"|acht|neun)zig|hundert|tausend|million(?:en)?|milliarden?|hälfte|drittel|viertel|dos|tres|cuatro|cinco|seis|siete|ocho"
    r"|nueve|diez|veinte|treinta|cien|ciento|mil|mitad|deux|trois|quatre|cinq|sept|huit|neuf|dix|vingt|trente|cent|mille|moitié)\b"
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
# Words of opposite sense that leave two sentences alike; inflected alike ("increasing", "decreasing").
_OPPOSED = (
    ("increas", "decreas"), ("inclu", "exclu"), ("more", "less"), ("most", "least"), ("more", "fewer"), ("many", "few"),
    ("all", "none"), ("before", "after"), ("above", "below"), ("higher", "lower"), ("highest", "lowest"), ("high", "low"),
    ("better", "worse"), ("best", "worst"), ("rise", "fall"), ("rising", "falling"), ("rose", "fell"), ("gain", "los"),
    ("accept", "reject"), ("always", "never"), ("inside", "outside"), ("internal", "external"), ("over", "under"),
    ("positiv", "negativ"), ("maxim", "minim"), ("major", "minor"), ("support", "oppos"), ("import", "export"),
    ("former", "latter"), ("upper", "lower"), ("earli", "lat"), ("same", "different"), ("true", "false"), ("yes", "no"),
    ("left", "right"), ("north", "south"), ("east", "west"), ("he", "she"), ("his", "her"), ("man", "woman"), ("male", "female"),
    ("hot", "cold"), ("win", "los"), ("start", "end"), ("open", "close"), ("cheap", "dear"), ("encourag", "discourag"),
    ("mehr", "weniger"), ("alle", "keine"), ("immer", "nie"), ("plus", "moins"), ("toujours", "jamais"),
    ("más", "menos"), ("siempre", "nunca"), ("più", "meno"), ("sempre", "mai"),
)  # fmt: skip
PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "anti")
# A word cut at the end of a line, a compound, a dash with or without blanks.
_FOLLOWING = re.compile(r"[\W_]*([^\W_]+)")
# A misprint leaves the word after a negation alike by this much, of 100; scripts without blanks have long words.
_SAME_WORD = 50.0
_DENIED_CHARS = 8
_HYPHEN = re.compile(r"(?<=[^\W\d_]) ?-+ ?(?=[^\W\d_])")


def numbers(normal: str) -> tuple[list[str], list[str], list[str]]:
    """Numbers in digits ("1,000" is 1000), in words and in Roman letters, each in their order."""
    digits = [number.replace(",", "") if _THOUSANDS.fullmatch(number) else number for number in _DIGITS.findall(normal)]
    roman = [word for word in _ROMAN.findall(normal) if len(word) > 1]
    return digits, _NUMBER_WORDS.findall(normal), roman


def opposed(found: str, wanted: str) -> bool:
    """Whether one text denies what the other says.

    That is another number of negations, one that denies another word, "possible" for "impossible", "harmful" for
    "harmless".
    """
    denied = _denied(found), _denied(wanted)
    if len(denied[0]) != len(denied[1]):
        return True
    if any(fuzz.ratio(one, other) < _SAME_WORD for one, other in zip(*denied, strict=True)):
        return True
    here, there = set(_WORD.findall(found)), set(_WORD.findall(wanted))
    return any(
        opposite in other
        for words, other in ((here - there, there - here), (there - here, here - there))
        for word in words
        for opposite in _opposites(word)
    )


def _denied(normal: str) -> list[str]:
    """The word after each negation, "" at the end."""
    return [
        following[1][:_DENIED_CHARS] if (following := _FOLLOWING.match(normal, match.end())) else ""
        for match in _NEGATIONS.finditer(normal)
    ]


def denials(normal: str) -> set[int]:
    """How many negations there may be: a hyphen between letters joins them or parts them, a dash between blanks parts."""
    parted = _HYPHEN.sub(" ", normal)
    joined = _HYPHEN.sub(lambda match: " " if match.group().startswith(" ") else "", normal)
    return {len(_NEGATIONS.findall(parted)), len(_NEGATIONS.findall(joined))}


def _opposites(word: str) -> Iterator[str]:
    for one, other in _OPPOSED:
        if word.startswith(one):
            yield other + word[len(one) :]
    yield from (word[len(prefix) :] for prefix in PREFIXES if word.startswith(prefix))
    if word.endswith("less"):
        yield from (word[:-4], word[:-4] + "ful")
