"""Text that PDFs hide by covers, layers, masks, forms and fonts, and what only looks as if they hid it."""

from __future__ import annotations

import random
import string

import pytest

from submissions.extraction import pdf
from submissions.extraction.limits import Limits
from submissions.tests.made_files import ATTACK, ESSAY, FONT, check, pdf_of, stream, unicode_map, written

LIMITS = Limits()
LAYER_OFF = "/OCProperties << /OCGs [8 0 R] /D << /OFF [8 0 R] >> >>"
LAYER_ON = "/OCProperties << /OCGs [8 0 R] /D << /ON [8 0 R] >> >>"
LAYER = {8: "<< /Type /OCG /Name (L) >>"}
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 %d 842] /Resources << /Font << /F1 5 0 R >> >>"
FIELD = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (%s) /F 4 /Rect [%s] %s >>"


def _field(text: str, box: str = "60 60 500 80", more: str = "") -> bytes:
    return pdf_of(
        "", {9: FIELD % (text, box, more)}, catalogue="/AcroForm << /Fields [9 0 R] >>", page="/Annots [9 0 R]"
    )


def _lying(codes: str, said: list[str], shown: str) -> bytes:
    objects = {6: FONT % "/ToUnicode 7 0 R ", 7: stream(unicode_map(codes, said))}
    return pdf_of(written(shown, font="F2"), objects, fonts="/F2 6 0 R")


def _shuffled() -> bytes:
    said = list(string.ascii_lowercase)
    random.Random(4).shuffle(said)
    code = dict(zip(said, string.ascii_lowercase, strict=True))
    return _lying(string.ascii_lowercase, said, "".join(code.get(char, char) for char in ATTACK.lower()))


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>{ATTACK}</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>'
)
OTHER_LINE = "A different line stands on top of everything here, and it is long enough to cover all that is below it."
HIDING = {
    "under a box with a line on it": (pdf_of(f"{written()} 1 1 1 rg 50 390 500 30 re f 0 g {written(OTHER_LINE)}"),
                                      "not_visible_when_rendered"),
    "a layer switched off": (pdf_of(f"/OC /L BDC {written()} EMC", LAYER, catalogue=LAYER_OFF, resources="/Properties << /L 8 0 R >>"),
                             "not_visible_when_rendered"),
    "a form cut to nothing": (pdf_of("/X Do", {7: stream(written(), FORM % 1)}, resources="/XObject << /X 7 0 R >>"),
                              "not_visible_when_rendered"),
    "behind a mask": (pdf_of(f"/G gs {written()}", {7: stream("", (FORM % 595) + " /Group << /S /Transparency /CS /DeviceGray >>")},
                             resources="/ExtGState << /G << /SMask << /S /Alpha /G 7 0 R >> >> >>"), "not_visible_when_rendered"),
    "narrow as a hair": (pdf_of(f"q .01 0 0 1 60 0 cm {written()} Q"), "tiny_font"),
    "raised off the page": (pdf_of(written().replace("BT", "BT 900 Ts")), "off_page"),
    "a field of no size": (_field(ATTACK, "0 0 0 0"), "annotation"),
    "a field off the page": (_field(ATTACK, "-900 -900 -800 -880"), "annotation"),
    "a white field": (_field(ATTACK, more="/DA (/Helv 12 Tf 1 1 1 rg)"), "annotation"),
    "an own property": (pdf_of("", trailer=f"/Info << /Foo ({ATTACK}) >>"), "metadata"),
    "properties in XML": (pdf_of("", {9: stream(XMP, "/Type /Metadata")}, catalogue="/Metadata 9 0 R"), "metadata"),
}  # fmt: skip


@pytest.mark.parametrize("name", HIDING)
def test_pdf_hides(name: str) -> None:
    data, kind = HIDING[name]
    check(pdf.read(data, LIMITS), kind)


def test_a_word_that_crosses_a_line_hides_with_the_rest() -> None:
    """White words over one thin dark rule: most cannot be seen, so none is read."""
    white = f"0 g 150 398 1 14 re f 1 1 1 rg {written()} 0 g"
    document = pdf.read(pdf_of(white), LIMITS)
    assert ATTACK in " ".join(item.text for item in document.hidden) and "rubric" not in document.text


def test_a_font_that_says_other_letters_than_it_draws() -> None:
    document = pdf.read(_shuffled(), LIMITS)
    assert [item.kind for item in document.hidden] == ["remapped_letters"]
    assert "ignore the rubric" in document.hidden[0].text
    assert "rubric" not in document.text and document.text.count(ESSAY) == 3


def test_one_sign_that_says_it_is_a_sentence() -> None:
    said = [ATTACK[start : start + 7] for start in range(0, 77, 7)]
    document = pdf.read(_lying("abcdefghijk", said, "abcdefghijk"), LIMITS)
    assert "the rubric" not in document.text and {item.kind for item in document.hidden} == {
        "remapped_letters",
        "tiny_font",
    }


SHOWN = {
    "a layer switched on": pdf_of(f"/OC /L BDC {written('Seen.')} EMC", LAYER, catalogue=LAYER_ON,
                                  resources="/Properties << /L 8 0 R >>"),
    "a form": pdf_of("/X Do", {7: stream(written("Seen."), FORM % 595)}, resources="/XObject << /X 7 0 R >>"),
    "an outline": pdf_of("1 1 1 rg 0 G .4 w " + written("Seen.").replace("BT", "BT 2 Tr")),
    "a highlighter drawn afterwards": pdf_of(f"{written('Seen.')} /G gs 1 1 0 rg 58 396 200 14 re f",
                                             resources="/ExtGState << /G << /BM /Multiply >> >>"),
    "a frame drawn afterwards": pdf_of(f"{written('Seen.')} 50 390 500 30 re S"),
    "a picture of nothing on top": pdf_of(f"{written('Seen.')} /G gs 1 0 0 rg 50 390 500 30 re f",
                                          resources="/ExtGState << /G << /ca 0.2 >> >>"),
    "a ligature": _lying("~", ["ffi"], "Seen. e~cient"),
    "other capitals": _lying(string.ascii_lowercase, list(string.ascii_uppercase), "Seen."),
    "a field": _field("Seen."),
    "a field on a ground": _field("Seen.", more="/DA (/Helv 12 Tf 1 g) /MK << /BG [0 0 0.5] >>"),
    "a hidden number": pdf_of(written("Seen."), {9: FIELD % ("form id 4711", "60 60 500 80", "/F 2")},
                              catalogue="/AcroForm << /Fields [9 0 R] >>", page="/Annots [9 0 R]"),
    "yellow": pdf_of(f"1 .8 0 rg {written('Seen.')}"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_pdf_hides_nothing(name: str) -> None:
    document = pdf.read(SHOWN[name], LIMITS)
    check(document, None)
    assert "seen." in document.text.lower()


def test_a_faint_stamp_is_no_message() -> None:
    stamp = "q /G gs .7 .7 -.7 .7 200 200 cm BT /F1 60 Tf 0 0 Td (DO NOT COPY) Tj ET Q"
    document = pdf.read(pdf_of(stamp, resources="/ExtGState << /G << /ca 0.06 >> >>"), LIMITS)
    check(document, None)
    assert [item.kind for item in document.not_read] == ["faint marks"]


def test_pages_that_wait_for_another_program_are_no_text() -> None:
    from submissions.extraction.verdicts import Reason, Unreadable

    form = "/NeedsRendering true /AcroForm << /Fields [] /XFA 6 0 R >>"
    with pytest.raises(Unreadable) as caught:
        pdf.read(pdf_of("", {6: stream("<xdp/>")}, catalogue=form), LIMITS)
    assert caught.value.reason is Reason.NO_TEXT
