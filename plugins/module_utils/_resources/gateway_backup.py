# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup of a gateway outside Fly.io: OpenClaw's own archive, encrypted, in a store that keeps some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from .._archive.age import Recipients
from .._archive.listing import view
from .._archive.manifest import NAME, Backup, Manifest, backups
from .._archive.parts import PART, store_parts
from .._archive.retention import Retention
from .._archive.store import Store
from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Plan, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.machines.remote_files import RemoteFiles
from .._fly.machines.transfer import Transfer
from .._fly.volumes.mounted import machine_with_volume
from .._gateway import backup_command
from .._gateway.cli import GatewayCli
from .._gateway.contents import contents_of

_ID = "%Y%m%dT%H%M%SZ"
"""How the id of a backup begins: when it was begun."""
ABANDONED = 600.0
"""Seconds without a new part after which nobody works on a backup any more."""
STALE = 86400.0
"""Seconds after which one that is not complete is removed, where old ones are removed."""


@dataclass(frozen=True)
class WantedBackup:
    app: str
    group: str | None = None
    owner: str = "1000:1000"
    timeout: float = 900.0
    """Seconds for OpenClaw to create the archive."""
    retention: Retention = field(default_factory=Retention)


@dataclass(frozen=True)
class BackupState:
    machine: types.Machine
    stored: list[Backup]
    now: float
    gateway: Mapping[str, Any] | None = None
    """Its release and counts; None when it was not asked, or does not answer."""
    unfinished: Manifest | None = None
    """A backup of which some parts are stored, and the rest still lies in the machine."""
    made: bool = False
    """Whether this run's backup is complete."""


class GatewayBackup(Resource[BackupState]):
    def __init__(
        self, api: MachinesApi, store: Store, recipients: Recipients, wanted: WantedBackup, context: Context
    ) -> None:
        self._api, self._store, self._recipients = api, store, recipients
        self._wanted, self._context = wanted, context
        self._made: Manifest | None = None

    @property
    def title(self) -> str:
        return f"backup of gateway {self._wanted.app}"

    def observe(self) -> BackupState:
        machine = machine_with_volume(self._api, self._wanted.app, self._wanted.group)
        self._store.check()
        state = BackupState(machine, backups(self._store, self._wanted.app), clock.now(), made=bool(self._made))
        if state.made or machine.get("state") != "started":
            return state
        return replace(state, gateway=self._asked(machine), unfinished=self._unfinished(state))

    def plan(self, observed: BackupState) -> Plan:
        return [*self._creation(observed), *self._removals(observed)]

    def describe(self, observed: BackupState) -> dict[str, object]:
        made = self._made
        damaged = [each for each in observed.stored if each.damaged]
        lines = [f"backup {each.id} cannot be restored: {', '.join(each.problems)}" for each in damaged]
        if made and made.left_out and "transcripts" in made.left_out[0]:
            lines.append(f"{self.title}: the archive of this release leaves out {made.left_out[0]}")
        return {"backup": made and view(made), "place": self._store.place, "warnings": lines}

    def _creation(self, observed: BackupState) -> Plan:
        if observed.made:
            return []
        machine, unfinished = observed.machine, observed.unfinished
        if machine.get("state") != "started":
            why = f"its machine {machine['id']} is {machine.get('state')}, and OpenClaw makes the archive in it"
            todo = "Start it (site.yml does), then run again; or make a snapshot, which needs no machine"
            return [refusal("no archive can be made", where=self.title, why=why, todo=todo)]
        if unfinished:
            what = f"store the rest of backup {unfinished.id}: {len(unfinished.parts)} of {unfinished.part_count} parts"
            return [Change("create", f"{what} are there", None, {"id": unfinished.id}, partial(self._make, observed))]
        what = f"create a backup of the gateway in {self._store.place}"
        return [Change("create", what, None, {"app": self._wanted.app}, partial(self._make, observed), once=True)]

    def _removals(self, observed: BackupState) -> Plan:
        """Of what is older than what is kept; a backup that is not good is none of those that are kept."""
        retention = self._wanted.retention
        if retention.keeps_all:
            return []
        good = {each.id: _time(each.id) for each in observed.stored if each.good}
        times = [*good.values(), *([] if observed.made else [_moment(observed.now)])]
        kept = retention.kept(times)
        unfinished = observed.unfinished.id if observed.unfinished else ""
        found: list[Change] = []
        for each in observed.stored:
            if each.good and good[each.id] not in kept:
                found.append(self._removal(each, "no rule keeps it"))
            elif each.id != unfinished and _is_stale(each, observed.now):
                found.append(self._removal(each, each.problems[0]))
        return found

    def _removal(self, backup: Backup, why: str) -> Change:
        before = {"id": backup.id, "stored_bytes": backup.stored}
        return Change(
            f"remove {backup.id}", f"remove backup {backup.id}: {why}", before, None, partial(self._remove, backup)
        )

    def _remove(self, backup: Backup) -> None:
        """The manifest first: what is left of a removal that was cut off is no backup any more."""
        for name in sorted(backup.names, key=lambda name: not name.endswith(NAME)):
            self._store.remove(name)

    def _make(self, observed: BackupState) -> None:
        files = RemoteFiles(self._api, self._wanted.app, observed.machine["id"])
        manifest = observed.unfinished or self._created(files, observed)
        transfer = Transfer(files, files.place)

        def read(offset: int, end: int) -> Iterable[bytes]:
            return transfer.parts(manifest.source, offset, end)

        def stored(now: Manifest) -> None:
            replace(now, updated_at=clock.text(clock.now())).write(self._store)
            self._context.progress(f"{self.title}: {len(now.parts)} of {now.part_count} parts are stored")

        whole = store_parts(self._store, manifest, self._recipients, read, stored)
        whole = replace(whole, complete=True, source="", updated_at=clock.text(clock.now()))
        whole.write(self._store)
        self._made = whole
        backup_command.remove(files, manifest.source)

    def _created(self, files: RemoteFiles, observed: BackupState) -> Manifest:
        wanted, gateway, now = self._wanted, observed.gateway, clock.now()
        archive = backup_command.create(files, self._cli(observed.machine), wanted.owner, wanted.timeout)
        moment = clock.text(now)
        manifest = Manifest(
            app=wanted.app,
            id=f"{_moment(now):{_ID}}-{archive.sha256[:8]}",
            created_at=moment,
            updated_at=moment,
            sha256=archive.sha256,
            size=archive.size,
            part_size=PART,
            release=gateway["release"] if gateway else None,
            counts=gateway["counts"] if gateway else None,
            left_out=archive.left_out,
            source=archive.path,
            machine=observed.machine["id"],
        )
        try:
            manifest.write(self._store)
        except BaseException:
            with suppress(CollectionError):
                backup_command.remove(files, archive.path)
            raise
        return manifest

    def _unfinished(self, state: BackupState) -> Manifest | None:
        """One that an earlier run began, whose archive is still in the machine, and that no other run works on."""
        machine = state.machine["id"]
        files = RemoteFiles(self._api, self._wanted.app, machine)
        for each in state.stored:
            manifest = each.manifest
            if manifest is None or manifest.complete or manifest.machine != machine:
                continue
            if state.now - clock.parse(manifest.updated_at) < ABANDONED:
                continue
            if backup_command.is_there(files, manifest.source, manifest.sha256):
                return manifest
        return None

    def _asked(self, machine: types.Machine) -> Mapping[str, Any] | None:
        wanted = self._wanted
        try:
            return contents_of(self._api, wanted.app, machine, wanted.owner, self._context)
        except CollectionError:
            return None  # OpenClaw makes its archive without the gateway too

    def _cli(self, machine: types.Machine) -> GatewayCli:
        files = RemoteFiles(self._api, self._wanted.app, machine["id"])
        return GatewayCli(files, self._wanted.owner, progress=self._context.progress)


def _is_stale(backup: Backup, now: float) -> bool:
    return not (backup.good or backup.damaged) and now - _time(backup.id).timestamp() > STALE


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time(identity: str) -> datetime:
    """When a backup was begun, from its id."""
    return datetime.strptime(identity.partition("-")[0], _ID).replace(tzinfo=UTC)
