"""Refusals that are questions: the student may mean it, and then says so on the page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from submissions.examining import NotAccepted


class SameFile(NotAccepted):
    """The student handed this in before, as draft ``number`` (None: twice now): worth a question, since it is mostly a slip."""

    code = "same_file"

    def __init__(self, number: int | None, *, field: str) -> None:
        words = _("One file is there twice.") if number is None else _("This is the same as draft %(number)s.")
        ask = _("Choose what you meant to hand in, or say below that you mean this.")
        super().__init__(f"{words % {'number': number}} {ask}", field=field)


class AnotherMeanwhile(NotAccepted):
    """The form was shown for a draft that was made meanwhile; ``number`` is the one this would be now."""

    code = "another_meanwhile"

    def __init__(self, number: int) -> None:
        self.number = number
        words = _("You handed in draft %(made)s meanwhile. Hand this in as draft %(number)s?")
        super().__init__(words % {"made": number - 1, "number": number})
