# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume of an app, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import look_until, wait_until
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.errors import NoCapacity
from .._fly.facts import limits, names, regions
from .._fly.machines.judge import being_replaced
from .._fly.volumes import judge
from .._fly.volumes.detaching import destroy_volume
from .._fly.volumes.lost import Lost, lost_volumes, restored_size
from .._fly.volumes.pick import BEING_MADE, GONE, freed
from .._fly.volumes.restoring import all_kept
from .._fly.volumes.snapshots import take_snapshot

_TIMEOUT = 600.0
_SAME_MOMENT, _RACE = 1.5, 10.0


@dataclass(frozen=True)
class WantedVolume:
    """One volume of this name, `size_gb` at least; it only grows, and convergence never destroys it.

    A new one starts empty, from the snapshot `snapshot`, or, on another host, as a copy of the volume `fork_from`. The
    copied volume stays where it is: with `fork_from` the volume meant is another one of this name, in `region` if one
    is given. `state` absent needs `destroy_data`. `start_empty` allows an empty one although there was one of this
    name, or though the app uses one of another name.
    """

    app: str
    name: str
    region: str | None = None
    size_gb: int = 1
    snapshot_retention: int | None = None
    auto_backup: bool | None = None
    fallback_regions: tuple[str, ...] = ()
    compute: dict[str, object] | None = None
    state: str = "present"
    destroy_data: bool = False
    snapshot_first: bool = True
    snapshot: str | None = None
    fork_from: str | None = None
    start_empty: bool = False

    @property
    def origin(self) -> dict[str, object]:
        """What a new volume is made from, as the API names it."""
        if self.fork_from:
            return {"source_volume_id": self.fork_from}
        return {"snapshot_id": self.snapshot} if self.snapshot else {}

    @property
    def settings(self) -> dict[str, object]:
        settings = {"snapshot_retention": self.snapshot_retention, "auto_backup_enabled": self.auto_backup}
        return {key: value for key, value in settings.items() if value is not None}


@dataclass(frozen=True)
class VolumeState:
    """The volumes that are meant, and of what is forked the least size and the region to stay in."""

    volumes: list[types.Volume]
    size_gb: int
    region: str | None
    others: tuple[types.Volume, ...] = ()
    """The app's volumes of other names."""
    lost: tuple[Lost, ...] = ()
    """Volumes of this name that are gone; looked for only where one is to be created empty."""
    regions: tuple[str, ...] | None = None
    """The codes that Fly.io lists, where it had to be asked."""
    least_gb: int | None = None
    """The size of the volume that the wanted snapshot is of; looked for only where one is to be created from it."""
    cut_off: CollectionError | None = None
    """A restore that was cut off; looked for only where machines use several volumes of this name."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Until when a restore keeps volumes, by their ids; looked for only where there are several of this name."""

    @property
    def candidates(self) -> list[types.Volume]:
        """Those that no restore keeps."""
        return [volume for volume in self.volumes if volume["id"] not in self.kept]


class Volume(Resource[VolumeState]):
    reads_lists = True

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
        listed = self._api.volumes(wanted.app) or []
        found = [v for v in listed if v.get("state") not in GONE]
        if wanted.fork_from:
            origin = self._origin(found)
            found = [v for v in found if v["id"] != wanted.fork_from and region in (None, v.get("region"))]
            size, region = max(size, origin.get("size_gb") or 0), region or origin.get("region")
        named = [v for v in found if v["name"] == wanted.name]
        others = tuple(v for v in found if v["name"] != wanted.name)
        if named or wanted.state == "absent":
            return self._with_machines(VolumeState(named, size, region, others))
        empty = not (wanted.origin or wanted.start_empty)
        lost = tuple(lost_volumes(self._api, wanted.app, wanted.name, listed)) if empty else ()
        least = restored_size(self._api, wanted.app, wanted.snapshot, listed) if wanted.snapshot else None
        return VolumeState(named, size, region, others, lost, self._asked(region), least)

    def _with_machines(self, state: VolumeState) -> VolumeState:
        """With what the app's machines tell of several volumes: which are free, which are kept. One needs no asking."""
        if len(state.volumes) < 2:
            return state
        machines = self._api.machines(self._wanted.app) or []
        attached = [volume for volume in state.volumes if volume.get("attached_machine_id")]
        halves = [being_replaced(self.title, machine) for machine in machines] if len(attached) > 1 else []
        volumes, noted = freed(state.volumes, machines), all_kept(machines)
        free = [volume["id"] for volume in volumes if not volume.get("attached_machine_id")]
        kept = {identity: noted[identity] for identity in free if identity in noted}
        return replace(state, volumes=volumes, cut_off=next(filter(None, halves), None), kept=kept)

    def _asked(self, region: str | None) -> tuple[str, ...] | None:
        """The regions that Fly.io lists, where the table does not know one that is given."""
        given = [each for each in (region, *self._wanted.fallback_regions) if each]
        if all(regions.is_known(each) or regions.region(each) for each in given):
            return None
        return tuple(entry["code"] for entry in self._api.regions())

    def plan(self, observed: VolumeState) -> Plan:
        if self._wanted.state == "absent":
            return [change for volume in observed.volumes for change in self._destruction(volume)]
        refused = [*self._limits(), *self._errors(observed)]
        if not observed.volumes:
            return [*refused, self._creation(observed)]
        volume = _the_one(observed)
        return [*refused, *self._growth(volume, observed.size_gb), *self._update(volume)]

    def _limits(self) -> list[Refusal]:
        """What Fly.io refuses of the size and of how long snapshots are kept."""
        wanted = self._wanted
        size = [("size_gb", limits.volume_size(wanted.size_gb))]
        if wanted.snapshot_retention is not None:
            size.append(("snapshot_retention", limits.snapshot_retention(wanted.snapshot_retention)))
        return [Refusal(found.error(self.title, f"{option} is out of range")) for option, found in size if found]

    def _errors(self, observed: VolumeState) -> list[Refusal]:
        """What speaks against the volume that is meant, or against a new one."""
        wanted, volumes = self._wanted, observed.volumes
        if volumes:
            if several := observed.cut_off or judge.several(self.title, observed.candidates):
                # One that comes up later is another run's, which removes it: see _leave_one.
                return [Refusal(several, at_start=True)]
            found = []
            if not wanted.fork_from:
                found = [judge.elsewhere(self.title, _the_one(observed), wanted.region, wanted.fallback_regions)]
        else:
            name = names.volume_name(wanted.name)
            found = [name.error(self.title, "Fly.io refuses this name") if name else None]
            for region in filter(None, (observed.region, *wanted.fallback_regions)):
                fault = regions.region(region, observed.regions)
                found.append(fault.error(self.title, "nothing can be created there") if fault else None)
            if wanted.snapshot:
                found.append(judge.too_small(self.title, wanted.snapshot, observed.least_gb, observed.size_gb))
            if not (wanted.origin or wanted.start_empty):
                lost = judge.lost_data(self.title, observed.lost)
                found.append(lost or judge.renamed(self.title, wanted.name, observed.others))
        return [Refusal(error) for error in found if error]

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

    def describe(self, observed: VolumeState) -> dict[str, object]:
        volume = _the_one(observed) if observed.volumes else None
        warnings = []
        if volume and not self._wanted.fork_from:
            warnings = judge.surplus(self.title, observed.candidates)
            warnings += judge.kept(self.title, observed.volumes, observed.kept, clock.text(clock.now()))
            warnings += judge.undeclared(self.title, volume, observed.others)
        return {"volume": volume, "volumes": observed.volumes, "warnings": warnings}

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

    def _create(self, body: dict[str, object], region: str) -> None:
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
        look_until(
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
        destroy = partial(destroy_volume, self._api, self._wanted.app, identity, self._progress)
        if not self._wanted.snapshot_first:
            changes = []
        return [*changes, Change(f"destroy {identity}", f"destroy {identity}", before, None, destroy)]


def _the_one(observed: VolumeState) -> types.Volume:
    """The volume with the data: the attached one, else the one in the wanted region, the oldest of several."""
    return min(
        observed.candidates or observed.volumes,
        key=lambda v: (
            not v.get("attached_machine_id"),
            v.get("region") != observed.region,
            v.get("created_at") or "",
            v["id"],
        ),
    )


def _being_made(observed: VolumeState) -> list[str]:
    return [str(volume["state"]) for volume in observed.volumes if volume.get("state") in BEING_MADE]
