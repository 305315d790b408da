"""The outer form of Fly's tokens: `fm2_` and a macaroon, which clients open to see when it expires.

MessagePack arrays, as superfly/macaroon encodes them: [[key id, random, proof], location, [type, caveat, ...], tail].
The emulator knows its tokens by heart: the tail is random and proves nothing, so a token that a client attenuates
by itself is not accepted.
"""

from __future__ import annotations

import base64
import secrets
import struct

PREFIX = "fm2_"
LOCATION = "https://api.fly.io/v1"
VALIDITY_WINDOW = 4
RANDOM_BYTES, TAIL_BYTES = 16, 32


def token(key_id: bytes, not_before: int, not_after: int) -> str:
    """A token of its own; the times are unix seconds."""
    nonce = _array(_bytes(key_id), _bytes(secrets.token_bytes(RANDOM_BYTES)), b"\xc2")
    window = _array(_integer(not_before), _integer(not_after))
    caveats = _array(_integer(VALIDITY_WINDOW), window)
    whole = _array(nonce, _text(LOCATION), caveats, _bytes(secrets.token_bytes(TAIL_BYTES)))
    return PREFIX + base64.b64encode(whole).decode()


def _array(*items: bytes) -> bytes:
    return bytes([0x90 | len(items)]) + b"".join(items)


def _bytes(value: bytes) -> bytes:
    return bytes([0xC4, len(value)]) + value


def _text(value: str) -> bytes:
    return bytes([0xA0 | len(value)]) + value.encode()


def _integer(value: int) -> bytes:
    return bytes([value]) if 0 <= value < 128 else b"\xd3" + struct.pack(">q", value)
