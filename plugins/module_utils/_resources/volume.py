# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume of an app, by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import TimedOut, wait_until
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.errors import NoCapacity
from .._fly.client.types import Json
from .._fly.volumes.pick import GONE
from .._fly.volumes.snapshots import take_snapshot

_BEING_MADE = ("creating", "restoring", "hydrating", "recovering", "enabling_remote_export")
_TIMEOUT = 600.0
_SAME_MOMENT, _RACE = 1.5, 10.0


@dataclass(frozen=True)
class WantedVolume:
    """One volume of this name, `size_gb` at least; it only grows, and convergence never destroys it.

    A new one starts empty, from the snapshot `snapshot`, or, on another host, as a copy of the volume `fork_from`. The
    copied volume stays where it is: with `fork_from` the volume meant is another one of this name, in `region` if one
    is given. `state` absent needs `destroy_data`.
    """

    app: str
    name: str
    region: str | None = None
    size_gb: int = 1
    snapshot_retention: int | None = None
    auto_backup: bool | None = None
    fallback_regions: tuple[str, ...] = ()
    compute: Json | None = None
    state: str = "present"
    destroy_data: bool = False
    snapshot_first: bool = True
    snapshot: str | None = None
    fork_from: str | None = None

    @property
    def origin(self) -> Json:
        """What a new volume is made from, as the API names it."""
        if self.fork_from:
            return {"source_volume_id": self.fork_from}
        return {"snapshot_id": self.snapshot} if self.snapshot else {}

    @property
    def settings(self) -> Json:
        settings = {"snapshot_retention": self.snapshot_retention, "auto_backup_enabled": self.auto_backup}
        return {key: value for key, value in settings.items() if value is not None}


@dataclass(frozen=True)
class VolumeState:
    """The volumes that are meant, and of what is forked the least size and the region to stay in."""

    volumes: list[types.Volume]
    size_gb: int
    region: str | None


class Volume(Resource[VolumeState]):
    def __init__(
        self, api: MachinesApi, wanted: WantedVolume, progress: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._api, self._wanted, self._progress = api, wanted, progress

    @property
    def title(self) -> str:
        return f"volume {self._wanted.name} of {self._wanted.app}"

    def observe(self) -> VolumeState:
        wanted = self._wanted
        size, region = wanted.size_gb, wanted.region
        found = [v for v in self._api.volumes(wanted.app) or [] if v.get("state") not in GONE]
        if wanted.fork_from:
            origin = self._origin(found)
            found = [v for v in found if v["id"] != wanted.fork_from and region in (None, v.get("region"))]
            size, region = max(size, origin.get("size_gb") or 0), region or origin.get("region")
        return VolumeState([v for v in found if v.get("name") == wanted.name], size, region)

    def plan(self, observed: VolumeState) -> Plan:
        if self._wanted.state == "absent":
            return [change for volume in observed.volumes for change in self._destruction(volume)]
        if not observed.volumes:
            return [self._creation(observed)]
        volume = _the_one(observed)
        return [*self._growth(volume, observed.size_gb), *self._update(volume)]

    def wait_until_ready(self, observed: VolumeState) -> VolumeState:
        """A volume with data in it cannot be mounted at once."""
        first = [observed]
        return wait_until(
            "it to be ready to mount",
            lambda: first.pop() if first else self.observe(),
            lambda seen: not _being_made(seen),
            timeout=_TIMEOUT,
            where=self.title,
            state=lambda seen: ", ".join(_being_made(seen)),
            todo="Run again: fly volumes list shows its state",
            progress=self._progress,
        )

    def describe(self, observed: VolumeState) -> dict[str, Any]:
        return {"volume": _the_one(observed) if observed.volumes else None, "volumes": observed.volumes}

    def _origin(self, volumes: list[types.Volume]) -> types.Volume:
        for volume in volumes:
            if volume["id"] == self._wanted.fork_from:
                return volume
        raise CollectionError(
            f"there is no volume {self._wanted.fork_from} to fork",
            where=f"app {self._wanted.app}",
            todo="Give the id of a volume of this app; fly_volume_info lists them",
        )

    def _growth(self, volume: types.Volume, wanted: int) -> Plan:
        size = volume.get("size_gb") or 0
        if size > wanted:
            what = f"the volume has {size} GB and cannot shrink to {wanted}"
            return [refusal(what, where=self.title, todo=f"Set the size to {size} or more")]
        if size == wanted:
            return []
        extend = partial(self._api.extend_volume, self._wanted.app, volume["id"], wanted)
        return [Change("extend", f"extend from {size} to {wanted} GB", {"size_gb": size}, {"size_gb": wanted}, extend)]

    def _update(self, volume: types.Volume) -> Plan:
        after = {key: value for key, value in self._wanted.settings.items() if volume.get(key) != value}
        if not after:
            return []
        before = {key: volume.get(key) for key in after}
        update = partial(self._api.update_volume, self._wanted.app, volume["id"], after)
        return [Change("update", "change " + " and ".join(after), before, after, update)]

    def _creation(self, observed: VolumeState) -> Change | Refusal:
        wanted, region = self._wanted, observed.region
        if not region:
            return refusal("no region is given for a new volume", where=self.title, todo="Give region, such as iad")
        body = {"name": wanted.name, "size_gb": observed.size_gb, "encrypted": True, **wanted.origin}
        what = f"create {observed.size_gb} GB in {region}"
        for origin in wanted.origin.values():
            what += f" from {origin}"
        return Change("create", what, None, {**body, "region": region}, partial(self._create, body, region))

    def _create(self, body: Json, region: str) -> None:
        wanted = self._wanted
        body = {**body, **wanted.settings}
        if wanted.fork_from:
            body["require_unique_zone"] = True  # another host
        if wanted.compute:
            body["compute"] = wanted.compute
        regions = [region, *wanted.fallback_regions]
        for each in regions:
            try:
                made = self._api.create_volume(wanted.app, {**body, "region": each})
                self._leave_one(made)
                return
            except NoCapacity:
                if each == regions[-1]:
                    raise

    def _leave_one(self, made: types.Volume) -> None:
        """Another run may have made one at the same moment: the older stays. Only what was made just now is removed.

        Times are in whole seconds, so both runs look after more than one, and see the same.
        """
        if self._wanted.origin:
            return
        clock.sleep(_SAME_MOMENT)
        others = self._others(made)
        if not others:
            return
        everything = VolumeState([*others, made], self._wanted.size_gb, self._wanted.region)
        if _the_one(everything)["id"] != made["id"]:
            self._api.delete_volume(self._wanted.app, made["id"])
            return
        with suppress(TimedOut):
            wait_until(
                "another run to remove the volume that it made at the same moment",
                lambda: self._others(made),
                lambda found: not found,
                timeout=_RACE,
                every=1.0,
                where=self.title,
            )

    def _others(self, made: types.Volume) -> list[types.Volume]:
        found = self._api.volumes(self._wanted.app) or []
        return [
            v
            for v in found
            if v["id"] != made["id"] and v.get("name") == self._wanted.name and v.get("state") not in GONE
        ]

    def _destruction(self, volume: types.Volume) -> Plan:
        if not self._wanted.destroy_data:
            what = f"the volume {volume['id']} holds data, and it would be lost"
            return [refusal(what, where=self.title, todo="Back it up, then set destroy_data: true")]
        identity = volume["id"]
        before = {"id": identity, "region": volume.get("region"), "size_gb": volume.get("size_gb")}
        snapshot = partial(take_snapshot, self._api, self._wanted.app, identity)
        first = f"make a snapshot of {identity}"
        changes = [Change(first, first, None, {"volume": identity}, snapshot, once=True)]
        destroy = partial(self._api.delete_volume, self._wanted.app, identity)
        if not self._wanted.snapshot_first:
            changes = []
        return [*changes, Change(f"destroy {identity}", f"destroy {identity}", before, None, destroy)]


def _the_one(observed: VolumeState) -> types.Volume:
    """The volume with the data: the attached one, else the one in the wanted region, the oldest of several."""
    return min(
        observed.volumes,
        key=lambda v: (
            not v.get("attached_machine_id"),
            v.get("region") != observed.region,
            v.get("created_at") or "",
            v["id"],
        ),
    )


def _being_made(observed: VolumeState) -> list[str]:
    return [str(volume["state"]) for volume in observed.volumes if volume.get("state") in _BEING_MADE]
