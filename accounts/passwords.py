"""A rule Django does not bring: no password made of the site's own name or of one thing repeated."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

OWN_WORDS = ("feedforward", "password", "passwort", "qwerty", "letmein", "welcome")


class OwnWordsValidator:
    """Refuse passwords that are little more than the site's name, a common word, or a repetition."""

    def validate(self, password: str, user: object = None) -> None:
        letters = re.sub(r"[^a-z0-9]", "", password.lower())
        name = re.sub(r"[^a-z0-9]", "", settings.SITE_NAME.lower())
        rest = letters
        for word in {name, *OWN_WORDS} - {""}:
            rest = rest.replace(word, "")
        if len(rest) < 6 and rest != letters:
            raise ValidationError(_("This password is too easy to guess here."), code="password_own_words")
        if len(set(password)) < 4:
            raise ValidationError(_("This password repeats too little."), code="password_repetition")

    def get_help_text(self) -> str:
        return _("Your password must not be made of this site's name or of one thing repeated.")
