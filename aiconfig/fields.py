"""The column that holds a provider key: ciphertext in the table, ciphertext in the object."""

from __future__ import annotations

from typing import Any

from encrypted_fields.fields import EncryptedTextField


class SealedKey(str):
    """Ciphertext as read from the table. It never shows itself; ``aiconfig.keys`` opens it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<sealed>" if self else "<no key>"


class KeyField(EncryptedTextField):
    """An encrypted text that is opened only by ``aiconfig.keys``.

    The library decrypts on every read and fails open: with a wrong key it hands out the ciphertext, and
    saving the object encrypts it again, which destroys the key; one failed validation makes every later read
    of the shared field return ciphertext. So this field does not decrypt at all: reading gives a
    :class:`SealedKey`, saving one writes it back unchanged, and only a plain ``str`` is encrypted.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return SealedKey(value) if value else ""

    def to_python(self, value: Any) -> Any:
        return value

    def clean(self, value: Any, model_instance: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return ""
        if isinstance(value, SealedKey):
            return str.__str__(value)
        return self.f.encrypt(str(value).encode()).decode()

    def open(self, sealed: SealedKey) -> str:
        """Return the plain value; raises ``cryptography.fernet.InvalidToken`` when the key does not fit."""
        return self.f.decrypt(str.__str__(sealed).encode()).decode()

    def rotate(self, sealed: SealedKey) -> SealedKey:
        """Return the same value encrypted with the first key."""
        fernet = self.f
        token = str.__str__(sealed).encode()
        rotated = fernet.rotate(token) if hasattr(fernet, "rotate") else fernet.encrypt(fernet.decrypt(token))
        return SealedKey(rotated.decode())
