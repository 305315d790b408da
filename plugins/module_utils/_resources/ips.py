# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact set of an app's addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json
from .._fly.facts.addresses import PUBLIC_TYPES, TYPES, typed
from .._fly.machines.exposure import HIDDEN, exposure_of


@dataclass(frozen=True)
class WantedIps:
    """`counts` is the number of addresses by type; with `release` off, surplus ones stay.

    `allow_public`: an app that runs a machine and has no public address may get its first one.
    """

    app: str
    counts: Mapping[str, int]
    region: str | None = None
    release: bool = True
    allow_public: bool = False


@dataclass(frozen=True)
class IpState:
    addresses: list[Json]
    exposure: str | None = None
    """The app's at present; looked up only where a public address would be its first."""

    def of(self, kind: str) -> list[Json]:
        """Those of a type; the ones that are in the app's own network come first."""
        found = (entry for entry in self.addresses if entry["type"] == kind)
        return sorted(found, key=lambda entry: entry.get("in_app_network") is False)

    def elsewhere(self, kind: str) -> str:
        """An address of this type, if each of them is known to be in another network than the app's."""
        found = self.of(kind)
        return found[0]["ip"] if found and found[0].get("in_app_network") is False else ""

    def missing(self, kind: str, wanted: int) -> int:
        return max(wanted - len(self.of(kind)), 1 if wanted and self.elsewhere(kind) else 0)

    @property
    def public(self) -> list[str]:
        return [entry["ip"] for entry in self.addresses if entry["type"] in PUBLIC_TYPES]


class IpSet(Resource[IpState]):
    """Missing addresses are allocated first, then surplus ones are released. Egress addresses are left alone.

    One private address has to be in the app's own network, where Fly.io shows the network: if none is, one is
    allocated there before any of them goes.
    """

    reads_lists = True

    def __init__(self, api: MachinesApi, wanted: WantedIps) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"addresses of {self._wanted.app}"

    def observe(self) -> IpState:
        state = IpState(typed(self._api.ips(self._wanted.app)))
        if self._wanted.counts.get("private_v6"):
            self._compare_networks(state.of("private_v6"))
        publishes = any(self._wanted.counts.get(kind) for kind in PUBLIC_TYPES)
        if self._wanted.allow_public or state.public or not publishes:
            return state
        machines = self._api.machines(self._wanted.app) or []
        return replace(state, exposure=exposure_of(machines, state.addresses))

    def _compare_networks(self, private: list[Json]) -> None:
        shown = [entry for entry in private if isinstance(entry.get("network"), dict)]
        own = self._network() if shown else ""
        for entry in shown:
            entry["in_app_network"] = _plain(entry["network"].get("name")) == own

    def plan(self, observed: IpState) -> Plan:
        counts = self._wanted.counts
        if counts.get("v4") and counts.get("shared_v4"):
            why = "allocating the dedicated one releases the shared one"
            return [
                refusal(
                    "an app has a dedicated or a shared IPv4 address, not both",
                    where=self.title,
                    why=why,
                    todo="Leave out v4 or shared_v4",
                )
            ]
        new = {kind: observed.missing(kind, counts.get(kind, 0)) for kind in TYPES}
        missing = [
            self._allocation(kind, len(observed.of(kind)) + number, observed.elsewhere(kind))
            for kind in TYPES
            for number in range(1, new[kind] + 1)
        ]
        kinds = TYPES if self._wanted.release else ()
        surplus = [entry for kind in kinds for entry in observed.of(kind)[counts.get(kind, 0) - new[kind] :]]
        # Fly.io refuses a shared IPv4 beside a dedicated one; all else comes before anything goes.
        first = [entry for entry in surplus if entry["type"] == "v4" and counts.get("shared_v4")]
        last = [entry for entry in surplus if entry not in first]
        changes = [*map(self._release, first), *missing, *map(self._release, last)]
        return [self._unconfirmed(observed.exposure), *changes] if observed.exposure in HIDDEN else changes

    def describe(self, observed: IpState) -> dict[str, object]:
        return {
            "ips": observed.addresses,
            "public": observed.public,
            "private": [entry["ip"] for entry in observed.of("private_v6")],
        }

    def _unconfirmed(self, exposure: str | None) -> Refusal:
        error = CollectionError(
            f"a public address would open {self._wanted.app} to the internet",
            where=self.title,
            why=f"the app runs a machine, has no public address, and is {exposure} now",
            todo=(
                f"To keep it so, set fly_app_exposure: {exposure}. To publish it, run the playbook "
                "openclaw.fly.convert, which asks first, or set openclaw_convert_confirm: true (in a task of "
                "openclaw.fly.fly_ips: allow_public: true)"
            ),
        )
        return Refusal(error, at_start=True)  # an app that changes its only IPv4 address has none for a moment

    def _allocation(self, kind: str, number: int, elsewhere: str) -> Change:
        what = f"allocate {kind}: {elsewhere} is not in the app's network" if elsewhere else f"allocate {kind}"
        after = [f"{kind}: a new address"]
        return Change(f"{kind} {number}", what, None, after, partial(self._allocate, kind))

    def _release(self, entry: Json) -> Change:
        kind, address = entry["type"], entry["ip"]
        what, before = f"release {kind} {address}", [f"{kind}: {address}"]
        return Change(what, what, before, None, partial(self._api.release_ip, self._wanted.app, address))

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
        return _plain(app.get("network")) if app else ""


def _plain(network: object) -> str:
    """The name of a network; empty for the organization's default one."""
    return "" if network in (None, "default") else str(network)
