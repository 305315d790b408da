"""WireGuard peers, and the gateway that they are given: the emulator's own where it has one."""

from __future__ import annotations

from typing import Any

from ..platform import peers
from ..platform.call import Call
from . import nodes


def add_peer(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    slug, network = call.organization_by_id(input["organization_id"]), input.get("network") or ""
    peer = peers.add(call.context, slug, input["name"], input["pubkey"], input.get("region"), network)
    endpoint, pubkey = peers.entry(call.context, peer.region)
    return {"peerip": peer.peerip, "network": network or None, "endpointip": endpoint, "pubkey": pubkey}


def remove_peer(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    slug = call.organization_by_id(input["organization_id"])
    peers.remove(call.context, slug, input["name"])
    return {"organization": nodes.organization(call, slug)}


def validate_peers(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    known = peers.addresses(call.context)
    return {
        "validPeerIps": [ip for ip in input["peer_ips"] if ip in known],
        "invalidPeerIps": [ip for ip in input["peer_ips"] if ip not in known],
    }
