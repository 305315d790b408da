# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A consistent snapshot of a gateway's volume: nothing writes to it while Fly.io makes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._converge.resource import Change, Plan, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.machines.remote_files import RemoteFiles
from .._fly.machines.stopped import stopped
from .._fly.machines.writer import MachineWriter
from .._fly.volumes.mounted import machine_with_volume, mounted_volume
from .._fly.volumes.snapshots import ask_for_snapshot
from .._gateway import contents
from .._gateway.backup_note import KEY, LastBackup
from .._gateway.backup_record import BackupRecord
from .._gateway.calls import Conversation
from .._gateway.cli import GatewayCli
from .._gateway.suspension import PREPARE, fenced, suspended, until_open

_SUSPEND, _STOP, _NONE = "suspend", "stop", "none"
_AT_REST = "stopped already"
_SYNC = "sync"


@dataclass(frozen=True)
class WantedGatewaySnapshot:
    """`quiesce` is auto, suspend, stop or none; `record_folder` keeps what each run did."""

    app: str
    group: str | None = None
    quiesce: str = "auto"
    drain_timeout: float = 120.0
    """Seconds for what the gateway does to end."""
    timeout: float = 600.0
    """Seconds for the snapshot."""
    owner: str = "1000:1000"
    record_folder: str | None = None
    remember: bool = True
    """Whether it becomes what a rollback goes back to."""


@dataclass(frozen=True)
class GatewayState:
    machine: types.Machine
    volume: str
    snapshots: list[types.Snapshot]
    gateway: Conversation | None
    """None when it was not asked, or does not answer."""
    silence: str = ""
    """Why it does not answer."""
    made: bool = False
    """Whether this run's snapshot exists."""

    @property
    def counts(self) -> dict[str, object] | None:
        return contents.counts(self.gateway) if self.gateway else None


@dataclass
class _Done:
    """What the run has done so far."""

    snapshot: types.Snapshot | None = None
    method: str = ""
    counts: dict[str, object] | None = None
    release: str | None = None
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


class GatewaySnapshot(Resource[GatewayState]):
    reads_lists = True

    def __init__(self, api: MachinesApi, write: MachineWriter, wanted: WantedGatewaySnapshot, context: Context) -> None:
        self._api, self._write, self._wanted, self._context = api, write, wanted, context
        self._record = BackupRecord(wanted.record_folder, wanted.app)
        self._done = _Done()

    @property
    def title(self) -> str:
        return f"snapshot of gateway {self._wanted.app}"

    def observe(self) -> GatewayState:
        app = self._wanted.app
        machine = machine_with_volume(self._api, app, self._wanted.group)
        volume = mounted_volume(machine)
        snapshots = self._api.volume_snapshots(app, volume) or []
        if machine.get("state") != "started" or self._done.snapshot:
            return GatewayState(machine, volume, snapshots, None, made=bool(self._done.snapshot))
        try:
            return GatewayState(machine, volume, snapshots, self._asked(machine))
        except CollectionError as error:
            return GatewayState(machine, volume, snapshots, None, error.why or error.what)

    def plan(self, observed: GatewayState) -> Plan:
        if observed.made:
            return []
        method, state = self._method(observed), observed.machine.get("state")
        if state not in ("started", "stopped"):
            why = f"its machine {observed.machine['id']} is {state}: what is in its memory is not on its volume"
            todo = "Start it (site.yml does), then run again"
            return [refusal("no consistent snapshot can be made", where=self.title, why=why, todo=todo)]
        if method == _SUSPEND and observed.gateway is None:
            todo = "See its log: fly logs; while it starts, run this again; or set quiesce: stop to stop its machine"
            return [refusal("the gateway does not answer", where=self.title, why=observed.silence, todo=todo)]
        if method == _SUSPEND and observed.gateway and PREPARE not in observed.gateway.methods:
            why = f"release {observed.gateway.release} has no {PREPARE}"
            todo = "Set quiesce: stop to have its machine stopped for the snapshot, or deploy 2026.8.2 or newer"
            return [refusal("the gateway cannot be suspended", where=self.title, why=why, todo=todo)]
        known = {snapshot["id"] for snapshot in observed.snapshots}

        def made(now: GatewayState) -> bool:
            return any(snapshot["id"] not in known for snapshot in now.snapshots)

        apply = partial(self._make, observed, method, known)
        after = {"volume": observed.volume, "quiesced": method}
        return [Change("make", self._summary(observed, method), None, after, apply, once=True, took_effect=made)]

    def finalize(self, *, failed: bool) -> None:
        done = self._done
        self._record.write(
            {
                "succeeded": not failed,
                "release": done.release,
                "quiesced": done.method,
                "quiesced_seconds": done.seconds,
                "snapshot": done.snapshot,
                "counts": done.counts,
            }
        )

    def describe(self, observed: GatewayState) -> dict[str, object]:
        done = self._done
        return {
            "volume": observed.volume,
            "snapshot": done.snapshot,
            "quiesced": done.method or self._method(observed),
            "quiesced_seconds": done.seconds,
            "release": done.release or (observed.gateway.release if observed.gateway else None),
            "counts": done.counts or observed.counts,
            "record": self._record.path,
            "warnings": done.warnings,
        }

    def _asked(self, machine: types.Machine) -> Conversation:
        return contents.ask(self._cli(machine))

    def _method(self, observed: GatewayState) -> str:
        """How the gateway is kept from writing."""
        quiesce = self._wanted.quiesce
        if observed.machine.get("state") == "stopped":
            return _AT_REST
        if quiesce != "auto":
            return quiesce
        return _STOP if observed.gateway and PREPARE not in observed.gateway.methods else _SUSPEND

    def _summary(self, observed: GatewayState, method: str) -> str:
        make, machine = f"make a snapshot of {observed.volume}", observed.machine["id"]
        release = observed.gateway.release if observed.gateway else "unknown"
        if method == _SUSPEND:
            return f"suspend the gateway, {make}, resume it"
        if method == _STOP:
            return f"stop machine {machine} (release {release}), {make}, start it"
        return f"{make}, whose machine is stopped" if method == _AT_REST else f"{make}, crash-consistent only"

    def _make(self, observed: GatewayState, method: str, known: set[str]) -> None:
        done, app, volume = self._done, self._wanted.app, observed.volume
        self._record.prepare(observed.machine["id"], _image(observed.machine), volume)
        if method == _SUSPEND:
            observed = replace(observed, gateway=self._open(observed))
        done.method, done.counts = method, observed.counts
        done.release = observed.gateway.release if observed.gateway else None
        began = clock.monotonic()
        try:
            with self._quiet(observed, method) as renew:
                made = ask_for_snapshot(
                    self._api, app, volume, known, self._wanted.timeout, self._context.progress, renew or _nothing
                )
                done.snapshot = None if made["id"] in known else made
        finally:
            done.seconds = round(clock.monotonic() - began, 1)
        if done.snapshot is None:
            raise CollectionError(
                "Fly.io made no new snapshot",
                where=self.title,
                why=f"it answered with the one of {made.get('created_at')}, which may not be consistent",
                todo="Run again in ten minutes",
            )
        if self._wanted.remember:
            self._note(observed, done.snapshot["id"])
        if method == _STOP:
            done.warnings.append(f"{self.title}: its machine was stopped for {done.seconds:.0f} s")

    def _note(self, observed: GatewayState, snapshot: str) -> None:
        """In the machine's metadata, which needs no restart: a rollback from any controller finds it."""
        machine, done = observed.machine, self._done
        note = LastBackup(snapshot, _image(machine), done.release, done.counts)
        self._api.set_machine_metadata(self._wanted.app, machine["id"], KEY, note.note())

    def _quiet(self, observed: GatewayState, method: str) -> AbstractContextManager[Callable[[], None] | None]:
        if method == _SUSPEND:
            return self._suspended(observed.machine)
        if method == _STOP:
            return stopped(self._api, self._write, self._wanted.app, observed.machine["id"])
        return nullcontext()

    def _open(self, observed: GatewayState) -> Conversation | None:
        """The gateway's answers once no other client has it suspended: a killed run leaves its lease behind."""
        gateway = observed.gateway
        if gateway is None or not fenced(gateway):
            return gateway
        where, timeout = self.title, self._wanted.drain_timeout
        return until_open(lambda: self._asked(observed.machine), where, timeout, self._context.progress)

    def _suspended(self, machine: types.Machine) -> AbstractContextManager[Callable[[], None]]:
        files = RemoteFiles(self._api, self._wanted.app, machine["id"])
        return suspended(
            self._cli(machine),
            self.title,
            self._wanted.drain_timeout,
            self._context.progress,
            # Fly.io copies blocks: what is only in the machine's page cache would not be in the snapshot.
            lambda: files.shell("write out the page cache", _SYNC, [], safe=True),
        )

    def _cli(self, machine: types.Machine) -> GatewayCli:
        files = RemoteFiles(self._api, self._wanted.app, machine["id"])
        return GatewayCli(files, self._wanted.owner, progress=self._context.progress)


def _image(machine: types.Machine) -> str:
    return str((machine.get("config") or {}).get("image"))


def _nothing() -> None:
    """A machine that is stopped, or runs on, needs nothing while the snapshot is made."""
