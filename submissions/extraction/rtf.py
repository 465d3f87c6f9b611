"""Reads RTF: a small reader of its own, because hidden, deleted and tiny text must be told from the rest.

Follows the RTF 1.9.1 specification as far as text goes; destinations it does not know are skipped as the specification
asks, when they are marked so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from submissions.extraction.assembly import Assembly
from submissions.extraction.contrast import Rgb
from submissions.extraction.document import BlockKind, ExtractedDocument
from submissions.extraction.limits import Limits, MediaFormat
from submissions.extraction.prose import is_message
from submissions.extraction.rtf_visibility import Shape, State, is_far, why_hidden
from submissions.extraction.verdicts import Reason, Unreadable

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_MAX_DEPTH = 2_000

_CHARSETS = {
    0: "cp1252", 1: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip
_SYMBOLS = {
    b"tab": "\t", b"line": "\n", b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d",
    b"emdash": "\u2014", b"endash": "\u2013", b"bullet": "\u2022", b"emspace": "\u2003", b"enspace": "\u2002",
    b"zwj": "\u200d", b"zwnj": "\u200c",
}  # fmt: skip
_SILENT = frozenset(
    b"stylesheet listtable listoverridetable rsidtbl generator themedata colorschememapping latentstyles datastore pict "
    b"object objdata fldinst filetbl revtbl xmlnstbl pgptbl mmathPr bkmkstart bkmkend listtext pntext nonshppict "
    b"propname linkval docvar template passwordhash "
    b"atnid atnauthor atnref atndate atntime ftnsep ftnsepc aftnsep shprslt do picprop".split()
)
_RUNNING = frozenset(b"header footer headerl headerr headerf footerl footerr footerf".split())
_INFO = frozenset(
    b"title subject keywords doccomm comment category author operator manager company hlinkbase staticval".split()
)


@dataclass(slots=True)
class _Reader:
    assembly: Assembly
    state: State = field(default_factory=State)
    stack: list[State] = field(default_factory=list)
    fonts: dict[int, str] = field(default_factory=dict)
    colors: list[Rgb | None] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)
    aside: dict[str, list[str]] = field(default_factory=dict)
    raw: bytearray = field(default_factory=bytearray)
    heading: int = 0
    listed: bool = False
    in_table: bool = False
    to_skip: int = 0
    font: int = 0
    default_encoding: str = "cp1252"
    color: list[int] = field(default_factory=list)
    may_ignore: bool = False
    opened: bool = False  # nothing read in this group yet
    cell_grounds: list[int] = field(default_factory=list)  # of the row being read, one per cell
    cell_ground: int = 0


def read(data: bytes, limits: Limits) -> ExtractedDocument:
    """Read an ``.rtf`` file. Raises Unreadable: MISMATCH, CORRUPT, and as ``Assembly.finish``."""
    data = data.lstrip(b"\xef\xbb\xbf \r\n\t")
    if not data.startswith(b"{\\rtf"):
        raise Unreadable(Reason.MISMATCH, "no RTF")
    reader = _Reader(Assembly(MediaFormat.RTF, limits))
    position = 0
    while position < len(data):
        match = _TOKEN.match(data, position)
        if match is None:
            position += 1
            continue
        position = match.end()
        word, number, hexadecimal, symbol, brace, plain = match.groups()
        if brace == b"{":
            _flush_bytes(reader)
            if len(reader.stack) >= _MAX_DEPTH:
                raise Unreadable(Reason.CORRUPT, "groups within groups")
            reader.stack.append(reader.state)
            reader.opened, reader.to_skip = True, 0
        elif brace == b"}":
            _flush_bytes(reader)
            _close(reader)
            if not reader.stack:
                break
        elif word == b"bin":
            position += max(int(number or 0), 0)
        elif word:
            _flush_bytes(reader)
            _control(reader, word, int(number) if number else None)
        elif hexadecimal:
            _byte(reader, int(hexadecimal, 16))
        elif symbol:
            _flush_bytes(reader)
            _symbol(reader, symbol)
        elif plain:
            _plain(reader, plain)
    if reader.stack:
        raise Unreadable(Reason.CORRUPT, "the file ends too early")
    _end_paragraph(reader)
    _finish_aside(reader)
    return reader.assembly.finish()


def _control(reader: _Reader, word: bytes, number: int | None) -> None:
    state = reader.state
    first, reader.opened = reader.opened, False
    ignorable, reader.may_ignore = reader.may_ignore, False
    on = number != 0
    if word in _SILENT:
        if word in (b"pict", b"object") and state.where == "body":
            reader.assembly.miss("images" if word == b"pict" else "embedded objects")
        reader.state = replace(state, where="silent")
    elif word == b"fonttbl":
        reader.state = replace(state, where="fonts")
    elif word == b"colortbl":
        reader.state = replace(state, where="colors")
        reader.color = []
    elif word in _RUNNING:
        reader.state = replace(state, where="running")
    elif word in _INFO and (first or ignorable) and state.where in ("info", "silent_info"):
        reader.state = replace(state, where="info_field")
    elif word in (b"info", b"userprops"):
        reader.state = replace(state, where="info")
    elif word == b"footnote":
        reader.state = replace(state, where="note" if state.where == "body" else state.where)
    elif word == b"annotation":
        reader.assembly.miss("comments")
        reader.state = replace(state, where="annotation")
    elif word in (b"mmath", b"mr"):
        reader.assembly.miss("equations", 1 if word == b"mmath" else 0)
        reader.state = replace(state, where="silent")
    elif (
        ignorable and word not in (b"shpinst", b"shptxt", b"shp", b"nesttableprops", b"fldrslt", b"ud", b"upr")
    ) or word == b"upr":
        reader.state = replace(state, where="silent")
    elif word == b"ud":
        reader.state = replace(state, where=reader.stack[-2].where if len(reader.stack) > 1 else "body")
    elif word == b"shp":
        reader.state = replace(state, shape=Shape())
    elif word in (b"sn", b"sv") and state.shape is not None:
        reader.state = replace(state, where="shape_name" if word == b"sn" else "shape_value")
    elif word == b"u" and number is not None:
        _emit(reader, chr(number % 65536))
        reader.to_skip = state.skip
    elif word == b"uc":
        reader.state = replace(state, skip=max(number or 0, 0))
    elif word in _SYMBOLS:
        _emit(reader, _SYMBOLS[word])
    elif word in (b"par", b"sect", b"page"):
        if state.where == "note":
            reader.note.append("\n")
        elif state.where == "body":
            _end_paragraph(reader)
        else:
            _emit(reader, " ")
    elif word in (b"cell", b"nestcell") and state.where == "body":
        reader.cells.append("".join(reader.text))
        reader.text.clear()
    elif word in (b"row", b"nestrow") and state.where == "body":
        _end_row(reader)
    elif word == b"pard":
        reader.state = replace(state, shading=0, flat=False, far=False)
        reader.heading, reader.listed, reader.in_table = 0, False, False
    elif word == b"intbl":
        reader.in_table = on
    elif word == b"outlinelevel" and number is not None and number < 9:
        reader.heading = number + 1
    elif word in (b"ls", b"pn", b"pnlvlblt", b"pnlvlbody"):
        reader.listed = number != 0
    elif word == b"plain":
        reader.state = replace(
            state, hidden=False, deleted=False, half_points=24.0, color=0, ground=0, width_pct=100, spacing=0.0, rise=0
        )
    else:
        _format(reader, word, number, on)


def _format(reader: _Reader, word: bytes, number: int | None, on: bool) -> None:
    state = reader.state
    if word in (b"v", b"webhidden"):
        reader.state = replace(state, hidden=on)
    elif word == b"deleted":
        reader.state = replace(state, deleted=on)
    elif word == b"fs" and number is not None:
        reader.state = replace(state, half_points=float(number))
    elif word == b"sl":
        reader.state = replace(state, flat=number is not None and -80 < number < 0)  # negative: exact, in twips
    elif word == b"cf":
        reader.state = replace(state, color=number or 0)
    elif word in (b"cb", b"chcbpat", b"highlight"):
        reader.state = replace(state, ground=number or 0)
    elif word == b"cbpat":
        reader.state = replace(state, shading=number or 0)
    elif word == b"clcbpat":
        reader.cell_ground = number or 0
    elif word == b"cellx":
        reader.cell_grounds.append(reader.cell_ground)
        reader.cell_ground = 0
    elif word == b"trowd":
        reader.cell_grounds, reader.cell_ground = [], 0
    elif word == b"charscalex" and number is not None:
        reader.state = replace(state, width_pct=number)
    elif word in (b"expnd", b"expndtw"):
        reader.state = replace(state, spacing=(number or 0) / (2 if word == b"expnd" else 10))
    elif word in (b"up", b"dn"):
        reader.state = replace(state, rise=6 if number is None else number)
    elif word in (b"li", b"ri", b"fi", b"lin", b"rin", b"posx", b"posy", b"posnegx", b"posnegy") and number is not None:
        reader.state = replace(state, far=state.far or is_far(word, number))
    elif word.startswith(b"shp") and state.shape is not None and number is not None:
        state.shape.edges[word] = number
    elif word == b"ansicpg" and number:
        reader.default_encoding = _codec(f"cp{number}")
        reader.state = replace(state, encoding=reader.default_encoding)
    elif word == b"mac":
        reader.default_encoding = "mac_roman"
        reader.state = replace(state, encoding="mac_roman")
    elif word == b"f" and number is not None:
        if state.where == "fonts":
            reader.font = number
        else:
            reader.state = replace(state, encoding=reader.fonts.get(number, reader.default_encoding))
    elif word == b"fcharset" and state.where == "fonts" and number in _CHARSETS:
        reader.fonts[reader.font] = reader.default_encoding if number <= 1 else _CHARSETS[number]
    elif word in (b"red", b"green", b"blue") and state.where == "colors":
        reader.color.append(min(max(number or 0, 0), 255))


def _symbol(reader: _Reader, symbol: bytes) -> None:
    reader.opened = False
    if symbol == b"*":
        reader.may_ignore = True
    elif symbol == b"~":
        _emit(reader, "\u00a0")
    elif symbol == b"_":
        _emit(reader, "-")
    elif symbol in (b"\n", b"\r"):
        _control(reader, b"par", None)
    elif symbol in (b"\\", b"{", b"}"):
        _emit(reader, symbol.decode())


def _plain(reader: _Reader, plain: bytes) -> None:
    reader.opened = False
    if reader.state.where == "colors":
        for _ in range(plain.count(b";")):
            known = len(reader.color) == 3
            reader.colors.append((reader.color[0], reader.color[1], reader.color[2]) if known else None)
            reader.color = []
        return
    skipped = min(reader.to_skip, len(plain))
    reader.to_skip -= skipped
    if len(plain) > skipped:
        reader.raw += plain[skipped:]
        _flush_bytes(reader)


def _byte(reader: _Reader, value: int) -> None:
    reader.opened = False
    if reader.to_skip:
        reader.to_skip -= 1
    else:
        reader.raw.append(value)  # two of them may make one character


def _flush_bytes(reader: _Reader) -> None:
    if reader.raw:
        _emit(reader, reader.raw.decode(reader.state.encoding, "replace"))
        reader.raw.clear()


def _emit(reader: _Reader, text: str) -> None:
    state = reader.state
    reader.opened = False
    if state.where.startswith("shape_") and state.shape is not None:
        state.shape.said[state.where.removeprefix("shape_")].append(text[:80])
    elif state.where in ("running", "info_field", "annotation"):
        reader.aside.setdefault(state.where, []).append(text)
    elif state.where in ("body", "note"):
        why = why_hidden(state, reader.colors, _cell_ground(reader))
        if why == "deleted_text" and text.strip():
            reader.aside.setdefault("deleted", []).append(text)
        elif why:
            reader.assembly.hide(why, text, state.where)
        else:
            (reader.note if state.where == "note" else reader.text).append(text)


def _cell_ground(reader: _Reader) -> int:
    """The number of the colour of the cell being read, 0 for none."""
    cell = len(reader.cells)
    return reader.cell_grounds[cell] if reader.in_table and cell < len(reader.cell_grounds) else 0


def _close(reader: _Reader) -> None:
    before = reader.state
    reader.state = reader.stack.pop() if reader.stack else State()
    reader.to_skip = 0
    reader.opened = reader.may_ignore = False
    if before.where == "note" and reader.state.where != "note":
        reader.notes.append("".join(reader.note).strip())
        reader.note.clear()
    if before.where == "shape_value" and before.shape is not None and reader.state.where != before.where:
        before.shape.learn()
    if before.where in ("running", "info_field", "annotation") and reader.state.where != before.where:
        reader.aside.setdefault(before.where, []).append("\x00")


def _end_paragraph(reader: _Reader) -> None:
    text = "".join(reader.text)
    if reader.in_table or reader.cells:
        reader.text.append("\n")
        return
    reader.text.clear()
    kind: BlockKind = "heading" if reader.heading else "list_item" if reader.listed else "paragraph"
    reader.assembly.add(kind, _joined_pairs(text), level=reader.heading)
    _end_notes(reader)


def _end_row(reader: _Reader) -> None:
    cells = [_joined_pairs(cell).strip() for cell in reader.cells]
    reader.cells.clear()
    reader.assembly.add_row([[cell] for cell in cells])
    _end_notes(reader)


def _end_notes(reader: _Reader) -> None:
    for note in reader.notes:
        reader.assembly.add("footnote", _joined_pairs(note))
    reader.notes.clear()


def _finish_aside(reader: _Reader) -> None:
    if reader.cells or "".join(reader.text).strip():
        reader.assembly.add("paragraph", _joined_pairs("\n".join([*reader.cells, "".join(reader.text)])))
    _end_notes(reader)
    kinds = {
        "running": "outside_body",
        "info_field": "metadata",
        "annotation": "outside_body",
        "deleted": "deleted_text",
    }
    for where, pieces in reader.aside.items():
        for text in _joined_pairs("".join(pieces)).split("\x00"):
            shown = " ".join(text.split())
            if where == "running" and shown:
                reader.assembly.miss("headers and footers")
            if where == "deleted":
                reader.assembly.miss("tracked deletions")
            enough = is_message(shown) if where in ("running", "info_field") else len(shown.split()) >= 4
            if enough and not (where in ("info_field", "running") and reader.assembly.shows(shown)):
                reader.assembly.hide(
                    kinds[where], shown, {"running": "header or footer", "info_field": "properties"}.get(where, where)
                )


def _joined_pairs(text: str) -> str:
    r"""``\u`` writes characters beyond 65,535 as two halves."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _codec(name: str) -> str:
    try:
        b"a".decode(name)
    except LookupError:
        return "cp1252"
    return name
