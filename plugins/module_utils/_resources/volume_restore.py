# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine and its volume, brought back together to what a snapshot holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from .._base import clock
from .._base.errors import CollectionError, UncertainWrite
from .._base.waiting import wait_until
from .._converge.engine import LAG
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine, Snapshot
from .._fly.machines import judge
from .._fly.machines.config import in_maintenance
from .._fly.machines.deployed import group_of, is_deployed, is_live, public_view
from .._fly.machines.replacement import Replacement
from .._fly.volumes import judge as volume_judge
from .._fly.volumes.detaching import destroy_volume
from .._fly.volumes.lost import find_snapshot
from .._fly.volumes.mounted import mounted_volume
from .._fly.volumes.pick import BEING_MADE, volumes
from .._fly.volumes.restoring import (
    RESTORING,
    Restoring,
    kept_note,
    kept_volumes,
    restored_from,
)
from .._fly.volumes.snapshots import READY
from .restore_state import RestoreState, WantedRestore

_TIMEOUT = 600.0
_DAY = 86400


class VolumeRestore(Resource[RestoreState]):
    reads_lists = True

    def __init__(
        self,
        api: MachinesApi,
        replacement: Replacement,
        wanted: WantedRestore,
        progress: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._api, self._replace, self._wanted, self._progress = api, replacement, wanted, progress
        self._begun = self._ended = False
        self._unused = ""
        """The volume that this run created, as long as no machine was created on it."""

    @property
    def title(self) -> str:
        return f"volume of {self._wanted.app}"

    def observe(self) -> RestoreState:
        wanted = self._wanted
        mounting = [one for one in self._api.machines(wanted.app) or [] if is_live(one) and mounted_volume(one)]
        machines = [one for one in mounting if is_deployed(one) and wanted.group in (None, group_of(one))]
        others = [one for one in mounting if not is_deployed(one)]
        state = RestoreState(machines, volumes(self._api, wanted.app), others=others)
        if self._is_done(state):
            return replace(state, done=True)
        if state.restored:
            return state
        snapshot, size = self._origin() or (None, None)
        return replace(state, snapshot=snapshot, size_gb=size)

    def _origin(self) -> tuple[Snapshot, int | None] | None:
        """What is restored, and the size in GB that a volume needs for it; None when there is no such thing."""
        app = self._wanted.app
        return find_snapshot(self._api, app, self._wanted.snapshot, self._api.volumes(app) or [])

    def _is_done(self, state: RestoreState) -> bool:
        """One machine is left, and it is the new one."""
        if len(state.machines) != 1 or state.begun or restored_from(state.machines[0]) != self._wanted.snapshot:
            return False
        return self._begun or not self._wanted.again

    def plan(self, observed: RestoreState) -> Plan:
        if observed.done:
            return []
        old, source = observed.old, observed.source
        if old is None or source is None:
            todo = "Restore its volume with fly_volume (snapshot_id), then deploy"
            return [refusal("no machine has a volume", where=f"app {self._wanted.app}", todo=todo)]
        if refused := self._refusals(observed, old):
            return refused
        changes = []
        if failed := observed.abandoned:
            what = f"destroy machine {failed['id']}, whose restore failed"
            destroy = partial(self._replace.destroy, failed)
            changes.append(Change("abandoned", what, {"machine": failed["id"]}, None, destroy))
        if not observed.restored:
            size = max(source["size_gb"], observed.size_gb or 0)
            what = f"create a volume {source['name']} of {size} GB {self._from}"
            body: types.Json = {
                "name": source["name"],
                "region": source["region"],
                "size_gb": size,
                "encrypted": True,
                **self._created_from(),
            }
            changes.append(Change("volume", what, None, body, partial(self._create_volume, observed, body)))
        changes += self._filling(observed)
        image = self._image(old)
        before = {"machine": old["id"], "volume": source["id"], "image": (old.get("config") or {}).get("image")}
        after = {"image": image, "volume": self._from}
        what = f"replace machine {old['id']}: image {image} on the restored volume"
        changes.append(Change("replace", what, before, after, self._switch))
        return changes

    # What differs for a restore from something else than a snapshot of Fly.io's.

    @property
    def _from(self) -> str:
        return f"from snapshot {self._wanted.snapshot}"

    def _created_from(self) -> types.Json:
        """What a request for the volume says of its content."""
        return {"snapshot_id": self._wanted.snapshot}

    def _filling(self, observed: RestoreState) -> list[Change]:
        """What comes between the volume and the machine on it."""
        return []

    def _prove(self, new: Machine) -> None:
        """Raise when the new machine is not what it should be: the old one is put back then."""

    def _refusals(self, observed: RestoreState, old: Machine) -> list[Refusal]:
        wanted, begun = self._wanted, observed.begun
        where = f"machine {old['id']} of {wanted.app}"
        others = [one for one in observed.machines if one not in (observed.new, observed.abandoned)]
        if twins := judge.twins(self.title, group_of(old), others, observed.volumes):
            return [Refusal(twins)]
        if begun and begun.snapshot != wanted.snapshot:
            what = f"a restore from {begun.origin} is under way"
            todo = f"Finish it first: run again with {begun.origin}"
            return [refusal(what, where=where, why="a run of it was cut off", todo=todo)]
        if len(observed.restored) > 1:
            why = ", ".join(volume["id"] for volume in observed.restored)
            todo = "Destroy the one that another program created (fly volumes destroy ID), and run again"
            return [refusal("several volumes were created since the restore began", where=where, why=why, todo=todo)]
        if not observed.restored and _status(observed.snapshot) != READY:
            status = f"its status is {_status(observed.snapshot)}"
            what, todo = "the snapshot cannot be restored", "fly_volume_snapshot_info lists those that can"
            return [refusal(what, where=f"snapshot {wanted.snapshot} of {wanted.app}", why=status, todo=todo)]
        if in_maintenance(old.get("config") or {}) and not wanted.toml:
            what = "the machine is in maintenance, so its settings are unknown"
            return [refusal(what, where=where, todo="Give config or definition (fly.toml) and image")]
        return []

    def wait_until_ready(self, observed: RestoreState) -> RestoreState:
        self._ended = True
        return observed

    def finalize(self, *, failed: bool) -> None:
        """Whatever ended it, such as an interrupt: the old machine runs again unless the new one does."""
        if failed and self._begun and not self._ended:
            state = self.observe()
            if state.begun and state.old:
                self._put_back(state)

    def describe(self, observed: RestoreState) -> dict[str, object]:
        machine = observed.machines[0] if observed.done else observed.old
        there = {volume["id"] for volume in observed.volumes}
        kept = {one: until for one, until in kept_volumes(machine).items() if one in there} if machine else {}
        return {
            "machine": public_view(machine) if machine else None,
            "volume": mounted_volume(machine) if machine else None,
            "kept_volumes": kept,
            "warnings": volume_judge.kept(self.title, observed.volumes, kept, clock.text(clock.now())),
        }

    def _image(self, old: Machine) -> str:
        wanted = self._wanted
        return str(wanted.image or (wanted.toml and wanted.toml.image) or (old.get("config") or {}).get("image"))

    # Changes

    def _create_volume(self, observed: RestoreState, body: types.Json) -> None:
        """The note comes first: by it the volume is found again whose answer was lost."""
        self._begun = True
        old, source = observed.old, observed.source
        if old is None or source is None:
            return
        if not observed.begun:
            known = tuple(volume["id"] for volume in observed.volumes)
            began = Restoring(self._wanted.snapshot, known, old.get("state") == "started")
            self._api.set_machine_metadata(self._wanted.app, old["id"], RESTORING, began.note())
        settings = {
            "snapshot_retention": source.get("snapshot_retention"),
            "auto_backup_enabled": source.get("auto_backup_enabled"),
        }
        more = {key: value for key, value in settings.items() if value is not None}
        self._unused = self._api.create_volume(self._wanted.app, {**body, **more})["id"]

    def _switch(self) -> None:
        """Never two that serve: the old machine is at rest before the new one is created, and destroyed after it."""
        self._begun = True
        state = self._once_mountable()
        old, source = state.old, state.source
        if old is None or source is None:
            return
        volume = state.restored[0]
        until = clock.text(clock.now() + self._wanted.keep_days * _DAY)
        kept = kept_note(old, (one["id"] for one in state.volumes), {source["id"]: until})
        try:
            self._replace.rest(old)
            new = state.new
            if new:
                self._replace.bring_up(new)
            else:
                self._unused = ""
                new = self._replace.create(
                    old, self._image(old), volume, self._wanted.toml, self._wanted.snapshot, kept
                )
            self._prove(new)
        except UncertainWrite:
            raise
        except CollectionError as error:
            raise self._undone(error) from error
        self._ended = True  # the new one serves: from here on there is no way back
        self._replace.destroy(old)

    def _once_mountable(self) -> RestoreState:
        return wait_until(
            "the restored volume",
            self.observe,
            lambda seen: bool(seen.restored) and seen.restored[0]["state"] not in BEING_MADE,
            timeout=_TIMEOUT,
            where=self.title,
            state=lambda seen: ", ".join(volume["state"] for volume in seen.restored),
            todo="Run again: fly volumes list shows its state",
            progress=self._progress,
        )

    def _undone(self, error: CollectionError) -> CollectionError:
        """The error to raise once the old machine is back."""
        try:
            state = self.observe()
            if not (state.new or state.abandoned):
                clock.sleep(LAG)  # a list may lag behind a machine that was created after all
                state = self.observe()
            outcome = self._put_back(state) if state.begun else "the old machine was left alone"
        except CollectionError as another:
            outcome = f"the old machine could not be started again: {another.what}"
        self._ended = True
        return CollectionError(
            f"the restored machine did not come up: {error.what}; {outcome}",
            where=error.where or self.title,
            why=error.why,
            todo=error.todo,
            **error.details,
        )

    def _put_back(self, state: RestoreState) -> str:
        """Undo it. The restored volume is kept beside the old one where a machine may have written to it."""
        old, begun = state.old, state.begun
        if old is None or begun is None:
            return ""
        until = clock.text(clock.now() + self._wanted.keep_days * _DAY)
        more = {one["id"]: until for one in state.restored if one["id"] != self._unused}
        kept = kept_note(old, (one["id"] for one in state.volumes), more) if more else ""
        outcome = self._replace.undo(old, state.new or state.abandoned, kept, begun.ran)
        if self._unused:
            destroy_volume(self._api, self._wanted.app, self._unused, self._progress)
        self._replace.forget(old)
        return outcome


def _status(snapshot: Snapshot | None) -> str:
    return str(snapshot.get("status")) if snapshot else "unknown: it is not listed"
