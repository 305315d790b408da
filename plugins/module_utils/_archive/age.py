# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""age encryption (https://age-encryption.org): to public keys, so that who makes a backup cannot read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._base.errors import CollectionError, MissingLibrary

_SSH = "ssh-"


class Recipients:
    """Public keys: age1... or an SSH key's line. Raises for one that is none, and where pyrage is missing."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._pyrage = _library()
        self._keys = [self._parsed(key.strip()) for key in keys]

    def encrypt(self, data: bytes) -> bytes:
        return bytes(self._pyrage.encrypt(data, self._keys))

    def _parsed(self, key: str) -> Any:
        kind = self._pyrage.ssh if key.startswith(_SSH) else self._pyrage.x25519
        try:
            return kind.Recipient.from_str(key)
        except self._pyrage.RecipientError as error:
            shown = key if key.startswith(("age1", _SSH)) else "the value"
            raise CollectionError(
                "a recipient is no public key of age",
                where=shown,
                why=str(error),
                todo="Give what age-keygen prints as the public key (age1...), or a line such as ssh-ed25519 AAAA...",
            ) from None


class Identities:
    """Private keys: the text of a file that age-keygen or ssh-keygen wrote. Raises for one that holds none."""

    def __init__(self, text: str) -> None:
        self._pyrage = _library()
        lines = [line.strip() for line in text.splitlines()]
        try:
            if "PRIVATE KEY-----" in text:
                self._keys = [self._pyrage.ssh.Identity.from_buffer(text.encode())]
            else:
                keys = [line for line in lines if line and not line.startswith("#")]
                self._keys = [self._pyrage.x25519.Identity.from_str(key) for key in keys]
        except self._pyrage.IdentityError:
            self._keys = []
        if not self._keys:
            raise CollectionError(
                "the identity is no private key of age",
                todo="Give the content of the file that age-keygen wrote (AGE-SECRET-KEY-1...), or of an SSH key",
            )

    def decrypt(self, data: bytes, where: str) -> bytes:
        """Raises for another key's data, and for data that is damaged or cut."""
        try:
            return bytes(self._pyrage.decrypt(data, self._keys))
        except self._pyrage.DecryptError as error:
            wrong_key = "No matching keys" in str(error)
            raise CollectionError(
                "the backup cannot be decrypted",
                where=where,
                why="it was encrypted for other keys" if wrong_key else "it is damaged or cut",
                todo="Give the identity of one of its recipients" if wrong_key else "Use another backup",
            ) from None


def _library() -> Any:
    try:
        import pyrage
    except ImportError:
        raise MissingLibrary("pyrage", "encrypted backups") from None
    return pyrage
