"""Text that Word, OpenDocument and RTF files hide by what they inherit, and what only looks as if they hid it."""

from __future__ import annotations

import io

import docx as python_docx
import pytest
from docx.enum.style import WD_STYLE_TYPE

from submissions.extraction import docx, odt, rtf
from submissions.extraction.limits import Limits
from submissions.tests.made_files import ATTACK, ESSAY, SPACES, THEME, check, docx_of, odt_of, rtf_of, run

LIMITS = Limits()
WHITE = '<w:color w:val="FFFFFF"/>'


def _styles(*styles: str) -> dict[str, str]:
    return {"styles": f"<w:styles {SPACES}>{''.join(styles)}</w:styles>", "theme": THEME}


TABLE_STYLE = (
    '<w:style w:type="table" w:styleId="T">%s<w:tblStylePr w:type="firstRow"><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:tcPr>'
    '<w:shd w:val="clear" w:fill="1F3864"/></w:tcPr></w:tblStylePr></w:style>'
)


def _table(first: str, second: str, *, look: str = '<w:tblLook w:val="04A0"/>') -> str:
    rows = "".join(f"<w:tr><w:tc>{text}</w:tc><w:tc>{run('', 'Other')}</w:tc></w:tr>" for text in (first, second))
    return f'<w:tbl><w:tblPr><w:tblStyle w:val="T"/>{look}</w:tblPr>{rows}</w:tbl>'


def _box(inner: str, *, size: int = 900_000, filling: str = "") -> str:
    return (
        f'<w:p><w:r><w:drawing><wp:anchor><wp:extent cx="{size}" cy="{size}"/><wp:docPr id="1" name="b"/><a:graphic>'
        f"<a:graphicData><wps:wsp><wps:spPr>{filling}</wps:spPr><wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx>"
        "</wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></w:r></w:p>"
    )


def _vml(style: str, inner: str, group: str = "") -> str:
    shape = f'<v:shape style="{style}"><v:textbox><w:txbxContent>{inner}</w:txbxContent></v:textbox></v:shape>'
    grouped = f'<v:group style="{group}">{shape}</v:group>' if group else shape
    return f"<w:p><w:r><w:pict>{grouped}</w:pict></w:r></w:p>"


def _text_fill(color: str) -> str:
    return f"<w14:textFill><w14:solidFill>{color}</w14:solidFill></w14:textFill>"


SCHEME_WHITE = '<a:solidFill><a:schemeClr val="bg1"/></a:solidFill>'
DOCX_HIDING = {
    "a theme's white": (run('<w:color w:themeColor="background1"/>'), "low_contrast"),
    "a theme before a value": (run('<w:color w:val="000000" w:themeColor="background1"/>'), "low_contrast"),
    "a black tinted away": (run('<w:color w:val="000000" w:themeColor="text1" w:themeTint="05"/>'), "low_contrast"),
    "a theme on itself": (run('<w:color w:themeColor="accent1"/><w:shd w:val="clear" w:themeFill="accent1"/>'), "low_contrast"),
    "the fill of the letters": (run(_text_fill('<w14:srgbClr w14:val="FFFFFF"/>')), "low_contrast"),
    "a nearly full pattern": (run('<w:color w:val="000000"/><w:shd w:val="pct95" w:color="000000" w:fill="FFFFFF"/>'),
                              "low_contrast"),
    "letters on one spot": (run('<w:spacing w:val="-400"/>'), "tiny_font"),
    "far above the line": (run('<w:position w:val="3000"/>'), "off_page"),
    "a frame of no size": (run("", paragraph='<w:pPr><w:framePr w:w="10" w:h="10" w:hRule="exact"/></w:pPr>'), "tiny_font"),
    "right to left at a point": (run('<w:rtl/><w:szCs w:val="2"/>'), "tiny_font"),
    "white below a dark head": (_table(run("", "Head"), run(WHITE)), "low_contrast"),
    "a head switched off": (_table(run(WHITE), run("", "Row"), look='<w:tblLook w:val="0480" w:firstRow="0"/>'),
                            "low_contrast"),
    "a box of no size": (_box(run(""), size=1), "off_page_text_box"),
    "a box in a theme's white": (_box(run(WHITE), filling=SCHEME_WHITE), "low_contrast"),
    "an old box of no size": (_vml("width:.1pt;height:.1pt", run("")), "off_page_text_box"),
    "a group off the page": (_vml("left:0;top:0", run(""), "margin-left:-2000pt"), "off_page_text_box"),
    "the description of a table": (f'<w:tbl><w:tblPr><w:tblDescription w:val="{ATTACK}"/></w:tblPr><w:tr><w:tc>'
                                   f"{run('', 'A cell')}</w:tc></w:tr></w:tbl>", "alt_text"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCX_HIDING)
def test_docx_hides(name: str) -> None:
    body, kind = DOCX_HIDING[name]
    check(docx.read(io.BytesIO(docx_of(body, _styles(TABLE_STYLE % ""))), LIMITS), kind)


@pytest.mark.parametrize(
    ("own", "kind"), [("<w:rPr><w:vanish/></w:rPr>", "hidden_font"), (f"<w:rPr>{WHITE}</w:rPr>", "low_contrast")]
)
def test_docx_hides_by_the_style_of_a_table(own: str, kind: str) -> None:
    whole = f'<w:style w:type="table" w:styleId="T">{own}</w:style>'
    black = run('<w:vanish w:val="0"/><w:color w:val="000000"/>', "Head")
    other = _table(black, run("")).replace(run("", "Other"), black)
    check(docx.read(io.BytesIO(docx_of(other, _styles(whole))), LIMITS), kind)


def test_a_note_whose_mark_is_hidden_is_hidden() -> None:
    reference = '<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:footnoteReference w:id="2"/></w:r></w:p>'
    notes = f'<w:footnotes {SPACES}><w:footnote w:id="2">{run("")}</w:footnote></w:footnotes>'
    check(docx.read(io.BytesIO(docx_of(reference, {"footnotes": notes})), LIMITS), "hidden_font")


DARK_PAGE = {"settings": f"<w:settings {SPACES}><w:displayBackgroundShape/></w:settings>", "theme": THEME}
DOCX_PLAIN = {
    "an accent": run('<w:color w:val="4F81BD" w:themeColor="accent1"/>', "Seen."),
    "white on a theme's blue": run('<w:color w:themeColor="background1"/><w:shd w:val="clear" w:themeFill="text2"/>', "Seen."),
    "a dark head": _table(run(WHITE, "Seen."), run("", "Row")),
    "a dark head by its style": _table(run("", "Seen."), run("", "Row")),
    "slightly narrow": run('<w:spacing w:val="-10"/><w:position w:val="6"/>', "Seen."),
    "letters with an outline": run(WHITE + '<w14:textOutline w14:w="9525"><w14:solidFill><w14:srgbClr w14:val="000000"/>'
                                    "</w14:solidFill></w14:textOutline>", "Seen."),
    "a drop cap": run("", "S", '<w:pPr><w:framePr w:dropCap="drop" w:lines="3" w:wrap="around"/></w:pPr>'),
    "white in a dark box": _box(run(WHITE, "Seen."), filling='<a:solidFill><a:schemeClr val="accent1"/></a:solidFill>'),
    "an old box": _vml("width:200pt;height:60pt;margin-left:-12pt", run("", "Seen.")),
    "a hidden end of paragraph": run("", "Seen.", "<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>"),
    "white blanks": run(WHITE, "   ") + run('<w:sz w:val="2"/>', " "),
    "the page numbers of a table of contents": (
        "<w:p><w:r><w:t>Seen.</w:t></w:r><w:r><w:rPr><w:webHidden/></w:rPr><w:tab/></w:r><w:r><w:rPr><w:webHidden/></w:rPr>"
        "<w:t>13</w:t></w:r></w:p>"
    ),
    "the record behind a citation": (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>ADDIN ZOTERO_ITEM {"title":"A long title of many '
        'words in a paper about things"}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>Seen.</w:t>'
        '</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    ),
    "a field that never ends": (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>' + run("", "Seen.")
    ),
    "five points": run('<w:sz w:val="10"/>', "Seen."),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCX_PLAIN)
def test_docx_hides_nothing(name: str) -> None:
    body = DOCX_PLAIN[name]
    check(
        docx.read(io.BytesIO(docx_of(body, _styles(TABLE_STYLE % ""))), LIMITS),
        None,
        "Seen." if "Seen." in body else "",
    )


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("The Impact of Social Media on the Mental Health of Teenagers in Schools", False),
        ("RUNNING HEAD: WHAT THE REVOLUTION OF 1789 OWED TO THE PRICE OF BREAD", False),
        (ESSAY, False),  # as on the first page
        ("History 101, Spring Term, Group 4 – Page 3 of 12", False),
        (ATTACK, True),
        (ATTACK.rstrip("."), True),
        (ATTACK.upper(), True),
    ],
)
def test_running_titles_are_no_messages(text: str, hidden: bool) -> None:
    header = {"header": f"<w:hdr {SPACES}>{run('', text)}</w:hdr>"}
    found = docx.read(io.BytesIO(docx_of("", header)), LIMITS).hidden
    assert [(item.kind, item.text) for item in found] == ([("outside_body", text)] if hidden else [])


def test_a_dark_page_is_the_ground() -> None:
    white, dark = run(WHITE, "Light words."), run('<w:color w:val="202020"/>')
    body = white + dark
    data = docx_of(body, DARK_PAGE, before='<w:background w:color="202020"/>')
    check(docx.read(io.BytesIO(data), LIMITS), "low_contrast", "Light words.")


def test_every_table_style_of_the_word_processor_is_read() -> None:
    document = python_docx.Document()
    document.add_paragraph("An essay of a few words.")
    names = [style.name for style in document.styles if style.type == WD_STYLE_TYPE.TABLE]
    for name in names:
        for cell in (cell for row in document.add_table(4, 3, style=name).rows for cell in row.cells):
            cell.text = "cell words"
    buffer = io.BytesIO()
    document.save(buffer)
    read = docx.read(buffer, LIMITS)
    assert read.hidden == () and read.text.count("cell words") == 12 * len(names) > 1_000


def _span(properties: str, text: str = ATTACK) -> tuple[str, str]:
    style = f'<style:style style:name="T" style:family="text"><style:text-properties {properties}/></style:style>'
    return f'<text:p>One <text:span text:style-name="T">{text}</text:span></text:p>', style


def _paragraph(properties: str, text: str = ATTACK) -> tuple[str, str]:
    style = (
        f'<style:style style:name="P" style:family="paragraph"><style:paragraph-properties {properties}/></style:style>'
    )
    return f'<text:p text:style-name="P">{text}</text:p>', style


def _white_in(family: str, properties: str, before: str, after: str) -> tuple[str, str]:
    inner, white = _span('fo:color="#ffffff"', "Seen.")
    ground = f'<style:style style:name="G" style:family="{family}">{properties}</style:style>'
    return before + inner + after, white + ground


OPEN_TABLE = "<table:table%s><table:table-row%s><table:table-cell>"
CLOSE_TABLE = (
    "</table:table-cell><table:table-cell><text:p>Two</text:p></table:table-cell></table:table-row></table:table>"
)
ODT = {
    "a tenth of the size": (*_span('fo:font-size="10%"'), "tiny_font"),
    "letters on one spot": (*_span('fo:letter-spacing="-0.5in"'), "tiny_font"),
    "raised away": (*_span('style:text-position="5000% 100%"'), "off_page"),
    "a raised nothing": (*_span('style:text-position="0% 1%"'), "tiny_font"),
    "beside the page": (*_paragraph('fo:margin-left="-40cm"'), "off_page"),
    "a hidden paragraph": (f'<text:p><text:hidden-paragraph text:is-hidden="true"/>{ATTACK}</text:p>', "", "hidden_font"),
    "a frame of no size": (f'<text:p><draw:frame svg:width="0.01cm" svg:height="0.01cm"><draw:text-box><text:p>{ATTACK}</text:p>'
                           "</draw:text-box></draw:frame></text:p>", "", "tiny_font"),
    "a row folded away": (OPEN_TABLE % ("", ' table:visibility="collapse"') + f"<text:p>{ATTACK}</text:p>"
                          + CLOSE_TABLE.replace("Two", ""), "", "hidden_font"),
    "a column folded away": ('<table:table><table:table-column/><table:table-column table:visibility="collapse"/><table:table-row>'
                             "<table:table-cell><text:p>One</text:p></table:table-cell><table:table-cell><text:p>"
                             f"{ATTACK}</text:p></table:table-cell></table:table-row></table:table>", "", "hidden_font"),
    "white in a dark frame": (*_white_in("graphic", '<style:graphic-properties draw:fill="solid" draw:fill-color="#112244"/>',
                              '<text:p><draw:frame draw:style-name="G"><draw:text-box>',
                              "</draw:text-box></draw:frame></text:p>"), None),
    "white in a dark row": (*_white_in("table-row", '<style:table-row-properties fo:background-color="#222222"/>',
                            OPEN_TABLE % ("", ' table:style-name="G"'), CLOSE_TABLE), None),
    "white in a dark table": (*_white_in("table", '<style:table-properties fo:background-color="#222222"/>',
                              OPEN_TABLE % (' table:style-name="G"', ""), CLOSE_TABLE), None),
    "a second raised": (*_span('style:text-position="super 58%"', "Seen."), None),
    "a little outside": (*_paragraph('fo:margin-left="-1cm"', "Seen."), None),
}  # fmt: skip


@pytest.mark.parametrize("name", ODT)
def test_odt(name: str) -> None:
    body, automatic, kind = ODT[name]
    check(odt.read(io.BytesIO(odt_of(body, automatic)), LIMITS), kind, "" if kind else "Seen.")


def test_a_dark_page_of_an_odt_is_the_ground() -> None:
    page = (
        '<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties fo:background-color="#202020"/>'
        '</style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="S" '
        'style:page-layout-name="L"/></office:master-styles>'
    )
    body, automatic = _span('fo:color="#ffffff"', "Light words.")
    check(odt.read(io.BytesIO(odt_of(body, automatic, styles=page)), LIMITS), None, "Light words.")


def _shape(edges: str, text: str = ATTACK, more: str = "") -> str:
    return rf"{{\shp{{\*\shpinst{edges}{more}{{\shptxt {text}\par}}}}}}"


NORMAL_EDGES = r"\shpleft0\shptop0\shpright5000\shpbottom2000"
RTF = {
    "no width": (rf"{{\charscalex1 {ATTACK}}}", "tiny_font"),
    "letters on one spot": (rf"{{\expnd-40\expndtw-200 {ATTACK}}}", "tiny_font"),
    "raised away": (rf"{{\up2000 {ATTACK}}}", "off_page"),
    "beside the page": (rf"\pard\li-30000 {ATTACK}\par\pard ", "off_page"),
    "a frame off the page": (rf"\pard\posx-20000 {ATTACK}\par\pard ", "off_page"),
    "a shape off the page": (_shape(r"\shpleft-30000\shptop0\shpright-25000\shpbottom2000"), "off_page_text_box"),
    "a shape of no size": (_shape(r"\shpleft0\shptop0\shpright1\shpbottom1"), "tiny_font"),
    "a shape switched off": (_shape(NORMAL_EDGES, more=r"{\sp{\sn fHidden}{\sv 1}}"), "hidden_font"),
    "white before a dark cell": (rf"\trowd\cellx3000\clcbpat3\cellx6000\pard\intbl\cf1 {ATTACK}\cell Seen.\cell\row\pard ",
                                 "low_contrast"),
    "the company": (rf"{{\info{{\*\company {ATTACK}}}}}", "metadata"),
    "an own property": (rf"{{\*\userprops{{\propname x}}\proptype30{{\staticval {ATTACK}}}}}", "metadata"),
    "a shape": (_shape(NORMAL_EDGES, "Seen.", r"{\sp{\sn shapeType}{\sv 202}}"), None),
    "white in a dark shape": (_shape(NORMAL_EDGES, r"\cf1 Seen.", r"{\sp{\sn fillColor}{\sv 8388608}}"), None),
    "white in a dark second cell": (r"\trowd\cellx3000\clcbpat3\cellx6000\pard\intbl one\cell\cf1 Seen.\cell\row\pard ", None),
    "a little narrow": (r"{\expndtw-10\up6 Seen.}", None),
}  # fmt: skip


@pytest.mark.parametrize("name", RTF)
def test_rtf(name: str) -> None:
    piece, kind = RTF[name]
    document = rtf.read(rtf_of(piece), LIMITS)
    check(document, kind, "" if kind else "Seen.")
    assert "shapeType" not in document.text and "202" not in document.text
