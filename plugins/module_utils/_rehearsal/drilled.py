# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drill restores: the snapshot of the last backup, or an encrypted backup outside Fly.io."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .._archive.choice import chosen
from .._archive.inside import Stream
from .._archive.manifest import Manifest, backups
from .._archive.opened import OpenedBackup
from .._archive.store import Store
from .._base import clock
from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine, Snapshot, Volume
from .._fly.machines.remote_files import RemoteFiles
from .._fly.toml.definition import FlyToml
from .._fly.volumes.lost import find_snapshot
from .._fly.volumes.mounted import machine_in_use, mounted_volume
from .._fly.volumes.pick import the_volume
from .._fly.volumes.snapshots import READY
from .._gateway import restore_command
from .._gateway.backup_note import LastBackup, last_backup
from .._gateway.restore_fit import misfits, release_of
from .._openclaw.releases import NEWEST_KNOWN, Release
from .copy import ClosedCopy, Source


@dataclass(frozen=True)
class Drilled:
    name: str
    """How messages call it."""
    source: Source
    image: str
    """What is started on it."""
    release: Release
    """What wrote it; the newest known where nothing names that."""
    made: float | None
    """Unix seconds; None where Fly.io does not report it."""
    counts: Mapping[str, Any] | None
    """What the gateway contained then."""
    returned: Mapping[str, Any]
    """Of the task's result."""


def mount_of(toml: FlyToml) -> str:
    """Where the gateway's volume is mounted."""
    mounts = (toml.mount(group) for group in toml.groups)
    return next((str(mount["destination"]) for mount in mounts if mount), "/data")


class DrilledBackup(Protocol):
    def find(self, machine: Machine) -> Drilled:
        """The backup of the gateway that this machine runs. Raises when it cannot be restored."""

    def fill(self, copy: ClosedCopy, drilled: Drilled) -> None:
        """Put it onto the copy's volume, where that was not created from it."""


class SnapshotBackup:
    """The last consistent snapshot, as the machine's metadata name it."""

    def __init__(self, api: MachinesApi, app: str) -> None:
        self._api, self._app = api, app

    def find(self, machine: Machine) -> Drilled:
        backup = self._noted(machine)
        source, taken = self._source(machine, backup.snapshot)
        at = str(taken.get("created_at") or "")
        return Drilled(
            f"snapshot {backup.snapshot}",
            source,
            backup.image,
            release_of(backup.image if not backup.release else "", backup.release) or Release.parse(NEWEST_KNOWN),
            clock.parse(at) if at else None,
            backup.counts,
            {"snapshot": backup.snapshot, "backup": None},
        )

    def fill(self, copy: ClosedCopy, drilled: Drilled) -> None:
        """The volume was created from it."""

    def _noted(self, machine: Machine) -> LastBackup:
        found = last_backup(machine)
        if found and found.snapshot:
            return found
        raise CollectionError(
            "no backup is noted in the machine's metadata",
            where=f"machine {machine['id']} of {self._app}",
            todo="Make one: run the playbook backup.yml",
        )

    def _source(self, machine: Machine, snapshot: str) -> tuple[Source, Snapshot]:
        """The copy is never smaller than the volume that the snapshot is of."""
        found = find_snapshot(self._api, self._app, snapshot, self._api.volumes(self._app) or [])
        taken, size = found or (None, None)
        if taken is None or taken.get("status") != READY:
            raise CollectionError(
                "the backup's snapshot cannot be restored",
                where=f"snapshot {snapshot} of {self._app}",
                why=f"its status is {taken.get('status')}" if taken else "Fly.io does not list it: it has expired",
                todo="Make a new one: run the playbook backup.yml. fly_app_snapshot_retention keeps them longer",
            )
        present = the_volume(self._api, self._app, volume=mounted_volume(machine))
        volume: Volume = {**present, "size_gb": max(present["size_gb"], size or 0)}
        return Source(volume, snapshot), taken


class ArchiveBackup:
    """An encrypted backup: the one that is named, else the newest. `opened` opens it with the private keys."""

    def __init__(
        self,
        api: MachinesApi,
        app: str,
        mount: str,
        store: Store,
        identity: str | None,
        opened: Callable[[Manifest], OpenedBackup],
    ) -> None:
        self._api, self._app, self._mount = api, app, mount
        self._store, self._identity, self._opened = store, identity, opened
        self._backup: OpenedBackup | None = None

    def find(self, machine: Machine) -> Drilled:
        """Reads it to its end. What a restore would refuse is refused: that is the drill's result then."""
        manifest = self._newest() if self._identity is None else chosen(self._store, self._app, self._identity)
        self._backup = backup = self._opened(manifest)
        backup.verify()
        volume = the_volume(self._api, self._app, volume=mounted_volume(machine))
        image = str((machine.get("config") or {}).get("image"))
        for misfit in misfits(backup, self._mount, volume["size_gb"], image, None):
            raise CollectionError(misfit.what, where=backup.place, why=misfit.why, todo=misfit.todo)
        return Drilled(
            f"encrypted backup {manifest.id}",
            Source(volume, empty=True),
            image,
            release_of(image, manifest.release) or Release.parse(NEWEST_KNOWN),
            clock.parse(manifest.created_at),
            manifest.counts,
            {"snapshot": None, "backup": manifest.id},
        )

    def fill(self, copy: ClosedCopy, drilled: Drilled) -> None:
        if self._backup is None:
            return
        copy.deploy(drilled.image, maintenance=True)
        files = RemoteFiles(copy.api, copy.app, machine_in_use(copy.api, copy.app)["id"])
        filling = restore_command.Filling(self._backup.inside.prefix, self._mount, copy.owner)
        restore_command.fill(files, Stream(self._backup.parts()).file, filling, copy.context.progress)

    def _newest(self) -> Manifest:
        """Not an older one that is good, as a restore takes it: the drill is to find out."""
        self._store.require()
        for each in backups(self._store, self._app):
            if each.good and each.manifest:
                return each.manifest
            if each.damaged:
                why, where = ", ".join(each.problems), f"{self._store.place}/{self._app}/{each.id}"
                todo = "Make another one: run the playbook backup.yml"
                raise CollectionError("the newest encrypted backup is damaged", where=where, why=why, todo=todo)
        return chosen(self._store, self._app, None)  # which raises
