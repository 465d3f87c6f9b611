"""Cutting a draft into sentences that a reviewer can point at: ``P2.S3`` is the third of the second paragraph.

A sentence ends at its punctuation or at the end of its line. Nothing visible is lost, offsets are those of the
text as extracted, and the same text always gives the same sentences.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from feedback.contract import Sentence

# Code points nobody sees; they may stand between a full stop and the blank after it.
_UNSEEN = "\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
_BLANK = re.compile(rf"[\s{_UNSEEN}\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_EMPTY_LINE = re.compile(r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])[^\S\n\r]*[\n\r\x0b\x0c\x85\u2029]")
_ENDS_ANYWHERE = "。！？｡"  # scripts without blanks: no blank has to follow
_END = re.compile(
    rf"(?P<stop>[.!?…‽؟۔।॥።։។။{_ENDS_ANYWHERE}]+)"
    rf"(?P<close>(?:[\"'”’“‘»›)\]}}」』）】*_{_UNSEEN}]|[ \u00a0\u202f][»›]|\[\d+(?:[,–-] ?\d+)*\]|[¹²³⁴-⁹])*)"
    r"(?P<gap>\s*)"
)
_OPENERS = "\"'“‘„‚«‹([{「『（【¿¡*_–—-" + "\u200b\u2060\ufeff\xad\u200e\u200f"
_LAST_TOKEN = re.compile(r"[\w.'’&-]{0,40}\Z")
_NEXT_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ENUMERATOR = re.compile(r"\s*[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxIVX]{1,5})\Z")
_INITIAL = re.compile(r"(?:\w\.-?)*[^\W\d_]\Z")
_SPACED_FORM = re.compile(r"[^\W\d_]\. ?[^\W_]")  # the rest of "z. B." or "d. h."
_GLUED = re.compile(r"[^\W\d_]{3,}\Z")

# Never the last word of a sentence.
_LEADING = frozenset(
    "dr mr mrs ms mx prof st sgt cpl capt maj lt col gen adm sen gov rev hon fr sr sra srta dra hr fig figs eq eqs ref refs sec sect"  # noqa: SIM905
    " ch chap vol vols cf viz approx e.g eg i.e ie vs v resp dept univ assoc al ed eds trans"
    " bzw z.b d.h u.a vgl nr abb s.o s.u ggf usw.b p.ex pág págs núm art ex incl excl est min max".split()
)
# Often the last word: a capital letter after them starts a sentence.
_TRAILING = frozenset("etc usw a.m p.m am pm et.al al jh jhd".split())  # noqa: SIM905
# Often followed by a name: only a word that likes to open sentences starts one.
_NAMED = frozenset(
    "u.s u.k u.n e.u u.s.a d.c inc ltd co corp jr sr ph.d m.d b.a m.a b.sc m.sc b.c a.d b.c.e c.e".split()  # noqa: SIM905
)
_BEFORE_NUMBER = frozenset(
    "no nos p pp par para l ll vol ch n.º nº nr fig tab table jan feb mar apr jun jul aug sep sept oct nov dec".split()  # noqa: SIM905
)
_OPENING_WORDS = frozenset(
    "the a an this that these those it its he she they we i you his her their our my your there here in on at by for"  # noqa: SIM905
    " from with without to of if when while as since because although though after before then thus therefore hence"
    " however moreover furthermore also but and or yet so still first firstly second secondly third finally another"
    " many most some all each every one no not what why how who which where both such other others in people students"
    " der die das ein eine es er sie wir und aber doch wenn el la los las un una es y pero le les il elle et mais".split()
)
_MONTHS = frozenset(
    "januar jänner februar märz april mai juni juli august september oktober november dezember"  # noqa: SIM905
    " jahrhundert klasse platz".split()
)
# A line shorter than this was ended by its author, not by the width of a page.
_WRAPPED_LINE_CHARS = 50
_LOOK_BACK_CHARS = 120
# How far around a full stop is looked; a bound, so that no text takes quadratic time.
_WINDOW_CHARS = 200
# Text without any punctuation is cut here at a blank, so that no sentence outgrows a prompt.
_LONGEST_CHARS = 1500


@lru_cache(maxsize=32)
def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Cut ``text`` into sentences; each one's ``text`` is exactly ``text[start:end]``.

    A blank line separates paragraphs; where the text has none, every line is one. Pieces without anything
    visible are left out, so a text of blanks has no sentences.
    """
    sentences: list[Sentence] = []
    paragraph = 0
    for start, end in _paragraphs(text):
        found = list(_pieces_of_paragraph(text, start, end))
        if not found:
            continue
        paragraph += 1
        sentences.extend(
            Sentence(f"P{paragraph}.S{index}", paragraph, index, first, last, text[first:last])
            for index, (first, last) in enumerate(found, start=1)
        )
    return tuple(sentences)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    breaks = list(_EMPTY_LINE.finditer(text.rstrip()))
    if not breaks:
        yield from _joined_lines(text, 0, len(text))
        return
    position = 0
    for gap in breaks:
        if gap.start() > position:
            yield position, gap.start()
        position = max(position, gap.end() - 1)
    yield position, len(text)


def _pieces_of_paragraph(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for line_start, line_end in _joined_lines(text, start, end):
        for first, last in _pieces_of_line(text, line_start, line_end):
            trimmed = _trim(text, first, last)
            if trimmed:
                yield trimmed


def _joined_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Lines, of which a long one without full stop goes on in the next when that starts in lower case."""
    pending: tuple[int, int] | None = None
    for match in _LINE.finditer(text, start, end):
        line = match.group()
        if not line.strip():
            continue
        if pending is not None:
            before = text[max(pending[0], pending[1] - 4 * _WRAPPED_LINE_CHARS) : pending[1]].rstrip()
            width = len(before) - before.rfind("\n") - 1
            if width >= _WRAPPED_LINE_CHARS and before[-1:] not in ".!?…:;" and line.lstrip()[0].islower():
                pending = (pending[0], match.end())
                continue
            yield pending
        pending = match.span()
    if pending is not None:
        yield pending


def _pieces_of_line(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    line = text[start:end]
    lower_case_writer = _writes_lower_case(line)
    piece = 0
    for match in _END.finditer(line):
        if match.end() == len(line):
            break
        if _is_boundary(line, piece, match, lower_case_writer):
            yield from _cut_long(text, start + piece, start + match.end("close"))
            piece = match.end()
    yield from _cut_long(text, start + piece, end)


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST_CHARS:
        cut = max(text.rfind(mark, start + 1, start + _LONGEST_CHARS) for mark in ", ;\t、，")
        cut = cut + 1 if cut > start + _LONGEST_CHARS // 2 else start + _LONGEST_CHARS
        yield start, cut
        start = cut
    yield start, end


def _writes_lower_case(line: str) -> bool:
    lower = len(re.findall(r"[a-z]{2}[.] [a-z]", line))
    return lower >= 3 and lower > len(re.findall(r"[a-z]{2}[.] [A-Z]", line))


def _is_boundary(line: str, piece: int, match: re.Match[str], lower_case_writer: bool) -> bool:
    stop, close = match.group("stop"), match.group("close")
    rest = line[match.end() : match.end() + _WINDOW_CHARS]
    if stop[-1] in _ENDS_ANYWHERE:
        return not (close and rest.startswith(("と", "って")))
    opened = rest.lstrip(_OPENERS)
    head = opened[:1]
    if not match.group("gap"):
        return stop == "." and not close and _glued(line, match)
    if not head or not head.isalnum():
        kind = unicodedata.category(head) if head else ""
        return kind == "Sc" or (kind == "So" and stop != ".")
    # Only the last words decide; looking at all of a line without an end of sentence would be quadratic.
    before = line[max(piece, match.start() - _LOOK_BACK_CHARS) : match.start()]
    if head.islower():
        if stop in {".", "…"} or set(stop) == {"."}:
            return stop == "." and not close and lower_case_writer and not _is_short_form(before, opened)
        return not close and len(rest) == len(opened)
    if stop == "." and not close.strip("*_"):
        return not _is_short_form(before, opened)
    return True


def _is_short_form(before: str, after: str) -> bool:
    """Whether a full stop after ``before`` belongs to an abbreviation, an initial or an enumeration."""
    if _ENUMERATOR.match(before):
        return True
    found = _LAST_TOKEN.search(before)
    token = found.group().strip("'’-&") if found else ""
    word = token.lower()
    following = _NEXT_WORD.match(after)
    next_word = following.group() if following else ""
    opens_sentence = next_word.lower() in _OPENING_WORDS
    if word == "al" or word.endswith(".al"):
        return not (next_word[:1].isupper() and opens_sentence)
    if word in _TRAILING:
        return not (next_word[:1].isupper() or next_word[:1].isdigit())
    if word in _NAMED or (len(word) > 2 and re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word) and word not in _LEADING):
        return not opens_sentence
    if word in _BEFORE_NUMBER:
        return after[:1].isdigit() or (word in _LEADING and not opens_sentence)
    if word in _LEADING or (len(token) == 1 and _SPACED_FORM.match(after)):
        return True
    if len(token) == 1 and token.isalpha():
        return token != "I" and token.isupper() and not opens_sentence
    if token.isdigit() and len(token) <= 2:
        return next_word.lower() in _MONTHS
    return False


def _glued(line: str, match: re.Match[str]) -> bool:
    """``brands.However``: a full stop without the blank after it, not an address or a file name."""
    before = line[max(0, match.start() - _WINDOW_CHARS) : match.start()]
    after = line[match.end() : match.end() + _WINDOW_CHARS]
    word = before.rsplit(None, 1)[-1] if before.strip() else ""
    following = re.match(r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+(?=[\s,;:'’]|$)|[AI](?=\s)", after)
    if not following or not _GLUED.search(word) or not word[-3:].islower():
        return False
    return not any(mark in word for mark in "./@\\:") and following.group().lower() not in {"com", "org", "net"}


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Cut blanks and unseen characters off both ends; None when nothing visible is left."""
    head = _BLANK.match(text, start, end)
    if head:
        start = head.end()
    if start >= end:
        return None
    while end > start and (text[end - 1].isspace() or _BLANK.match(text[end - 1])):
        end -= 1
    return start, end
