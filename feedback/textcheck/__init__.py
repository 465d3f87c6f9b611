"""Automatic text check (no AI): ``check_text``."""

from feedback.textcheck.check import MAX_NOTES, MIN_WORDS, NAME, TextCheck, check_text
from feedback.textcheck.counts import Counts
from feedback.textcheck.findings import TextNote

__all__ = ["MAX_NOTES", "MIN_WORDS", "NAME", "Counts", "TextCheck", "TextNote", "check_text"]
