"""Why a file was not accepted, and the sentence the student reads about it."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One code per thing that can be wrong with what was handed in."""

    OK = "OK"
    EMPTY = "EMPTY"
    TYPE = "TYPE"
    MISMATCH = "MISMATCH"
    ENCRYPTED = "ENCRYPTED"
    CORRUPT = "CORRUPT"
    TOO_BIG = "TOO_BIG"
    TOO_LONG = "TOO_LONG"
    TOO_SHORT = "TOO_SHORT"
    TOO_MANY_PAGES = "TOO_MANY_PAGES"
    EXPANDS = "EXPANDS"
    NO_TEXT = "NO_TEXT"
    ENCODING = "ENCODING"
    MACRO = "MACRO"
    UNSAFE_XML = "UNSAFE_XML"
    NAME = "NAME"
    FORM = "FORM"
    ONE_FILE = "ONE_FILE"
    VIRUS = "VIRUS"
    TIMEOUT = "TIMEOUT"
    SCAN_SIZE = "SCAN_SIZE"
    LOST = "LOST"


_SENTENCES: dict[Reason, str] = {
    Reason.OK: "Your draft was received.",
    Reason.EMPTY: "There is no text in it: the file is empty. Choose the file again, or paste your text instead.",
    Reason.TYPE: (
        "This kind of file cannot be read here. Save your draft as Word (.docx), PDF, OpenDocument (.odt), RTF or plain "
        "text, and upload that file."
    ),
    Reason.MISMATCH: (
        "The contents of this file are not what its name says. Open it in the program you wrote it with, save it again "
        "as .docx, PDF or .txt, and upload the new file."
    ),
    Reason.ENCRYPTED: "This file is protected by a password. Remove the password, save the file, and upload it again.",
    Reason.CORRUPT: (
        "This file could not be read: it looks damaged or incomplete. Save it again from the program you wrote it with "
        "and upload the new copy, or paste your text instead."
    ),
    Reason.TOO_BIG: "This file is too large; files may have up to {max_mb} MB. Make its pictures smaller, or paste your text.",
    Reason.TOO_LONG: "This draft is longer than allowed here: up to {max_words} words. Shorten it, or hand in the part that counts.",
    Reason.TOO_SHORT: (
        "There is too little text here to give feedback on. Check that you chose the right file, or paste your text instead."
    ),
    Reason.TOO_MANY_PAGES: "This PDF has too many pages; up to {max_pages} are read. Hand in only the pages of your draft.",
    Reason.EXPANDS: (
        "Unpacked, this file is far larger than a draft can be, so it was not opened. Save it again without large "
        "pictures or attachments, or paste your text instead."
    ),
    Reason.NO_TEXT: (
        "No readable text was found in this file. If it is a scan or a photo, upload a version with real text, or paste "
        "your text instead."
    ),
    Reason.ENCODING: (
        "Some characters of this text could not be read, because its encoding is unclear. Save it as UTF-8 and upload it "
        "again, or paste your text instead."
    ),
    Reason.MACRO: "This Word file contains macros, which are not accepted. Save it as a normal Word document (.docx).",
    Reason.UNSAFE_XML: (
        "This file contains parts that cannot be opened safely. Open it in your word processor, save it again as .docx, "
        "and upload the new file."
    ),
    Reason.NAME: "This file name cannot be used. Rename the file, for example to essay.docx, and upload it again.",
    Reason.FORM: "Something is missing in the form. Choose a file or paste your text, and send it again.",
    Reason.ONE_FILE: "Please upload one file at a time. Put everything into one document and upload that.",
    Reason.VIRUS: "The virus check refused this file. Check your computer, or paste your text instead.",
    Reason.TIMEOUT: (
        "This file took too long to read, so reading was stopped. Save it again as a simpler file, for example without "
        "large pictures, or paste your text instead."
    ),
    Reason.SCAN_SIZE: (
        "This file is larger than the virus check takes, so it was not opened. Make its pictures smaller, or paste your text "
        "instead."
    ),
    Reason.LOST: "We no longer have this file; the fault is ours. Please upload it again, or paste your text instead.",
}

_DEFAULTS = {"max_mb": 10, "max_words": 20_000, "max_pages": 200}


def sentence(reason: Reason, **limits: int) -> str:
    """The user's sentence for ``reason``: the problem and the next step.

    ``limits`` may carry ``max_mb``, ``max_words``, ``max_pages``; whole numbers, shown with a thousands comma.
    """
    shown = {name: f"{value:,}" for name, value in {**_DEFAULTS, **limits}.items()}
    return _SENTENCES[reason].format(**shown)


class Unreadable(Exception):
    """What was handed in cannot be accepted, for a ``reason`` the student can act on.

    ``detail`` names the technical cause for a log line; it never holds content of the file.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail

    def sentence(self, **limits: int) -> str:
        """The sentence for the student; see ``sentence``."""
        return sentence(self.reason, **limits)
