# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that an app had: Fly.io still lists their snapshots, and machines still name them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..._base.errors import CollectionError
from ..client.api import MachinesApi
from ..client.types import Machine, Snapshot, Volume
from ..machines.deployed import is_live
from .pick import GONE, the_volume
from .snapshots import READY, newest

_LARGEST_GB = 1024
"""Twice as large as a volume can be."""


@dataclass(frozen=True)
class Lost:
    """A volume that is gone, and what is left of it."""

    id: str
    snapshots: tuple[Snapshot, ...]
    machine: str = ""
    """The machine that still wants to mount it."""

    @property
    def newest(self) -> Snapshot | None:
        """The newest snapshot that can be restored."""
        return newest([snapshot for snapshot in self.snapshots if snapshot.get("status") == READY])

    def __str__(self) -> str:
        held = f"{len(self.snapshots)} snapshot{'s' if len(self.snapshots) != 1 else ''}"
        last = self.newest
        when = f", the newest {last['id']} of {last.get('created_at')}" if last else ""
        wanted = f"; machine {self.machine} mounts it" if self.machine else ""
        return f"{self.id} ({held}{when}{wanted})"


def lost_volumes(api: MachinesApi, app: str, name: str, listed: list[Volume]) -> list[Lost]:
    """Volumes of this name that are gone and have snapshots, or that a machine mounts; the one restored best first.

    `listed`: what the API lists of the app's volumes. A volume that was destroyed is listed for a day, its id stands in
    the configurations of machines, also of those that are gone.
    """
    machines = api.machines(app, gone=True) or []
    there = {volume["id"] for volume in listed if volume["state"] not in GONE}
    mounting = {identity: machine for machine in machines for identity in mounted(machine, name)}
    known = [volume["id"] for volume in listed if volume["name"] == name] + list(mounting)
    found = []
    for identity in dict.fromkeys(known):
        if identity in there:
            continue
        machine = mounting.get(identity)
        user = machine["id"] if machine and is_live(machine) else ""
        snapshots = tuple(api.volume_snapshots(app, identity) or [])
        if snapshots or user:
            found.append(Lost(identity, snapshots, user))
    return sorted(found, key=_age, reverse=True)


def _age(lost: Lost) -> str:
    return str(lost.newest.get("created_at") or "") if lost.newest else ""


def mounted(machine: Machine, name: str | None = None) -> list[str]:
    """The ids of the volumes (of this name) in a machine's configuration."""
    mounts = (machine.get("config") or {}).get("mounts") or []
    return [str(mount["volume"]) for mount in mounts if mount.get("volume") and name in (None, mount.get("name"))]


def restored_size(api: MachinesApi, app: str, snapshot: str, listed: list[Volume]) -> int | None:
    """The size in GB that a snapshot's volume had, also one that is gone; None when it is of no volume of the app."""
    found = find_snapshot(api, app, snapshot, listed)
    return found[1] if found else None


def find_snapshot(
    api: MachinesApi, app: str, snapshot: str, listed: list[Volume]
) -> tuple[Snapshot, int | None] | None:
    """The snapshot and the size in GB that its volume had; of a volume that is gone too."""
    sizes = {volume["id"]: volume.get("size_gb") for volume in listed}
    gone = [identity for machine in api.machines(app, gone=True) or [] for identity in mounted(machine)]
    for identity in dict.fromkeys([*sizes, *gone]):
        for one in api.volume_snapshots(app, identity) or []:
            if one["id"] == snapshot:
                return one, _gigabytes(one.get("volume_size")) or sizes.get(identity)
    return None


def _gigabytes(size: int | None) -> int | None:
    """A snapshot's volume_size, which is in bytes; the document names no unit, so a small number counts as GB."""
    if not size:
        return None
    return size if size <= _LARGEST_GB else math.ceil(size / 1024**3)


def snapshots_of(api: MachinesApi, app: str, name: str | None = None, volume: str | None = None) -> dict[str, object]:
    """{volume, snapshots, gone} of the volume with this name or id, or of one that is gone.

    Of several that are gone, the one whose newest snapshot is the youngest. Raises when Fly.io knows nothing of one.
    """
    listed = api.volumes(app) or []
    meant = [one for one in listed if (one["id"] == volume if volume else one["name"] == name)]
    if any(one["state"] not in GONE for one in meant):
        identity = the_volume(api, app, name=name, volume=volume)["id"]
        return {"volume": identity, "gone": False, "snapshots": api.volume_snapshots(app, identity) or []}
    if volume and (snapshots := api.volume_snapshots(app, volume)) is not None:
        return {"volume": volume, "gone": True, "snapshots": snapshots}
    if name and (lost := lost_volumes(api, app, name, listed)):
        return {"volume": lost[0].id, "gone": True, "snapshots": list(lost[0].snapshots)}
    raise CollectionError(
        "there is no such volume, and no snapshot of one",
        where=f"volume {volume or name} of {app}",
        todo="fly_volume_info lists the app's volumes",
    )
