"""Sealing what must not be read in the database: AES-256-GCM under a key from the settings, one tenant each.

A sealed text is `1.<key>.<nonce and ciphertext>`: the version of this form, the name of the key (eight characters made
from it, which give nothing away), and base64. The tenant is authenticated with it (NIST SP 800-38D, "additional
data"), so that a row copied to another tenant does not open. The first key seals, every key opens.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import blake2b
from typing import Any

from bot.core.errors import SealBroken, SettingsError

SETTING = "NEWSBELL_SECRETS_KEY"
VERSION = "1"
KEY_BYTES = 32
NONCE_BYTES = 12
"""Random, as GCM wants it: good for 2^32 messages under one key, and we seal one for each installation."""


def new_key() -> str:
    """A key as it stands in the settings: 32 random bytes in base64, 43 characters."""
    return _encoded(os.urandom(KEY_BYTES))


class Seal:
    """Seals with the first key and opens with any of them, so that a key can be changed while the bot runs."""

    def __init__(self, keys: str = "") -> None:
        """`keys` are those of `new_key`, with commas between them, the newest first. Raises SettingsError."""
        told = [_decoded(key) for key in map(str.strip, keys.split(",")) if key]
        self._keys = _ciphers(told) if told else {}
        self._first = next(iter(self._keys), "")

    @property
    def ready(self) -> bool:
        """Whether there is a key at all."""
        return bool(self._keys)

    def seal(self, plain: str, tenant: str) -> str:
        """The text as it may be stored. Raises SettingsError where there is no key."""
        if not self.ready:
            raise SettingsError(f"{SETTING} is missing: make a key with `newsbell secret new` and put it into .env.")
        nonce = os.urandom(NONCE_BYTES)
        body = self._keys[self._first].encrypt(nonce, plain.encode(), _bound(self._first, tenant))
        return f"{VERSION}.{self._first}.{_encoded(nonce + body)}"

    def open(self, sealed: str, tenant: str) -> str:
        """What was sealed. Raises SettingsError where its key is missing, SealBroken where the text was changed."""
        version, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        if version != VERSION:
            raise SealBroken("This secret is not in a form that we write: the row is damaged, or of a newer version.")
        if name not in self._keys:
            have = f"holds {', '.join(self._keys)}" if self._keys else "is missing"
            raise SettingsError(
                f"A stored secret was sealed with the key {name}, and {SETTING} {have}."
                " Put the key that was used before behind the new one, with a comma between them."
            )
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see below

        try:
            whole = _bytes(body)
            plain: bytes = self._keys[name].decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], _bound(name, tenant))
            return plain.decode()
        except (NotBase64, ValueError, InvalidTag):
            raise SealBroken(
                "This secret is not as it was sealed: the row was changed, or is another server's."
            ) from None

    def fresh(self, sealed: str) -> bool:
        """Whether it was sealed with the key that is used now."""
        return sealed.startswith(f"{VERSION}.{self._first}.")


def _bound(name: str, tenant: str) -> bytes:
    return "\0".join(("newsbell", VERSION, name, tenant)).encode()


def _ciphers(keys: list[bytes]) -> dict[str, Any]:
    """By the names of the keys. The library is loaded by the first key: it takes 7 MB, and most houses have none."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return {_name(key): AESGCM(key) for key in keys}


def _name(key: bytes) -> str:
    return blake2b(key, digest_size=4, person=b"newsbell key").hexdigest()


def _decoded(text: str) -> bytes:
    try:
        key = _bytes(text)
    except (NotBase64, ValueError):
        key = b""
    if len(key) != KEY_BYTES:  # the text is not repeated: it may be the key with one character missing
        raise SettingsError(f"{SETTING} holds something that is no key: make one with `newsbell secret new`.")
    return key


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode((text + "=" * (-len(text) % 4)).encode("ascii"))
