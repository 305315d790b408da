# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway brought back to what an encrypted backup holds: on a new volume, by the steps of a restored snapshot.

The volume is filled in a machine that only sleeps, while the gateway runs on. It is stopped once all is on the volume.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._archive.inside import Stream
from .._archive.opened import OpenedBackup
from .._converge.context import Context
from .._converge.resource import Change, Plan, Refusal, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine, Snapshot
from .._fly.machines.remote_files import RemoteFiles
from .._fly.machines.replacement import Replacement
from .._fly.volumes.detaching import wait_until_detached
from .._fly.volumes.restoring import RESTORING
from .._fly.volumes.snapshots import READY
from .._gateway import restore_command
from .._gateway.contents import contents_of, proved
from .._gateway.restore_fit import misfits
from .restore_state import RestoreState, WantedRestore
from .volume_restore import VolumeRestore


@dataclass(frozen=True)
class WantedContent:
    owner: str = "1000:1000"
    size_gb: int = 0
    """The new volume has at least this size; 0: that of the present one."""
    release: str | None = None
    """What the image runs, where its tag does not name it."""
    timeout: float = 300.0
    """Seconds for the restored gateway to answer."""


class ArchiveRestore(VolumeRestore):
    """`wanted.snapshot` is the backup's id."""

    def __init__(
        self,
        api: MachinesApi,
        replacement: Replacement,
        wanted: WantedRestore,
        backup: OpenedBackup,
        content: WantedContent,
        context: Context,
    ) -> None:
        super().__init__(api, replacement, wanted, context.progress)
        self._backup, self._content, self._context = backup, content, context
        self._found: Mapping[str, Any] = {}

    def describe(self, observed: RestoreState) -> dict[str, object]:
        manifest, mount = self._backup.manifest, _mount(observed)
        outside = [] if observed.done else self._backup.inside.outside(mount)
        return {
            **super().describe(observed),
            "backup": manifest.id,
            "counts": self._found.get("counts"),
            "release": self._found.get("release"),
            "left_out": [*manifest.left_out, *(f"{path} (not below {mount})" for path in outside)],
        }

    def observe(self) -> RestoreState:
        state = super().observe()
        if not state.done:
            self._backup.verify()  # before anything is planned
        return state

    @property
    def _from(self) -> str:
        return f"from backup {self._wanted.snapshot}"

    def _created_from(self) -> types.Json:
        return {}

    def _origin(self) -> tuple[Snapshot, int | None] | None:
        return {"id": self._wanted.snapshot, "status": READY}, self._content.size_gb

    def plan(self, observed: RestoreState) -> Plan:
        plan = super().plan(observed)
        if observed.done or not observed.old or any(isinstance(each, Refusal) for each in plan):
            return plan
        return [*self._misfits(observed, observed.old), *plan]

    def _misfits(self, observed: RestoreState, old: Machine) -> list[Refusal]:
        """What the backup itself speaks against."""
        sizes = [volume["size_gb"] for volume in observed.restored] or [
            max(self._content.size_gb, observed.source["size_gb"] if observed.source else 0)
        ]
        found = misfits(self._backup, _mount(observed), sizes[0], self._image(old), self._content.release)
        return [refusal(each.what, where=self.title, why=each.why, todo=each.todo) for each in found]

    def _filling(self, observed: RestoreState) -> list[Change]:
        begun = observed.begun
        if begun and begun.filled and not observed.filler:
            return []
        size = self._backup.manifest.size
        what = f"fill the volume {self._from}, in a separate machine: {max(1, round(size / 1e6))} MB"
        return [Change("fill", what, None, {"backup": self._wanted.snapshot}, self._fill)]

    def _fill(self) -> None:
        """The machine goes once the note says that all is there: one that is left over is removed by the next run."""
        self._begun = True
        state = self._once_mountable()
        old, begun, volume = state.old, state.begun, state.restored[0]
        if old is None or begun is None:
            return
        filler = state.filler
        if not begun.filled:
            filler = self._filled(old, filler, volume, _mount(state))
            self._api.set_machine_metadata(self._wanted.app, old["id"], RESTORING, replace(begun, filled=True).note())
        if filler:
            self._replace.destroy(filler)

    def _switch(self) -> None:
        state = self._once_mountable()
        if not state.new:  # else Fly.io may still have the volume bound to the machine that filled it
            wait_until_detached(self._api, self._wanted.app, state.restored[0]["id"], self._progress)
        super()._switch()

    def _filled(self, old: Machine, filler: Machine | None, volume: types.Volume, mount: str) -> Machine:
        image, backup, app = self._image(old), self._backup, self._wanted.app
        if filler:
            self._replace.bring_up(filler)
        else:
            filler = self._replace.create_filler(old, image, volume, mount, self._wanted.snapshot)
        filling = restore_command.Filling(backup.inside.prefix, mount, self._content.owner)
        files = RemoteFiles(self._api, app, filler["id"])
        restore_command.fill(files, Stream(backup.parts()).file, filling, self._progress)
        return filler

    def _prove(self, new: Machine) -> None:
        wanted, app = self._content, self._wanted.app
        self._found = proved(
            lambda: contents_of(self._api, app, new, wanted.owner, self._context),
            f"gateway {app} on the restored volume",
            wanted.timeout,
            self._backup.manifest.counts,
            self._context,
        )

    def _put_back(self, state: RestoreState) -> str:
        if state.filler:
            self._replace.destroy(state.filler)
        return super()._put_back(state)


def _mount(state: RestoreState) -> str:
    """Where the volume is mounted."""
    config = (state.old.get("config") if state.old else None) or {}
    return next((str(mount["path"]) for mount in config.get("mounts") or [] if mount.get("path")), "/data")
