# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WireGuard keys and wg-quick files, as `fly wireguard create` writes them."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from ..._base.errors import MissingLibrary

PORT = 51820
_KEY = re.compile(r"^\s*PrivateKey\s*=\s*(\S+)\s*$", re.MULTILINE)
_ADDRESS = re.compile(r"^\s*Address\s*=\s*([^\s/]+)", re.MULTILINE)


def new_key() -> str:
    """A private key, base64."""
    private = _x25519().X25519PrivateKey.generate()
    return base64.b64encode(private.private_bytes_raw()).decode()


def public_key(private: str) -> str:
    """Its public key; empty when it is no key."""
    try:
        raw = base64.b64decode(private, validate=True)
        key = _x25519().X25519PrivateKey.from_private_bytes(raw)
    except ValueError:
        return ""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def key_of(text: str) -> str:
    """The private key that a wg-quick file holds, or empty."""
    found = _KEY.search(text)
    return found.group(1) if found else ""


def address_of(text: str) -> str:
    """Our address in a wg-quick file that is whole, or empty."""
    found = _ADDRESS.search(text)
    return found.group(1) if found and "[Peer]" in text else ""


def unfinished(private: str) -> str:
    """The file while Fly.io does not know the key yet: a run that is cut off finds its key again."""
    return f"[Interface]\nPrivateKey = {private}\n"


def wg_quick(private: str, peer: Mapping[str, Any]) -> str:
    """The whole file. `peer` is {peerip, endpointip, pubkey} as Fly.io answers.

    The network is the address's first 48 bits, and its name server is ::3 in it.
    """
    network = ipaddress.IPv6Network((peer["peerip"], 48), strict=False)
    endpoint = str(peer["endpointip"])
    host = f"[{endpoint}]" if ":" in endpoint else endpoint
    return (
        f"{unfinished(private)}Address = {peer['peerip']}/120\nDNS = {network.network_address + 3}\n\n"
        f"[Peer]\nPublicKey = {peer['pubkey']}\nAllowedIPs = {network}\nEndpoint = {host}:{PORT}\n"
        "PersistentKeepalive = 15\n"
    )


def _x25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import x25519
    except ImportError as error:
        raise MissingLibrary("cryptography", "WireGuard keys") from error
    return x25519
