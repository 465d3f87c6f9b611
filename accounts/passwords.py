"""How passwords are hashed, and a rule Django does not bring: none made of the site's name or of one thing repeated."""

from __future__ import annotations

import os
import re
import threading

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

OWN_WORDS = ("feedforward", "password", "passwort", "qwerty", "letmein", "welcome")

# More at once would only take the pages' time.
HASHES_AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)


class SiteHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes (OWASP's parameters for one thread), so many at a time in each process.

    An eighth of the CPU of Django's PBKDF2 for a guess that costs an attacker's hardware more, not less: three
    hundred people can sign in within a minute on two cores.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _hashing:
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _hashing:
            return bool(super().verify(password, encoded))

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: all hashes here cost the same."""


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
