# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is destroyed with an app, and what in it is not the declaration's to destroy: read only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ..._base import clock
from ..client.api import MachinesApi
from ..client.types import Machine, Volume
from ..facts.addresses import type_of
from ..volumes.lost import mounted
from ..volumes.pick import volumes
from ..volumes.restoring import all_kept
from .deployed import group_of, is_deployed, is_live
from .retirement import retired

_GB = 10**9


@dataclass(frozen=True)
class Declared:
    """What the declaration owns in the app: machines of these process groups, volumes of these names."""

    groups: Collection[str]
    volumes: Collection[str]


def teardown_plan(api: MachinesApi, app: str, declared: Declared) -> dict[str, Any]:
    """Return {exists, retired, due, destroyed, foreign, machines}; the two lists are lines for people."""
    if api.app(app) is None:
        return {"exists": False, "retired": None, "due": False, "destroyed": [], "foreign": [], "machines": []}
    machines = [machine for machine in api.machines(app) or [] if is_live(machine)]
    present = volumes(api, app)
    note = retired(machines)
    return {
        "exists": True,
        "retired": asdict(note) if note else None,
        "due": note is not None and clock.parse(note.keep_until) <= clock.now(),
        "destroyed": list(_destroyed(api, app, machines, present)),
        "foreign": [*_foreign_machines(machines, declared), *_foreign_volumes(machines, present, declared)],
        "machines": [{"id": machine["id"], "state": machine["state"]} for machine in machines],
    }


def _destroyed(api: MachinesApi, app: str, machines: list[Machine], present: list[Volume]) -> Iterator[str]:
    for machine in machines:
        yield f"machine {machine['id']} ({machine['state']}, {(machine.get('config') or {}).get('image')})"
    for volume in present:
        used = volume.get("bytes_used")
        size = f"{volume['size_gb']} GB" + (f", {used / _GB:.1f} GB used" if used else "")
        count = len(api.volume_snapshots(app, volume["id"]) or [])
        snapshots = f"{count} snapshot{'' if count == 1 else 's'}"
        yield f"volume {volume['id']} ({volume['name']}, {volume['region']}, {size}) and its {snapshots}"
    for address in api.ips(app) or []:
        yield f"address {address.get('ip') or 'for egress'} ({type_of(address)})"
    for certificate in api.certificates(app):
        yield f"certificate for {certificate['hostname']}"
    if names := sorted(secret["name"] for secret in api.secrets(app) or []):
        yield f"{len(names)} secret{'' if len(names) == 1 else 's'}: {', '.join(names)}"


def _foreign_machines(machines: list[Machine], declared: Declared) -> Iterator[str]:
    for machine in machines:
        if not is_deployed(machine):
            yield f"machine {machine['id']}, which no deploy made"
        elif (group := group_of(machine)) not in declared.groups:
            yield f"machine {machine['id']} of the process group {group}"


def _foreign_volumes(machines: list[Machine], present: list[Volume], declared: Declared) -> Iterator[str]:
    kept = all_kept(machines)
    own = {volume for machine in machines if group_of(machine) in declared.groups for volume in mounted(machine)}
    for volume in present:
        if volume["name"] not in declared.volumes and volume["id"] not in {*own, *kept}:
            yield f"volume {volume['id']} ({volume['name']})"
