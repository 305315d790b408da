# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ed25519 key by which a gateway knows a client device."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from .errors import MissingLibrary


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """A device's key pair. ``id`` is the SHA-256 of the public key, as the gateway lists it."""

    private_key: bytes

    def __repr__(self) -> str:
        return f"DeviceIdentity(id={self.id!r})"

    @classmethod
    def generate(cls) -> DeviceIdentity:
        """A new device, unknown to every gateway."""
        return cls(_ed25519().Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public_key(self) -> str:
        return _base64url(self._public())

    @property
    def id(self) -> str:
        return hashlib.sha256(self._public()).hexdigest()

    def sign(self, payload: str) -> str:
        key = _ed25519().Ed25519PrivateKey.from_private_bytes(self.private_key)
        return _base64url(key.sign(payload.encode()))

    def _public(self) -> bytes:
        key = _ed25519().Ed25519PrivateKey.from_private_bytes(self.private_key)
        public: bytes = key.public_key().public_bytes_raw()
        return public


def auth_payload(
    *,
    device_id: str,
    client_id: str,
    client_mode: str,
    role: str,
    scopes: tuple[str, ...],
    signed_at: int,
    token: str,
    nonce: str,
    platform: str,
) -> str:
    """What a device signs at connect, version 3 (openclaw: packages/gateway-client/src/device-auth.ts).

    :param signed_at: milliseconds, as the challenge gave them.
    """
    parts = ("v3", device_id, client_id, client_mode, role, ",".join(scopes), str(signed_at), token, nonce)
    return "|".join((*parts, platform.lower(), ""))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise MissingLibrary("cryptography", "signing as a device of the gateway") from None
    return ed25519
