"""WireGuard peers, and the gateway that they are told: the emulator's own where it has one."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from aiohttp import web

from .. import ids
from ..api import request as r
from ..api.errors import ApiError, invalid
from ..context import Context
from ..regions import require_region
from ..state.model import WireGuardPeer
from . import access, nodes

NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
KEY_BYTES = 32


def add_peer(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    slug = access.by_id(request, input["organization_id"])
    shared = r.context(request)
    record = shared.store.organization(slug)
    name, pubkey = input["name"], input["pubkey"]
    if not NAME.fullmatch(name):
        raise invalid("name must have letters, digits and dashes")
    if name in record.peers:
        raise ApiError(422, "Name has already been taken")
    if not _is_key(pubkey):
        raise invalid("pubkey must be the base64 of 32 bytes")
    region = require_region(input.get("region") or shared.settings.region)
    network = input.get("network") or ""
    peer = WireGuardPeer(ids.node_id(), name, pubkey, region, network, ids.peer_ipv6(slug, network, pubkey))
    record.peers[name] = peer
    shared.store.save_organization(record)
    return {
        "peerip": peer.peerip,
        "network": network or None,
        **_gateway(shared, region),
    }


def _gateway(shared: Context, region: str) -> dict[str, str]:
    if shared.gateway is not None:
        return {"endpointip": shared.gateway.host, "pubkey": shared.gateway.public_key}
    # Nobody has this gateway's private key, so nobody can read what is sent to it.
    nobody = base64.b64encode(ids.digest("gateway", region)).decode()
    return {"endpointip": f"{region}1.gateway.6pn.dev", "pubkey": nobody}


def remove_peer(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    slug = access.by_id(request, input["organization_id"])
    shared = r.context(request)
    record = shared.store.organization(slug)
    if record.peers.pop(input["name"], None) is None:
        raise ApiError(404, "Could not find WireGuardPeer")
    shared.store.save_organization(record)
    return {"organization": nodes.organization(request, slug)}


def validate_peers(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    records = r.context(request).store.organizations.values()
    known = {peer.peerip for record in records for peer in record.peers.values()}
    return {
        "validPeerIps": [ip for ip in input["peer_ips"] if ip in known],
        "invalidPeerIps": [ip for ip in input["peer_ips"] if ip not in known],
    }


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False
