# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact set of an app's addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._converge.resource import Change, Plan, Resource, refusal
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json
from .._fly.facts.addresses import PUBLIC_TYPES, TYPES, type_of


@dataclass(frozen=True)
class WantedIps:
    """`counts` is the number of addresses by type; with `release` off, surplus ones stay."""

    app: str
    counts: Mapping[str, int]
    region: str | None = None
    release: bool = True


class IpSet(Resource[list[Json]]):
    """Missing addresses are allocated first, then surplus ones are released. Egress addresses are left alone."""

    def __init__(self, api: MachinesApi, wanted: WantedIps) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"addresses of {self._wanted.app}"

    def observe(self) -> list[Json]:
        found = self._api.ips(self._wanted.app) or []
        return [{**entry, "type": type_of(entry)} for entry in found if entry.get("ip")]

    def plan(self, observed: list[Json]) -> Plan:
        if self._wanted.counts.get("v4") and self._wanted.counts.get("shared_v4"):
            why = "allocating the dedicated one releases the shared one"
            return [
                refusal(
                    "an app has a dedicated or a shared IPv4 address, not both",
                    where=self.title,
                    why=why,
                    todo="Leave out v4 or shared_v4",
                )
            ]
        have = [entry for entry in observed if entry["type"] in TYPES]
        before = [f"{entry['type']}: {entry['ip']}" for entry in have]
        changes: list[Change] = []

        def allocate(kind: str) -> None:
            nonlocal before
            there = sum(entry["type"] == kind for entry in have)
            for number in range(there + 1, self._wanted.counts.get(kind, 0) + 1):
                after = [*before, f"{kind}: a new address"]
                apply = partial(self._allocate, kind)
                changes.append(Change(f"{kind} {number}", f"allocate {kind}", before, after, apply))
                before = after

        def release(kind: str) -> None:
            nonlocal before
            for entry in [entry for entry in have if entry["type"] == kind][self._wanted.counts.get(kind, 0) :]:
                address, what = entry["ip"], f"release {kind} {entry['ip']}"
                after = [other for other in before if other != f"{kind}: {address}"]
                apply = partial(self._api.release_ip, self._wanted.app, address)
                changes.append(Change(what, what, before, after, apply))
                before = after

        # Fly.io refuses a shared IPv4 beside a dedicated one; all else comes before anything goes.
        first = ("v4",) if self._wanted.release and self._wanted.counts.get("shared_v4") else ()
        for kind in first:
            release(kind)
        for kind in TYPES:
            allocate(kind)
        for kind in TYPES if self._wanted.release else ():
            if kind not in first:
                release(kind)
        return changes

    def describe(self, observed: list[Json]) -> dict[str, Any]:
        return {
            "ips": observed,
            "public": [entry["ip"] for entry in observed if entry["type"] in PUBLIC_TYPES],
            "private": [entry["ip"] for entry in observed if entry["type"] == "private_v6"],
        }

    def _allocate(self, kind: str) -> None:
        body: Json = {"type": kind}
        if kind == "v4" and self._wanted.region:
            body["region"] = self._wanted.region
        if kind == "private_v6" and (network := self._network()):
            body["network"] = network
        self._api.assign_ip(self._wanted.app, body)

    def _network(self) -> str:
        """The app's own, where it has one: without it the address lies in the organization's default network."""
        app = self._api.app(self._wanted.app)
        network = str(app.get("network") or "") if app else ""
        return "" if network == "default" else network
