"""How text was hidden in a file, in words for the instructor."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# kind of submissions.extraction.document.Hidden -> words
WORDS = {
    "hidden_font": _("switched invisible"),
    "tiny_font": _("too small to read"),
    "low_contrast": _("in the colour of its ground"),
    "transparent": _("transparent"),
    "invisible_mode": _("drawn without ink"),
    "not_visible_when_rendered": _("covered or without ink"),
    "off_page": _("off the page"),
    "off_page_text_box": _("in a box nobody sees"),
    "deleted_text": _("deleted, but still in the file"),
    "metadata": _("in the file’s properties"),
    "alt_text": _("in a picture’s description"),
    "outside_body": _("outside the text: header, footer, comment or note"),
    "field_code": _("in the code of a field"),
    "annotation": _("in a comment or a form field"),
    "invisible_characters": _("characters without a shape"),
    "tag_characters": _("spelled in invisible characters"),
    "remapped_letters": _("other letters than the page shows"),
}


def hiding_words(kind: str) -> str:
    """Say how text of this kind was hidden."""
    return str(WORDS.get(kind, kind.replace("_", " ")))
