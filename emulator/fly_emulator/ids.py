"""Identifiers and addresses shaped like Fly's."""

from __future__ import annotations

import hashlib
import secrets

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_WORDS_A = """
    aged ancient bitter bold broken calm cold damp dark falling floral green holy icy late lively
    misty old polished quiet rough silent small still summer wandering weathered wild young
"""
_WORDS_B = """
    breeze bush cherry cloud dawn dew dust feather field fire flower fog forest frog glade grass
    haze hill lake leaf meadow moon paper pine pond rain resonance river sea shadow sky smoke snow
    sound star sun surf thunder tree water wind
"""


def ulid(now: float) -> str:
    """26 characters, sortable by `now` (unix seconds); a machine's version and event ids."""
    value = (int(now * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -5, -5))


def machine_id() -> str:
    return secrets.token_hex(7)


def volume_id() -> str:
    return "vol_" + "".join(secrets.choice("0123456789vxyzqrgokm") for _ in range(16))


def snapshot_id() -> str:
    return "vs_" + "".join(secrets.choice(_BASE32) for _ in range(16))


def app_id() -> str:
    return "".join(secrets.choice("0123456789klmnopqrvwxyz") for _ in range(16))


def digest(*of: str) -> bytes:
    """32 bytes: the same for the same things."""
    return hashlib.sha256("\0".join(of).encode()).digest()


def node_id(*of: str) -> str:
    """An opaque id of GraphQL: the same for the same things, a fresh one for none."""
    return "".join(_BASE32[byte % 32] for byte in (digest(*of) if of else secrets.token_bytes(20))[:20])


def organization_number(slug: str) -> int:
    """An organisation's internal number; clients read it into 32 bits with a sign."""
    return int.from_bytes(digest("organization", slug)[:4], "big") >> 1


def request_id(now: float, region: str) -> str:
    return f"{ulid(now)}-{region}"


def machine_name() -> str:
    return f"{secrets.choice(_WORDS_A.split())}-{secrets.choice(_WORDS_B.split())}-{secrets.randbelow(9000) + 1000}"


def zone() -> str:
    return secrets.token_hex(2)


def network_prefix(org: str, network: str) -> str:
    """`fdaa:<net>`: the same for every app of one organisation's network."""
    digest = hashlib.sha256(f"{org}/{network}".encode()).digest()
    return f"fdaa:{digest[0] % 64:x}:{int.from_bytes(digest[1:3], 'big') or 1:x}"


def private_ipv6(org: str, network: str, machine: str) -> str:
    """The machine's 6PN address; the last group is always 2, as on Fly."""
    digest = hashlib.sha256(machine.encode()).digest()
    groups = [f"{int.from_bytes(digest[i : i + 2], 'big') or 1:x}" for i in (0, 2, 4)]
    return f"{network_prefix(org, network)}:a7b:{':'.join(groups)}:2"


def private_ipv4(index: int) -> str:
    """172.19.x.y for a machine; 172.19.0.1 stays Fly's proxy. `index` counts from 0."""
    number = index + 2
    if number > 0xFFFE:
        raise ValueError("all addresses of 172.19.0.0/16 are given out")
    return f"172.19.{number >> 8}.{number & 255}"


def peer_ipv6(org: str, network: str, pubkey: str) -> str:
    """A WireGuard peer's address in the organisation's network."""
    digest = hashlib.sha256(pubkey.encode()).digest()
    return f"{network_prefix(org, network)}:a7b:{digest[0]:x}:0:a:{int.from_bytes(digest[1:3], 'big') or 1:x}"


def flycast_ipv6(org: str, network: str) -> str:
    return f"{network_prefix(org, network)}:0:1::{secrets.randbelow(0xFFFE) + 2:x}"
