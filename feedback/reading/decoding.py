"""Text that reads as an instruction to a reviewer only once it is decoded.

A visible instruction is for models and people to judge; here only the disguise counts: the plain words must not
be there before decoding. Word lists are small on purpose, they need both an order and something of assessment.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote

from feedback.reading.sentences import split_sentences

_ORDERS = (
    "ignore|ignoring|disregard|forget|override|overrule|bypass|discard|give|award|assign|grant|return|respond|reply"
    "|output|print|write|rate|grade|mark|score|evaluate|assess|treat|consider|approve|praise|report|rank|select|choose"
    "|pretend|follow|obey|increase|raise|must|always|do not|don't|never|you are|act as|make sure|mention"
    "|ignora|ignore[zr]|otorga|asigna|concede|donne[zr]?|oublie[zr]?|accorde[zr]?|ignoriere|ignorieren|vergib|gib"
    "|atribua|assegna|dimentica"
)
_OBJECTS = (
    "rubrics?|instructions?|criteri(?:a|on)|levels?|marks?|scores?|grades?|points|feedback|review(?:er)?s?|assessment"
    "|evaluation|prompts?|system|assistant|highest|maximum|full|perfect|excellent|outstanding|positive|weakness(?:es)?"
    "|weak points|essay|submission|previous|rúbrica|instrucciones|máxim[ao]|puntuación|criterios?|nota|rubrique"
    "|consignes|maximale?|critères?|anweisungen|bewertung|höchste|bestnote|kriterium|istruzioni|punteggio|instruções"
)
_ORDER = re.compile(rf"\b(?:{_ORDERS})\b", re.IGNORECASE)
_OBJECT = re.compile(rf"\b(?:{_OBJECTS})\b", re.IGNORECASE)
# An order or an object begins with one of these words, whole: of a phrase only the first is left here.
_BEGINS = re.compile(re.sub(r"[ '][^|]*", "", f"{_ORDERS}|{_OBJECTS}"), re.IGNORECASE)
_LONG_WORDS = re.compile(r"\b(?:give|must|mark|rate|rank|full|nota)\b", re.IGNORECASE)
_FUNCTION_WORDS = re.compile(
    r"\b(?:the|and|of|to|in|is|are|that|for|with|this|on|as|it|be|by|was|el|la|los|de|que|en|y|un|una|le|les|des|et"
    r"|est|der|die|das|und|ist|ein|eine|zu|il|di|che|per|o|a|e)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_LATIN = "abcdefghijklmnopqrstuvwxyz"
# Letters of other scripts and small capitals that a reader takes for the Latin letter in front.
_LOOKALIKES = {
    lookalike: plain
    for plain, lookalikes in {
        "a": "аɑαᴀ", "b": "ьвʙβ", "c": "сᴄϲ", "d": "ԁᴅ", "e": "еεᴇҽ", "f": "ғꜰƒ", "g": "ԍɡɢց", "h": "нһʜհ", "i": "іιɪıɩ",
        "j": "јᴊյϳʝ", "k": "кκᴋ", "l": "ӏʟ", "m": "мᴍ", "n": "пɴոη", "o": "оοᴏօσ", "p": "рρᴘ", "q": "ԛǫꞯզ", "r": "гʀ",
        "s": "ѕꜱ", "t": "тτᴛ", "u": "υᴜսμ", "v": "νᴠѵ", "w": "ԝωᴡա", "x": "хχ", "y": "уγʏ", "z": "ᴢ",
        "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ", "J": "Ј", "K": "КΚ", "M": "МΜ", "N": "Ν", "O": "ОΟ",
        "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "X": "ХΧ", "Y": "УΥ", "Z": "Ζ",
    }.items()
    for lookalike in lookalikes
}  # fmt: skip
_UPSIDE_DOWN = dict(zip("ɐqɔpǝɟƃɥᴉɾʞןɯuodbɹsʇnʌʍxʎz", _LATIN, strict=False)) | {"ı": "i", "ƒ": "f", "ɓ": "g", "ɩ": "i"}
_LEET_I = str.maketrans("01345678@$!|+", "oieasgtbasilt")
_LEET_L = str.maketrans("01345678@$!|+", "oleasgtbaslit")
_LEET_TOKEN = re.compile(r"(?<![\w@$])(?=\S{0,30}[^\W\d_])(?=\S{0,30}[\d@$!|+])[\w@$!|+]{3,30}(?![\w@$])")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_](?:[ \t\u00a0]|[.\-_*·|,/~+] ?)){2,}[^\W\d_](?![^\W_])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{16,}(?:\s?\n[A-Za-z0-9+/_-]{8,})*={0,2}")
_BASE32 = re.compile(r"(?<![A-Z2-7])[A-Z2-7]{24,}={0,6}")
_HEX = re.compile(r"(?:(?:0x|\\x|%)?[0-9A-Fa-f]{2}[\s:,;-]{0,2}){10,}")
_BITS = re.compile(r"(?:[01]{7,8}[\s,]{0,2}){8,}")
_CODES = re.compile(r"(?:\b\d{2,3}[\s,;]{1,2}){9,}\d{2,3}\b")
_ENTITIES = re.compile(r"(?:&#[xX]?[0-9A-Fa-f]{2,5};\s?){4,}")
_ESCAPES = re.compile(r"(?:\\u\{?[0-9A-Fa-f]{4,5}\}?){4,}")
_PERCENT = re.compile(r"(?<![\w.+%-])[\w.+-]{0,60}(?:%[0-9A-Fa-f]{2}[\w.+-]{0,60}){2,}")
_PRIVATE = re.compile(r"[\ue020-\ue07e\uf020-\uf07e]{8,}")
_BRAILLE = re.compile(r"[\u2800-\u283f ]{10,}")
_BRAILLE_LETTERS = dict(
    zip(
        (1, 3, 9, 25, 17, 11, 27, 19, 10, 26, 5, 7, 13, 29, 21, 15, 31, 23, 14, 30, 37, 39, 58, 45, 61, 53),
        _LATIN,
        strict=True,
    )
)
_STACKED_MARK = re.compile("[\u0300-\u036f\u0488\u0489\u20d0-\u20f0]")
_STACKED_MARKS = 6
_UNSEEN = re.compile("[\xad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_MORSE = re.compile(r"(?:[.\-–—−·•]{1,5}[ /|]{1,3}){8,}[.\-–—−·•]{1,5}")
_MORSE_LETTERS = dict(
    zip(
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split(),  # noqa: SIM905
        _LATIN,
        strict=True,
    )
)
_MAX_MATCHES = 20
_PIECE_END = re.compile(r"(?<=[.!?:;])\s+")


def decoded_instructions(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield (kind, start, end, decoded) for every disguised instruction in ``text``; offsets are of ``text``."""
    sentences = split_sentences(text)
    hides = bool(_UNSEEN.search(text))
    for kind, variant in _same_length_variants(text):
        pieces = "\n".join(variant[sentence.start : sentence.end] for sentence in sentences)
        if not _may_instruct(_UNSEEN.sub("", pieces) if hides else pieces):
            continue
        for sentence in sentences:
            piece, original = variant[sentence.start : sentence.end], sentence.text
            if piece == original:
                continue
            if hides:  # a character nobody sees between two letters must not keep them apart
                piece, original = _UNSEEN.sub("", piece), _UNSEEN.sub("", original)
            if _only_after_decoding(piece, original):
                yield kind, sentence.start, sentence.end, piece
    backwards = _may_instruct("\n".join(sentence.text for sentence in sentences)[::-1])
    for sentence in sentences:
        yield from (
            (kind, sentence.start, sentence.end, decoded)
            for kind, decoded in _rewritten(sentence.text, backwards=backwards)
            if _instructs(decoded) and not _instructs(sentence.text)
        )
    yield from _spaced_letters(text)
    for kind, needed, pattern, decode in _ENCODINGS:
        if needed not in text:
            continue
        for number, match in enumerate(pattern.finditer(text)):
            if number == _MAX_MATCHES:
                break
            decoded = decode(match.group())
            if decoded and _speaks_of_assessment(decoded):
                yield kind, match.start(), match.end(), decoded


def readable(raw: bytes) -> str:
    """``raw`` as text when it is printable UTF-8, else ``""``."""
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return ""
    return text if text.replace("\n", " ").replace("\t", " ").isprintable() else ""


def _instructs(text: str) -> bool:
    order = _ORDER.search(text)
    if not order:
        return False
    return any(match.span() != order.span() for match in _OBJECT.finditer(text))


def _may_instruct(text: str) -> bool:
    """Whether ``_instructs`` could hold for a part of ``text``: looks at each different word once, not at each place."""
    return any(map(_begins, set(_WORD.findall(text))))


@lru_cache(maxsize=8192)
def _begins(word: str) -> bool:
    return _BEGINS.fullmatch(word) is not None


def _speaks_of_assessment(decoded: str) -> bool:
    words = re.findall(r"[^\W\d_]{2,}", decoded)
    return (
        len(words) >= 3
        and bool(_ORDER.search(decoded) or _OBJECT.search(decoded))
        and (_instructs(decoded) or bool(_FUNCTION_WORDS.search(decoded)))
    )


def _only_after_decoding(variant: str, original: str) -> bool:
    """Both texts have the same length: some order or object must be spelled differently in the original."""
    if not _instructs(variant):
        return False
    hits = [*_ORDER.finditer(variant), *_OBJECT.finditer(variant)]
    return any(original[m.start() : m.end()].lower() != m.group().lower() for m in hits)


def _same_length_variants(text: str) -> Iterator[tuple[str, str]]:
    folds = {ord(c): _fold(c) for c in set(text) if not c.isascii()}
    folds = {code: plain for code, plain in folds.items() if plain}
    if folds:
        yield "lookalike_letters", text.translate(folds)
    if _LEET_TOKEN.search(text):
        for table in (_LEET_I, _LEET_L):
            yield "leet", _translate_tokens(text, table)
    yield "rot13", codecs.encode(text, "rot13")


def _translate_tokens(text: str, table: dict[int, int]) -> str:
    return _LEET_TOKEN.sub(lambda match: match.group().translate(table), text)


def _fold(character: str) -> str:
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if 0x1F1E6 <= ord(character) <= 0x1F1FF:
        return _LATIN[ord(character) - 0x1F1E6]
    if 0x1F130 <= ord(character) <= 0x1F189:
        return _LATIN[(ord(character) - 0x1F130) % 32 % 26]
    if 0x249C <= ord(character) <= 0x24B5:
        return _LATIN[ord(character) - 0x249C]
    plain = unicodedata.normalize("NFKC", character)
    plain = _LOOKALIKES.get(plain, plain)
    return plain if len(plain) == 1 and plain.isascii() and plain.isalnum() else ""


def _rewritten(sentence: str, *, backwards: bool) -> Iterator[tuple[str, str]]:
    if backwards:
        yield "reversed", sentence[::-1]
    if not sentence.isascii():
        composed = unicodedata.normalize("NFC", sentence)
        if len(_STACKED_MARK.findall(composed)) >= _STACKED_MARKS:
            yield "stacked_marks", _STACKED_MARK.sub("", unicodedata.normalize("NFD", sentence))
    if any(c in _UPSIDE_DOWN for c in sentence if not c.isascii()):
        yield "upside_down", "".join(_UPSIDE_DOWN.get(c, c) for c in reversed(sentence))
    for piece in _PIECE_END.split(sentence):  # a coded piece in small letters goes on in the sentence before it
        if not piece.isascii() or _FUNCTION_WORDS.search(piece) or sum(c.isalpha() for c in piece) < 12:
            continue
        lower = piece.lower()
        yield "atbash", lower.translate(str.maketrans(_LATIN, _LATIN[::-1]))
        for shift in (*range(1, 13), *range(14, 26)):
            shifted = lower.translate(str.maketrans(_LATIN, _LATIN[shift:] + _LATIN[:shift]))
            if _FUNCTION_WORDS.search(shifted) and not _LONG_WORDS.fullmatch(shifted):
                yield "letter_shift", shifted


def _spaced_letters(text: str) -> Iterator[tuple[str, int, int, str]]:
    for line in re.finditer(r"[^\n]+", text):
        raw = line.group()
        if not _SPACED.search(raw):
            continue
        joined = _SPACED.sub(lambda m: re.sub(r"[^\w]|_", "", m.group()), raw)
        if _instructs(joined) and not _instructs(raw):
            yield "spaced_letters", *line.span(), joined
            continue
        run = "".join(re.sub(r"[^\w]|_", "", m.group()) for m in _SPACED.finditer(raw)).lower()
        if _holds(run, _ORDERS) and _holds(run, _OBJECTS):
            yield "spaced_letters", *line.span(), run


def _holds(run: str, words: str) -> bool:
    """Whether letters without blanks between the words hold one of ``words`` of four letters or more."""
    return any(word in run for word in re.findall(r"(?<![\w?)])[a-z]{4,}", words) if len(word) >= 4)


def _base64(raw: str) -> str:
    compact = re.sub(r"\s", "", raw).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = readable(base64.b64decode(compact + "=" * (-len(compact) % 4)))
    except (binascii.Error, ValueError):
        return ""
    # Encoded twice: each time it gets shorter, so this ends.
    return _base64(decoded) or decoded if _BASE64.fullmatch(decoded) else decoded


def _base32(raw: str) -> str:
    compact = raw.rstrip("=")
    try:
        return readable(base64.b32decode(compact + "=" * (-len(compact) % 8)))
    except (binascii.Error, ValueError):
        return ""


def _hex(raw: str) -> str:
    digits = "".join(re.findall(r"(?:0x|\\x|%)?([0-9A-Fa-f]{2})", raw))
    return readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _bits(raw: str) -> str:
    groups = re.findall(r"[01]+", raw)
    if len(groups) == 1:
        groups = re.findall(r"[01]{8}", groups[0])
    return readable(bytes(int(group, 2) for group in groups if len(group) <= 8))


def _codes(raw: str) -> str:
    numbers = re.findall(r"\d+", raw)
    for base in (10, 8):
        if base == 8 and re.search(r"[89]", raw):
            continue
        values = [int(number, base) for number in numbers]
        if all(32 <= value < 127 for value in values):
            return readable(bytes(values))
    return ""


def _private(raw: str) -> str:
    return readable(bytes(ord(character) & 0x7F for character in raw))


def _braille(raw: str) -> str:
    return "".join(_BRAILLE_LETTERS.get(ord(character) - 0x2800, " ") for character in raw)


def _escapes(raw: str) -> str:
    values = [int(value, 16) for value in re.findall(r"[0-9A-Fa-f]{4,5}", raw)]
    return "".join(chr(value) for value in values if value not in range(0xD800, 0xE000))


def _morse(raw: str) -> str:
    plain = re.sub(r"[·•]", ".", re.sub(r"[–—−]", "-", raw))
    words = re.split(r"\s*[/|]\s*|\s{2,}", plain)
    return " ".join("".join(_MORSE_LETTERS.get(code, "") for code in word.split()) for word in words)


# Name, what every match holds, pattern, decoder.
_ENCODINGS: tuple[tuple[str, str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("base64", "", _BASE64, _base64),
    ("base32", "", _BASE32, _base32),
    ("hex", "", _HEX, _hex),
    ("binary", "", _BITS, _bits),
    ("character_codes", "", _CODES, _codes),
    ("entities", "&#", _ENTITIES, html.unescape),
    ("escapes", "\\u", _ESCAPES, _escapes),
    ("percent", "%", _PERCENT, lambda raw: unquote(raw).replace("+", " ")),
    ("morse", "", _MORSE, _morse),
    ("private_use", "", _PRIVATE, _private),
    ("braille", "", _BRAILLE, _braille),
)
