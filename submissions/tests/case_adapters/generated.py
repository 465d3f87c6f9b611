"""Makes documents whose every word is known: the truth for round trips, fuzzing and benchmarks."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

_WORDS = [
    "argument",
    "because",
    "bread",
    "causes",
    "century",
    "change",
    "claim",
    "cost",
    "counter",
    "crown",
    "debt",
    "difference",
    "early",
    "effect",
    "essay",
    "estates",
    "evidence",
    "example",
    "fiscal",
    "force",
    "government",
    "grain",
    "however",
    "idea",
    "interest",
    "king",
    "labour",
    "law",
    "limit",
    "loss",
    "market",
    "measure",
    "money",
    "nation",
    "noble",
    "number",
    "order",
    "paper",
    "people",
    "point",
    "policy",
    "poor",
    "power",
    "price",
    "problem",
    "public",
    "reason",
    "reform",
    "result",
    "revolt",
    "rights",
    "school",
    "season",
    "short",
    "social",
    "source",
    "state",
    "study",
    "suggest",
    "tax",
    "theory",
    "trade",
    "urban",
    "value",
    "view",
    "war",
    "wealth",
    "weigh",
    "work",
    "year",
]
_HEBREW = [
    "שלום",
    "עולם",
    "בית",
    "ספר",
    "ילד",
    "ילדה",
    "מים",
    "אור",
    "יום",
    "לילה",
    "ארץ",
    "שמש",
    "ירח",
    "דרך",
    "עץ",
    "פרח",
]
_ARABIC = [
    "مرحبا",
    "عالم",
    "بيت",
    "كتاب",
    "ولد",
    "بنت",
    "ماء",
    "نور",
    "يوم",
    "ليل",
    "ارض",
    "شمس",
    "قمر",
    "طريق",
    "شجرة",
    "زهرة",
]
_CHINESE = "历史研究表明面包价格上涨是革命的重要原因之一因此我们需要比较不同的解释并说明证据"
_EMOJI = ("😀", "📚", "✏", "🎓", "☀")
_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@dataclass(frozen=True)
class Sample:
    """A file and the words it shows, in reading order."""

    name: str
    data: bytes
    words: tuple[str, ...]


class Writer:
    """Makes up prose from a seed and remembers every word."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words: list[str] = []

    def sentence(self, *, keep: bool = True, low: int = 8, high: int = 18) -> str:
        picked = [self.random.choice(_WORDS) for _ in range(self.random.randint(low, high))]
        text = " ".join(picked).capitalize() + "."
        if keep:
            self.words += text.split()
        return text

    def paragraph(self, sentences: int = 5, *, keep: bool = True) -> str:
        return " ".join(self.sentence(keep=keep) for _ in range(sentences))

    def said(self, text: str) -> str:
        self.words += text.split()
        return text


def docx_sample(seed: int, *, paragraphs: int = 12) -> Sample:
    """Headings, lists, a table, footnotes, an insertion, a content control, a text box, right-to-left, CJK, emoji."""
    import docx
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    writer, document = Writer(seed), docx.Document()
    ns = nsdecls("w")
    document.add_heading(writer.said("The causes of the revolt"), 1)
    notes: list[str] = []
    for number in range(paragraphs):
        paragraph = document.add_paragraph(writer.paragraph(4))
        if number % 3 == 0:
            note = writer.sentence(keep=False)
            notes.append(note)
            paragraph._p.append(parse_xml(f'<w:r {ns}><w:footnoteReference w:id="{len(notes) + 1}"/></w:r>'))
            writer.words += note.split()
        elif number % 3 == 1:
            text = writer.sentence()
            paragraph._p.append(
                parse_xml(
                    f'<w:ins {ns} w:id="9{number}" w:author="a"><w:r><w:t xml:space="preserve"> {text}</w:t></w:r></w:ins>'
                )
            )
            paragraph._p.append(
                parse_xml(
                    f'<w:del {ns} w:id="8{number}" w:author="a"><w:r><w:delText>gone away</w:delText></w:r></w:del>'
                )
            )
        else:
            document.add_paragraph(writer.sentence(), style="List Bullet")
    table = document.add_table(rows=3, cols=3)
    for row in table.rows:
        for cell in row.cells:
            cell.text = writer.said(" ".join(writer.random.sample(_WORDS, 2)))
    control = writer.sentence()
    body = document.element.body
    body.insert(
        len(body) - 1,
        parse_xml(f"<w:sdt {ns}><w:sdtContent><w:p><w:r><w:t>{control}</w:t></w:r></w:p></w:sdtContent></w:sdt>"),
    )
    box = writer.sentence()
    body.insert(len(body) - 1, parse_xml(
        f'<w:p {ns}><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent><w:p><w:r>'
        f"<w:t>{box}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"))  # fmt: skip
    for line in (_mixed(writer, _HEBREW), _mixed(writer, _ARABIC), _CHINESE, " ".join(_EMOJI)):
        document.add_paragraph(line)
        if line is _CHINESE or line == " ".join(_EMOJI):
            writer.said(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return Sample("docx", _with_footnotes(buffer.getvalue(), notes), tuple(writer.words))


def _mixed(writer: Writer, vocabulary: list[str]) -> str:
    return writer.said(" ".join(writer.random.choice(vocabulary) for _ in range(14)))


def _with_footnotes(data: bytes, notes: list[str]) -> bytes:
    """python-docx writes no footnotes; add the part by hand."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    items = "".join(
        f'<w:footnote w:id="{number}"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>{escape(note)}</w:t></w:r></w:p></w:footnote>'
        for number, note in enumerate(notes, start=2)
    )
    part = f'<?xml version="1.0" encoding="UTF-8"?><w:footnotes {w}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>{items}</w:footnotes>'
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in source.infolist():
            raw = source.read(entry)
            if entry.filename == "word/_rels/document.xml.rels":
                relation = '<Relationship Id="rIdFn" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
                raw = raw.replace(b"</Relationships>", relation.encode() + b"</Relationships>")
            elif entry.filename == "[Content_Types].xml":
                override = '<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"/>'
                raw = raw.replace(b"</Types>", override.encode() + b"</Types>")
            out.writestr(entry, raw)
        out.writestr("word/footnotes.xml", part)
    return target.getvalue()


def odt_sample(seed: int, *, paragraphs: int = 12) -> Sample:
    """Headings, lists, a table, notes, a text box, right-to-left, CJK, emoji."""
    writer = Writer(seed)
    spaces = {
        "office": "office",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "style": "style",
        "fo": "xsl-fo-compatible",
    }
    declared = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for p, n in spaces.items())
    parts = [f'<text:h text:outline-level="1">{writer.said("The causes of the revolt")}</text:h>']
    for number in range(paragraphs):
        text = writer.paragraph(4)
        if number % 3 == 0:
            note = writer.sentence()
            text += (f'<text:note text:note-class="footnote"><text:note-citation>{number}</text:note-citation>'
                     f"<text:note-body><text:p>{note}</text:p></text:note-body></text:note>")  # fmt: skip
        parts.append(f"<text:p>{text}</text:p>")
        if number % 3 == 1:
            parts.append(
                f"<text:list><text:list-item><text:p>{writer.sentence()}</text:p></text:list-item></text:list>"
            )
    rows = ""
    for _ in range(3):
        cells = "".join(
            f"<table:table-cell><text:p>{writer.said(' '.join(writer.random.sample(_WORDS, 2)))}</text:p></table:table-cell>"
            for _ in range(3)
        )
        rows += f"<table:table-row>{cells}</table:table-row>"
    parts.append(f"<table:table>{rows}</table:table>")
    parts.append(
        f"<text:p><draw:frame><draw:text-box><text:p>{writer.sentence()}</text:p></draw:text-box></draw:frame></text:p>"
    )
    parts += [f"<text:p>{_mixed(writer, _HEBREW)}</text:p>", f"<text:p>{writer.said(_CHINESE)}</text:p>"]
    parts.append(f"<text:p>{writer.said(' '.join(_EMOJI))}</text:p>")
    content = (f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {declared}><office:body><office:text>'
               f"{''.join(parts)}</office:text></office:body></office:document-content>")  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        out.writestr("content.xml", content)
    return Sample("odt", buffer.getvalue(), tuple(writer.words))


def rtf_sample(seed: int, *, paragraphs: int = 12) -> Sample:
    """Paragraphs, a table, a footnote, characters outside ASCII."""
    writer, parts = Writer(seed), ["{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Times;}}"]
    for number in range(paragraphs):
        parts.append("\\pard " + writer.paragraph(4))
        if number % 4 == 0:
            parts.append("{\\footnote\\pard " + writer.sentence() + "}")
        parts.append("\\par\n")
    for _ in range(2):
        cells = [writer.said(" ".join(writer.random.sample(_WORDS, 2))) for _ in range(2)]
        parts.append("\\trowd\\cellx1000\\cellx2000\\pard\\intbl " + "\\cell ".join(cells) + "\\cell\\row\n")
    for text in (_mixed(writer, _HEBREW), writer.said(_CHINESE), writer.said("naïve café 😀 “yes”")):
        units = text.encode("utf-16-le")
        codes = (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2))
        coded = "".join(chr(code) if code < 128 else f"\\u{code - 65536 if code > 32767 else code}?" for code in codes)
        parts.append(f"\\pard {coded}\\par\n")
    return Sample("rtf", "".join([*parts, "}"]).encode("ascii"), tuple(writer.words))


def pdf_sample(
    seed: int, *, columns: int = 1, paragraphs: int = 24, running: bool = True, scripts: bool = True
) -> Sample:
    """Pages with running header and number, a title, hyphens at line ends, a table, a footnote, other scripts."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    writer, buffer = Writer(seed), io.BytesIO()
    pdfmetrics.registerFont(TTFont("DejaVu", str(_FONT)))
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    width, height = A4
    canvas = Canvas(buffer, pagesize=A4, pageCompression=1)
    margin, gutter, size, leading = 56.0, 22.0, 10.0, 13.0
    column_width = (width - 2 * margin - gutter * (columns - 1)) / columns
    page = 1

    def furniture() -> None:
        if running:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(margin, height - 34, f"A study of revolt, draft {seed}")
            canvas.drawCentredString(width / 2, 28, f"Page {page}")

    furniture()
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(margin, height - 80, writer.said("The causes of the revolt"))
    top = height - 110.0
    column, y = 0, top

    def advance() -> None:
        nonlocal column, y, top, page
        y -= leading
        if y < 80:
            column += 1
            y = top
            if column == columns:
                canvas.showPage()
                page += 1
                column, top = 0, height - 70.0
                y = top
                furniture()

    for _ in range(paragraphs):
        line = ""
        for word in writer.paragraph(6).split():
            wider = f"{line} {word}".strip()
            if pdfmetrics.stringWidth(wider, "Times-Roman", size) > column_width:
                room = column_width - pdfmetrics.stringWidth(f"{line} -", "Times-Roman", size)
                cut = 0
                while (
                    len(word) > 6
                    and cut < len(word) - 3
                    and pdfmetrics.stringWidth(word[: cut + 1], "Times-Roman", size) < room
                ):
                    cut += 1
                canvas.setFont("Times-Roman", size)
                x = margin + column * (column_width + gutter)
                if cut >= 3 and word[cut - 1 : cut + 1].isalpha():
                    canvas.drawString(x, y, f"{line} {word[:cut]}-")
                    line = word[cut:]
                else:
                    canvas.drawString(x, y, line)
                    line = word
                advance()
            else:
                line = wider
        canvas.setFont("Times-Roman", size)
        canvas.drawString(margin + column * (column_width + gutter), y, line)
        advance()
        y -= leading * 0.6
    if scripts:
        canvas.showPage()
        page += 1
        furniture()
        y = height - 100
        for _ in range(4):
            cells = [" ".join(writer.random.sample(_WORDS, 2)) for _ in range(3)]
            canvas.setFont("Times-Roman", size)
            for index, cell in enumerate(cells):
                canvas.drawString(margin + index * 150, y, writer.said(cell))
            y -= 18
        canvas.setFont("DejaVu", size)
        for _ in range(3):
            y -= 24
            line = _mixed(writer, _HEBREW)
            canvas.drawRightString(width - margin, y, line[::-1])  # a page holds such lines as they look
        canvas.setFont("STSong-Light", size)
        y -= 30
        canvas.drawString(margin, y, writer.said(_CHINESE))
        canvas.setFont("DejaVu", size)
        y -= 30
        canvas.drawString(margin, y, "The eﬃcient oﬃce ﬁnds naïve ﬂows ☀ in prose.")
        writer.said("The efficient office finds naïve flows ☀ in prose.")
        canvas.setFont("Times-Roman", 8)
        canvas.drawString(margin, 90, "1 " + writer.said("1 " + writer.sentence(keep=False))[2:])
    canvas.save()
    return Sample(f"pdf, {columns} column(s)", buffer.getvalue(), tuple(writer.words))


def html_sample(seed: int, *, paragraphs: int = 12) -> Sample:
    """What a word processor pastes: headings, lists, a table, right-to-left, CJK, emoji."""
    writer = Writer(seed)
    parts = [f"<h1>{writer.said('The causes of the revolt')}</h1>"]
    for number in range(paragraphs):
        parts.append(f'<p class="MsoNormal" style="margin:0cm"><span lang="EN-GB">{writer.paragraph(4)}</span></p>')
        if number % 3 == 1:
            bullet = '<span style="mso-list:Ignore">\u00b7&nbsp;</span>'
            parts.append(f'<p style="mso-list:l0 level1 lfo1">{bullet}{writer.sentence()}</p>')
        elif number % 3 == 2:
            parts.append(f"<ul><li>{writer.sentence()}<ul><li>{writer.sentence()}</li></ul></li></ul>")
    for _ in range(3):
        cells = (writer.said(" ".join(writer.random.sample(_WORDS, 2))) for _ in range(3))
        parts.append(f"<table><tr>{''.join(f'<td><p>{cell}</p></td>' for cell in cells)}</tr></table>")
    for line in (_mixed(writer, _HEBREW), writer.said(_CHINESE), writer.said(" ".join(_EMOJI))):
        parts.append(f"<blockquote>{line}</blockquote>")
    page = f"<html><head><style>p.MsoNormal {{font-size:12pt}}</style></head><body>{''.join(parts)}</body></html>"
    return Sample("html", page.encode(), tuple(writer.words))


def markdown_sample(seed: int, *, paragraphs: int = 12) -> Sample:
    """Headings, lists, quotations, a table and code in plain text."""
    writer = Writer(seed)
    parts = [f"# {writer.said('The causes of the revolt')}"]
    for number in range(paragraphs):
        mark = ("", "- ", "> ", "1. ")[number % 4]
        parts.append(f"{mark}{writer.paragraph(3)}")
    rows = "\n".join(f"| {writer.sentence()} | {writer.sentence()} |" for _ in range(3))
    parts += [rows, f"```\n{writer.sentence()}\n```"]
    return Sample("md", "\n\n".join(parts).encode(), tuple(writer.words))


def word_recall(expected: tuple[str, ...], got: str) -> float:
    """Share of the expected words found in order in ``got``, 0 to 1."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, expected, got.split(), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / max(len(expected), 1)
