"""Make the demo documents from the essays: ``python -m deploy.demo.make_documents``.

The essays are Markdown of the simplest kind (headings, paragraphs, one-line tables, footnotes), so that one
source gives DOCX, PDF, ODT, RTF and TXT with the same words. Dates inside the files are fixed: making
them again changes nothing unless an essay changed. The documents are committed; this script and its libraries
are not needed to run the demo.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
ESSAYS = HERE / "essays"
DOCUMENTS = HERE / "documents"
WRITTEN = datetime(2026, 9, 1, 9, 0, 0)

# file name in documents/ -> essay; "-locked" gets a password nobody has.
FILES: dict[str, str] = {
    "free-transport-draft-1.docx": "free-transport-1",
    "free-transport-draft-2.docx": "free-transport-2",
    "four-day-week-draft-1.pdf": "four-day-week-1",
    "four-day-week-draft-2.pdf": "four-day-week-2",
    "phones-in-lectures.docx": "phones-in-lectures",
    "free-museums.rtf": "free-museums",
    "compulsory-voting.odt": "compulsory-voting",
    "short-flights.txt": "short-flights",
    "homework-locked.pdf": "homework",
    "visitor-limits.docx": "visitor-limits",
    "late-fees.pdf": "late-fees",
    "cooling-report.odt": "cooling-report",
}
SAMPLE = {"sample_draft.docx": "recorded-lectures"}


@dataclass(frozen=True)
class Block:
    """``kind``: title, heading, paragraph or table. ``notes`` are the footnote numbers called in the text."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Essay:
    blocks: tuple[Block, ...]
    footnotes: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.blocks[0].text


NOTE_CALL = re.compile(r"\[\^(\d+)\]")


def read_essay(source: str) -> Essay:
    """Read the Markdown of one essay. The first block is its title, marked or not."""
    blocks: list[Block] = []
    footnotes: dict[str, str] = {}
    for part in re.split(r"\n\s*\n", source.strip()):
        part = part.strip()
        note = re.match(r"\[\^(\d+)\]:\s*(.+)", part, re.S)
        if note:
            footnotes[note[1]] = note[2]
        elif part.startswith("|"):
            lines = [line.strip().strip("|") for line in part.splitlines() if not re.match(r"\|\s*-", line)]
            blocks.append(Block("table", rows=tuple(tuple(c.strip() for c in line.split("|")) for line in lines)))
        elif part.startswith("#"):
            blocks.append(Block("title" if part.startswith("# ") else "heading", part.lstrip("# ")))
        elif not blocks:
            blocks.append(Block("title", part))
        elif part == "References":
            blocks.append(Block("heading", part))
        else:
            text = " ".join(part.split())
            blocks.append(Block("paragraph", NOTE_CALL.sub("", text), notes=tuple(NOTE_CALL.findall(text))))
    return Essay(tuple(blocks), footnotes)


# --- DOCX -------------------------------------------------------------------------------------------

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def write_docx(essay: Essay) -> bytes:
    from docx import Document
    from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    document = Document()
    document.core_properties.title = essay.title
    document.core_properties.author = "Demo student"
    document.core_properties.comments = ""
    document.core_properties.created = document.core_properties.modified = WRITTEN
    for block in essay.blocks:
        if block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif block.kind == "paragraph":
            paragraph = document.add_paragraph(block.text)
            for number in block.notes:
                _call_footnote(paragraph, number)
        else:
            document.add_heading(block.text, level=1 if block.kind == "title" else 2)
    if essay.footnotes:
        notes = Part(
            PackURI("/word/footnotes.xml"),
            CONTENT_TYPE.WML_FOOTNOTES,
            _footnotes_xml(essay),
            document.part.package,
        )
        document.part.relate_to(notes, RELATIONSHIP_TYPE.FOOTNOTES)
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_fixed_dates(buffer.getvalue())


def _call_footnote(paragraph, number: str) -> None:  # type: ignore[no-untyped-def]
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run()
    run.font.superscript = True
    reference = OxmlElement("w:footnoteReference")
    reference.set(qn("w:id"), number)
    run._r.append(reference)


def _footnotes_xml(essay: Essay) -> bytes:
    notes = "".join(
        f'<w:footnote w:id="{number}"><w:p>'
        '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>'
        f'<w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
        for number, text in essay.footnotes.items()
    )
    separators = (
        '<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
        '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p>'
        "</w:footnote>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:footnotes xmlns:w="{W}">{separators}{notes}</w:footnotes>'
    ).encode()


def _with_fixed_dates(archive: bytes) -> bytes:
    """Rewrite a zip with one date for every entry, so that equal content is equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, WRITTEN.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(entry))
    return out.getvalue()


# --- ODT --------------------------------------------------------------------------------------------

XML = '<?xml version="1.0" encoding="UTF-8"?>'
ODT_TYPE = "application/vnd.oasis.opendocument.text"
ODT_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table", "style")
)


def write_odt(essay: Essay) -> bytes:
    body = "".join(_odt_block(block) for block in essay.blocks)
    content = (
        f'{XML}<office:document-content {ODT_NAMESPACES} office:version="1.3">'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    styles = (
        f'{XML}<office:document-styles {ODT_NAMESPACES} office:version="1.3"><office:styles/></office:document-styles>'
    )
    manifest = (
        f'{XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        ' manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODT_TYPE}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        '<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        # The media type comes first and unpacked: that is how an ODT is recognised.
        for name, data, packing in (
            ("mimetype", ODT_TYPE, zipfile.ZIP_STORED),
            ("content.xml", content, zipfile.ZIP_DEFLATED),
            ("styles.xml", styles, zipfile.ZIP_DEFLATED),
            ("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED),
        ):
            info = zipfile.ZipInfo(name, WRITTEN.timetuple()[:6])
            info.compress_type = packing
            archive.writestr(info, data)
    return out.getvalue()


def _odt_block(block: Block) -> str:
    if block.kind == "table":
        rows = "".join(
            "<table:table-row>"
            + "".join(f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in row)
            + "</table:table-row>"
            for row in block.rows
        )
        columns = f'<table:table-column table:number-columns-repeated="{len(block.rows[0])}"/>'
        return f'<table:table table:name="Table1">{columns}{rows}</table:table>'
    if block.kind == "paragraph":
        return f"<text:p>{escape(block.text)}</text:p>"
    level = 1 if block.kind == "title" else 2
    return f'<text:h text:outline-level="{level}">{escape(block.text)}</text:h>'


# --- RTF and plain text -----------------------------------------------------------------------------


def write_rtf(essay: Essay) -> bytes:
    def letters(text: str) -> str:
        text = re.sub(r"([\\{}])", r"\\\1", text)
        return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)

    lines = [r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Georgia;}}\f0\fs24"]
    for block in essay.blocks:
        text = letters(block.text)
        lines.append(rf"\pard\sa200 {text}\par" if block.kind == "paragraph" else rf"\pard\sa200\b {text}\b0\par")
    return ("\n".join(lines) + "\n}").encode("ascii")


def write_txt(essay: Essay) -> bytes:
    return ("\n\n".join(block.text for block in essay.blocks) + "\n").encode()


# --- PDF --------------------------------------------------------------------------------------------


def write_pdf(essay: Essay) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import cm
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

    styles = getSampleStyleSheet()
    body = styles["BodyText"]
    body.fontName, body.fontSize, body.leading, body.spaceAfter = "Times-Roman", 12, 18, 8
    style_of = {"title": styles["Title"], "heading": styles["Heading2"], "paragraph": body}
    story: list[Flowable] = []
    for block in essay.blocks:
        if block.kind == "table":
            story += [Table([list(row) for row in block.rows]), Spacer(1, 12)]
        else:
            story.append(Paragraph(escape(block.text), style_of[block.kind]))
    buffer = io.BytesIO()
    SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=3 * cm,
        rightMargin=3 * cm,
        title=essay.title,
        author="Demo student",
        invariant=1,
    ).build(story)
    return buffer.getvalue()


def lock(pdf: bytes) -> bytes:
    """Encrypt a PDF so that it cannot be opened without its password."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.encrypt(user_password="demo: not told to anybody", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


WRITERS: dict[str, Callable[[Essay], bytes]] = {
    ".docx": write_docx,
    ".odt": write_odt,
    ".rtf": write_rtf,
    ".txt": write_txt,
    ".pdf": write_pdf,
}


def make(name: str, essay_name: str) -> bytes:
    """The bytes of the document ``name``, made from ``essays/<essay_name>.md``."""
    essay = read_essay((ESSAYS / f"{essay_name}.md").read_text(encoding="utf-8"))
    data = WRITERS[Path(name).suffix](essay)
    return lock(data) if "-locked" in name else data


def main() -> None:
    DOCUMENTS.mkdir(exist_ok=True)
    targets = {DOCUMENTS / name: essay for name, essay in FILES.items()}
    targets |= {HERE / name: essay for name, essay in SAMPLE.items()}
    for path, essay in targets.items():
        if "-locked" in path.name and path.exists():
            continue  # encryption is salted: made again it would differ each time
        path.write_bytes(make(path.name, essay))
        print(f"{path.relative_to(HERE)}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
