"""WireGuard peers of an organisation."""

from __future__ import annotations

import base64
import binascii
import re

from .. import ids
from ..context import Context
from ..errors import NameTaken, NotFound, invalid, not_found
from ..regions import require_region
from ..state.model import WireGuardPeer

NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
KEY_BYTES = 32


def add(context: Context, org: str, name: str, pubkey: str, region: str | None, network: str) -> WireGuardPeer:
    record = context.store.organization(org)
    if not NAME.fullmatch(name):
        raise invalid("name must have letters, digits and dashes")
    if name in record.peers:
        raise NameTaken
    if not _is_key(pubkey):
        raise invalid("pubkey must be the base64 of 32 bytes")
    code = require_region(region or context.settings.region)
    peer = WireGuardPeer(ids.node_id(), name, pubkey, code, network, ids.peer_ipv6(org, network, pubkey))
    with context.store.changing(record):
        record.peers[name] = peer
    return peer


def find(context: Context, org: str, name: str) -> WireGuardPeer:
    peer = context.store.organization(org).peers.get(name)
    if peer is None:
        raise not_found("wireguard peer")
    return peer


def remove(context: Context, org: str, name: str) -> None:
    record = context.store.organization(org)
    if name not in record.peers:
        raise NotFound("Could not find WireGuardPeer")
    with context.store.changing(record):
        del record.peers[name]


def addresses(context: Context) -> set[str]:
    """Those of all peers."""
    return {peer.peerip for record in context.store.organizations.values() for peer in record.peers.values()}


def entry(context: Context, region: str) -> tuple[str, str]:
    """Where a peer of the region connects, and the public key there."""
    if context.gateway is not None:
        return context.gateway.host, context.gateway.public_key
    # Nobody has this gateway's private key, so nobody can read what is sent to it.
    return f"{region}1.gateway.6pn.dev", base64.b64encode(ids.digest("gateway", region)).decode()


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False
