"""Whose request this is, behind proxies; the rules of OpenClaw 2026.8.1 and later."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from .config import Network

REFUSAL = {
    "error": {
        "message": "Proxy client attribution is required. Configure gateway.trustedProxies narrowly and make the proxy "
        "overwrite or safely rebuild forwarded client headers.",
        "type": "proxy_attribution_required",
    }
}


def client_of(peer: str, headers: Mapping[str, str], trusted: list[Network]) -> tuple[str, bool] | None:
    """(client address, whether it is a direct local one), or None when it cannot be told: a 403."""
    forwarded = any(name.startswith("x-forwarded-") or name in ("x-real-ip", "forwarded") for name in headers)
    loopback = ipaddress.ip_address(peer).is_loopback
    if not _within(peer, trusted):
        return None if forwarded else (peer, loopback)
    if loopback and not forwarded:
        return peer, True
    for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
        try:
            address = ipaddress.ip_address(hop.strip())
        except ValueError:
            return None
        if not address.is_loopback and not _within(hop.strip(), trusted):
            return hop.strip(), False
    return None


def _within(address: str, networks: list[Network]) -> bool:
    found = ipaddress.ip_address(address)
    return any(found in network for network in networks if network.version == found.version)
