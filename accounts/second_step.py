"""The second step of signing in: how allauth's part of it behaves here, and how its secrets are kept.

The secret of an authenticator app and the seed of the recovery codes let their holder in, and must be readable to be
checked: they are encrypted with a key derived from SECRET_KEY, so that a copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

logger = logging.getLogger(__name__)

# Begins what is encrypted; without it a value was stored before there was encryption.
SEALED = "sealed1:"


def _cipher() -> MultiFernet:
    keys = []
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        digest = hashlib.sha256(b"feedforward-second-step/1" + secret.encode()).digest()
        keys.append(Fernet(base64.urlsafe_b64encode(digest)))
    return MultiFernet(keys)


class SecondStepAdapter(DefaultMFAAdapter):
    """Passkeys belong to the site's own address, names are in our words, secrets are encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This did not match. Codes change every half minute; try the one shown now."),
        "used_code": gettext_lazy("This code was used already. Wait for the next one; it comes within half a minute."),
    }

    def encrypt(self, text: str) -> str:
        return SEALED + _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; one that no SECRET_KEY opens becomes a random one, which nothing matches."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        try:
            return _cipher().decrypt(encrypted_text.removeprefix(SEALED)).decode()
        except InvalidToken:
            logger.error("a second step cannot be read with this site's SECRET_KEY: it has to be set up again")
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the host of SITE_URL, not to what a Host header says; http://localhost is one too."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "localhost", "name": settings.SITE_NAME}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("My key") if not count else _("My key %(number)s") % {"number": count + 1}


def spend_code(authenticator: Authenticator, *, now_s: float | None = None) -> bool:
    """Take the code that an authenticator app shows in this half minute; False when one was taken already in it.

    The code that set the app up counts too. Decided by one conditional UPDATE, so of two at once one is taken, and it
    holds while the cache, in which allauth remembers codes, is away.
    """
    period_s = app_settings.TOTP_PERIOD
    now_s = time.time() if now_s is None else now_s
    now = datetime.fromtimestamp(now_s, UTC)
    began = datetime.fromtimestamp(now_s // period_s * period_s, UTC)
    unused = Q(last_used_at=None) | Q(last_used_at__lt=began)
    rows = Authenticator.objects.filter(unused, pk=authenticator.pk, created_at__lt=began)
    return bool(rows.update(last_used_at=now))


def rotate_secrets(*, dry_run: bool) -> tuple[int, int]:
    """Encrypt all secrets anew with the first SECRET_KEY. Returns (readable, unreadable) counts."""
    cipher = _cipher()
    done = failed = 0
    for row in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).iterator():
        for name in ("secret", "seed"):
            value = row.data.get(name)
            if not value:
                continue
            try:
                plain = cipher.decrypt(value.removeprefix(SEALED)) if value.startswith(SEALED) else value.encode()
            except InvalidToken:
                failed += 1
                continue
            done += 1
            if not dry_run:
                row.data = {**row.data, name: SEALED + cipher.encrypt(plain).decode()}
                row.save(update_fields=["data"])
    return done, failed
