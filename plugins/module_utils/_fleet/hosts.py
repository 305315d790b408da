# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an organization's apps to inventory hosts and their variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .._fly.machines.config import MAINTENANCE_KEY
from .._fly.machines.deployed import group_of, is_live
from .._fly.machines.exposure import exposure_of
from .._fly.machines.metadata import metadata
from .._fly.secrets.applied import KEY as APPLIED_KEY
from .._fly.secrets.ledger import KEY as LEDGER_KEY
from .organization import FlyApp

Json = dict[str, Any]
_OURS = (MAINTENANCE_KEY, LEDGER_KEY, APPLIED_KEY)
_RELEASE = re.compile(r":v?(20\d\d\.\d{1,2}\.\d{1,3})(?:@|$)")


@dataclass(frozen=True)
class Selection:
    """Which apps become hosts; an empty tuple or None selects all."""

    apps: tuple[str, ...] = ()
    """Shell patterns of app names."""
    regions: tuple[str, ...] = ()
    process_groups: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    managed: bool | None = None

    def takes(self, variables: Mapping[str, Any]) -> bool:
        wanted = (
            (self.regions, {variables["fly_region"]}),
            (self.process_groups, set(variables["fly_process_groups"])),
            (self.exposures, {variables["fly_exposure"]}),
        )
        return (
            (not self.apps or any(fnmatchcase(variables["fly_name"], pattern) for pattern in self.apps))
            and all(not allowed or present & set(allowed) for allowed, present in wanted)
            and self.managed in (None, variables["fly_managed"])
        )


def hosts(apps: Iterable[FlyApp], selection: Selection, *, per_machine: bool) -> Iterator[tuple[str, Json]]:
    """Host names with their variables: one host an app, or one a machine (named by its ID)."""
    for app in apps:
        for name, machines in _split(app, per_machine):
            variables = _variables(app, machines)
            if per_machine:
                variables |= {"fly_machine_id": machines[0]["id"], "fly_machine_name": machines[0].get("name")}
            if selection.takes(variables):
                yield name, variables


def _split(app: FlyApp, per_machine: bool) -> Iterator[tuple[str, list[Json]]]:
    live = [machine for machine in app.machines if is_live(machine)]
    if per_machine:
        yield from ((machine["id"], [machine]) for machine in live)
    else:
        yield app.name, live


def _variables(app: FlyApp, machines: list[Json]) -> Json:
    live = [machine for machine in app.machines if is_live(machine)]
    first: Json = machines[0] if machines else {}
    config = first.get("config") or {}
    image = config.get("image")
    release = _RELEASE.search(image or "")
    others = {machine["id"] for machine in live} - {machine["id"] for machine in machines}
    return {
        "fly_name": app.name,
        "fly_organization": (app.app.get("organization") or {}).get("slug"),
        "fly_network": app.app.get("network"),
        "fly_status": app.app.get("status"),
        "fly_region": first.get("region"),
        "fly_process_groups": sorted({group_of(machine) for machine in machines}),
        "fly_state": first.get("state"),
        "fly_health": _health(machines),
        "fly_image": image,
        "fly_release": release[1] if release else None,
        "fly_memory_mb": (config.get("guest") or {}).get("memory_mb"),
        "fly_exposure": None if app.addresses is None else exposure_of(live, app.addresses),
        "fly_addresses": app.addresses,
        "fly_volumes": [
            {key: volume.get(key) for key in ("id", "name", "region", "size_gb", "state", "attached_machine_id")}
            for volume in app.volumes
            if volume.get("attached_machine_id") not in others  # which may be a machine that is gone
        ],
        "fly_machines": [{key: machine.get(key) for key in ("id", "name", "state", "region")} for machine in machines],
        "fly_managed": any(key in metadata(machine) for machine in machines for key in _OURS),
    }


def _health(machines: Iterable[Json]) -> str:
    """The worst status of all checks: critical, warning or passing; unknown without a check."""
    found = {check.get("status") for machine in machines for check in machine.get("checks") or []}
    return next((status for status in ("critical", "warning", "passing") if status in found), "unknown")
