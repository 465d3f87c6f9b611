"""What may be handed in and what reading it may cost: one frozen value made from the settings by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MediaFormat(StrEnum):
    """The kinds of file the readers understand."""

    DOCX = "docx"
    PDF = "pdf"
    ODT = "odt"
    RTF = "rtf"
    TXT = "txt"
    MD = "md"
    HTML = "html"  # pasted or embedded, never uploaded as a file
    PASTE = "paste"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one draft and of the child process that reads it.

    Sizes are bytes, times seconds. ``memory_mb`` bounds the address space the child may add to what it needs to
    start; ``max_unpacked_bytes`` bounds what a zip container declares in all, ``max_part_bytes`` one XML part of it.
    """

    max_bytes: int = 10 * 1024 * 1024
    max_pages: int = 200
    max_words: int = 20_000
    min_words: int = 5
    timeout_s: float = 30.0
    memory_mb: int = 200
    max_unpacked_bytes: int = 120 * 1024 * 1024
    max_part_bytes: int = 24 * 1024 * 1024
    max_entries: int = 2_000
    max_output_bytes: int = 8 * 1024 * 1024
    # The program that reads pictures of text ("" for none), its languages ("eng+deu"), and what it may cost a file.
    ocr: str = ""
    ocr_languages: str = "eng"
    ocr_pages: int = 20
    ocr_timeout_s: float = 60.0

    def wall_s(self, media_format: MediaFormat) -> float:
        """Seconds a reader of this format may take in all."""
        return self.timeout_s + (self.ocr_timeout_s if self.ocr and media_format is MediaFormat.PDF else 0.0)

    @property
    def max_chars(self) -> int:
        """Characters a draft may have: a text without blanks cannot slip past the word limit."""
        return self.max_words * 15
