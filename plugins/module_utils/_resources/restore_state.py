# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of a restore of a volume, and what there is of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._fly.client import types
from .._fly.client.types import Machine, Snapshot
from .._fly.toml.definition import FlyToml
from .._fly.volumes.mounted import mounted_volume
from .._fly.volumes.restoring import Restoring, kept_volumes, restoring


@dataclass(frozen=True)
class WantedRestore:
    """The snapshot's data and `image` in use, on a new volume and a new machine; a machine cannot change its volume.

    Without `image` the new machine runs what the present one does; with `toml` it gets its settings from there. The
    replaced volume stays, noted as kept for `keep_days`. `again`: although the volume was made from this snapshot.
    """

    app: str
    snapshot: str
    group: str | None = None
    image: str | None = None
    toml: FlyToml | None = None
    keep_days: int = 7
    again: bool = False


@dataclass(frozen=True)
class RestoreState:
    machines: list[Machine]
    """Those of the process group that mount a volume."""
    volumes: list[types.Volume]
    snapshot: Snapshot | None = None
    size_gb: int | None = None
    """Of the volume that the snapshot is of."""
    done: bool = False
    others: list[Machine] = field(default_factory=list)
    """Machines that mount a volume and are no deploy's."""

    @property
    def old(self) -> Machine | None:
        """The machine that is to be replaced."""
        return next((m for m in self.machines if restoring(m)), self.machines[0] if self.machines else None)

    @property
    def begun(self) -> Restoring | None:
        return restoring(self.old) if self.old else None

    @property
    def source(self) -> types.Volume | None:
        """The volume that the old machine mounts."""
        identity = mounted_volume(self.old) if self.old else ""
        return next((volume for volume in self.volumes if volume["id"] == identity), None)

    @property
    def restored(self) -> list[types.Volume]:
        """What this restore created: one volume, or none yet."""
        if not (self.old and self.begun and self.source):
            return []
        known = {*self.begun.volumes, *kept_volumes(self.old)}
        return [v for v in self.volumes if v["name"] == self.source["name"] and v["id"] not in known]

    @property
    def new(self) -> Machine | None:
        """The machine on the restored volume."""
        there = {volume["id"] for volume in self.restored}
        return next((machine for machine in self.machines if mounted_volume(machine) in there), None)

    @property
    def abandoned(self) -> Machine | None:
        """A machine whose restore failed, left behind by a run that was cut off before it destroyed it."""
        if not (self.old and self.begun):
            return None
        kept = set(kept_volumes(self.old)) - set(self.begun.volumes)
        return next((machine for machine in self.machines if mounted_volume(machine) in kept), None)

    @property
    def filler(self) -> Machine | None:
        """The machine in which a restored volume is filled from a backup."""
        there = {volume["id"] for volume in self.restored}
        return next((machine for machine in self.others if mounted_volume(machine) in there), None)
