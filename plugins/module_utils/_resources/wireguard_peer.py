# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WireGuard peer of an organization, and the wg-quick file that makes it of use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .._base.files import read_file, remove_file, write_file
from .._converge.resource import Change, Plan, Resource, refusal
from .._fly.client import wireguard
from .._fly.client.graphql import GraphqlApi, PeerNode

_MODE = 0o600


@dataclass(frozen=True)
class WantedPeer:
    """`state` is present or absent; `replace` takes over a name whose key is not in `dest`."""

    org: str
    name: str
    dest: Path
    region: str | None = None
    network: str | None = None
    state: str = "present"
    replace: bool = False


@dataclass(frozen=True)
class PeerState:
    org_id: str
    peer: PeerNode | None
    text: str
    """Of the wg-quick file; empty without one."""
    mode: int


class WireGuardPeer(Resource[PeerState]):
    """The private key is made here and lies in `dest` only, from before Fly.io knows of it.

    A peer whose key is not in `dest` is somebody's, and is taken over only with `replace`.
    """

    def __init__(self, api: GraphqlApi, wanted: WantedPeer) -> None:
        self._api, self._wanted, self._dest = api, wanted, wanted.dest

    @property
    def title(self) -> str:
        return f"WireGuard peer {self._wanted.name} of {self._wanted.org}"

    def observe(self) -> PeerState:
        org_id, peers = self._api.peers(self._wanted.org)
        text, mode = read_file(self._dest) or ("", _MODE)
        return PeerState(org_id, next((peer for peer in peers if peer["name"] == self._wanted.name), None), text, mode)

    def plan(self, observed: PeerState) -> Plan:
        peer, ours = observed.peer, self._is_ours(observed)
        if self._wanted.state == "absent":
            return self._removals(observed)
        if peer is None:
            return [self._addition(observed)]
        if not ours and not self._wanted.replace:
            return [
                refusal(
                    "there is a peer of this name, and its key is not here",
                    where=self.title,
                    why=f"{self._dest} holds {'another key' if observed.text else 'no key'}",
                    todo="Choose another name, or set replace: true, which ends the tunnel of whoever uses it",
                )
            ]
        why = "" if ours else "its key is not here"
        if ours and wireguard.address_of(observed.text) != peer["peerip"]:
            why = f"{self._dest} is not complete"
        if self._wanted.region not in (None, peer.get("region")):
            why = f"it is in {peer.get('region')}"
        if self._wanted.network and self._wanted.network != (peer.get("network") or ""):
            why = f"it is in the network {peer.get('network') or 'of the organization'}"
        if why:
            remove = partial(self._remove, observed)
            removal = Change("remove", f"remove it, to add it again: {why}", self._shown(peer), None, remove)
            return [removal, self._addition(observed)]
        if observed.mode != _MODE:
            before, after = {"mode": f"{observed.mode:o}"}, {"mode": f"{_MODE:o}"}
            return [Change("mode", "set the file's mode", before, after, lambda: self._write(observed.text))]
        return []

    def describe(self, observed: PeerState) -> dict[str, object]:
        return {"peer": observed.peer, "dest": str(self._dest)}

    def _addition(self, observed: PeerState) -> Change:
        was = observed.peer.get("id") if observed.peer else None

        def added(now: PeerState) -> bool:
            return now.peer is not None and now.peer.get("id") != was

        return Change("peer", "add it", None, self._shown(None), partial(self._add, observed), took_effect=added)

    def _is_ours(self, observed: PeerState) -> bool:
        key = wireguard.key_of(observed.text)
        return bool(observed.peer and key and wireguard.public_key(key) == observed.peer.get("pubkey"))

    def _removals(self, observed: PeerState) -> Plan:
        changes: list[Change] = []
        if observed.peer:
            remove = Change("remove", "remove it", self._shown(observed.peer), None, lambda: self._remove(observed))
            changes.append(remove)
        if observed.text:
            file = {"file": str(self._dest)}
            changes.append(Change("file", "remove the wg-quick file", file, None, lambda: remove_file(self._dest)))
        return changes

    def _add(self, observed: PeerState) -> None:
        private = wireguard.key_of(observed.text)
        if not wireguard.public_key(private):
            private = wireguard.new_key()
        self._write(wireguard.unfinished(private))
        public = wireguard.public_key(private)
        peer = self._api.add_peer(observed.org_id, self._wanted.name, public, self._wanted.region, self._wanted.network)
        self._write(wireguard.wg_quick(private, peer))

    def _remove(self, observed: PeerState) -> None:
        self._api.remove_peer(observed.org_id, self._wanted.name)

    def _write(self, text: str) -> None:
        write_file(self._dest, text, _MODE)

    def _shown(self, peer: PeerNode | None) -> dict[str, object]:
        if peer is None:
            return {"name": self._wanted.name, "region": self._wanted.region or "the nearest", "file": str(self._dest)}
        return {key: peer.get(key) for key in ("name", "region", "peerip")}
