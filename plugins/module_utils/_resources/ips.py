# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact set of an app's addresses."""

from __future__ import annotations

from functools import partial
from typing import Any

from .._converge.resource import Change, Resource
from .._fly.client.api import Json, MachinesApi
from .._fly.facts.addresses import PUBLIC_TYPES, TYPES, type_of


class IpSet(Resource[list[Json]]):
    """`wanted` counts addresses by type; what is more than that is released, after what lacks is allocated.

    Egress addresses are another thing and stay untouched. With `release=False` nothing is released.
    """

    def __init__(
        self,
        api: MachinesApi,
        app: str,
        wanted: dict[str, int],
        *,
        region: str | None = None,
        release: bool = True,
    ) -> None:
        self._api, self._app, self._wanted = api, app, wanted
        self._region, self._release = region, release

    @property
    def title(self) -> str:
        return f"addresses of {self._app}"

    def observe(self) -> list[Json]:
        found = self._api.ips(self._app) or []
        return [dict(entry, type=type_of(entry)) for entry in found if entry.get("ip")]

    def plan(self, observed: list[Json]) -> list[Change]:
        have = [entry for entry in observed if entry["type"] in TYPES]
        before = _summary(have)
        changes = []
        for kind in TYPES:
            lacking = self._wanted.get(kind, 0) - sum(entry["type"] == kind for entry in have)
            for _number in range(max(0, lacking)):
                after = [*before, f"{kind}: a new address"]
                changes.append(Change(f"allocate {kind}", before, after, partial(self._allocate, kind)))
                before = after
        for kind in TYPES if self._release else ():
            surplus = [entry for entry in have if entry["type"] == kind][self._wanted.get(kind, 0) :]
            for entry in surplus:
                line = f"{kind}: {entry['ip']}"
                after = [other for other in before if other != line]
                changes.append(
                    Change(
                        f"release {kind} {entry['ip']}",
                        before,
                        after,
                        partial(self._api.release_ip, self._app, entry["ip"]),
                    )
                )
                before = after
        return changes

    def describe(self, observed: list[Json]) -> dict[str, Any]:
        return {
            "ips": observed,
            "public": [entry["ip"] for entry in observed if entry["type"] in PUBLIC_TYPES],
            "private": [entry["ip"] for entry in observed if entry["type"] == "private_v6"],
        }

    def _allocate(self, kind: str) -> None:
        body: Json = {"type": kind}
        if kind == "v4" and self._region:
            body["region"] = self._region
        self._api.assign_ip(self._app, body)


def _summary(entries: list[Json]) -> list[str]:
    return [f"{entry['type']}: {entry['ip']}" for entry in entries]
