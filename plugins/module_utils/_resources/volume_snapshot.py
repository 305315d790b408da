# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of a volume that is young enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .._base import clock
from .._converge.resource import Change, Plan, Resource
from .._fly.client.api import MachinesApi
from .._fly.client.types import Snapshot
from .._fly.volumes.pick import the_volume
from .._fly.volumes.snapshots import FAILED, READY, ask_for_snapshot, made_at, newest, wait_for_snapshot


@dataclass(frozen=True)
class WantedSnapshot:
    """Of the volume with this name or id, not older than `max_age` seconds; with None a new one in every run."""

    app: str
    name: str | None = None
    volume: str | None = None
    max_age: float | None = None
    timeout: float = 600.0


@dataclass(frozen=True)
class SnapshotState:
    volume: str
    snapshots: list[Snapshot]
    now: float


class VolumeSnapshot(Resource[SnapshotState]):
    reads_lists = True

    def __init__(
        self, api: MachinesApi, wanted: WantedSnapshot, progress: Callable[[str], None] = lambda _line: None
    ) -> None:
        self._api, self._wanted, self._progress = api, wanted, progress
        self._warnings: list[str] = []

    @property
    def title(self) -> str:
        return f"snapshots of {self._wanted.volume or self._wanted.name} of {self._wanted.app}"

    def observe(self) -> SnapshotState:
        wanted = self._wanted
        volume = str(the_volume(self._api, wanted.app, name=wanted.name, volume=wanted.volume)["id"])
        return SnapshotState(volume, self._api.volume_snapshots(wanted.app, volume) or [], clock.now())

    def plan(self, observed: SnapshotState) -> Plan:
        known = {snapshot["id"] for snapshot in observed.snapshots}
        last = newest([snapshot for snapshot in observed.snapshots if snapshot.get("status") == READY])
        max_age = self._wanted.max_age
        if max_age is not None and last and observed.now - made_at(last) < max_age:
            return []
        coming = newest(observed.snapshots)
        unready = coming is not None and coming.get("status") not in (READY, *FAILED)
        if unready and coming and max_age is not None and observed.now - made_at(coming) < max_age:
            return []  # waited for, and not asked for again

        def made(now: SnapshotState) -> bool:
            return any(snapshot["id"] not in known for snapshot in now.snapshots)

        before, make = {"newest": last.get("created_at") if last else None}, partial(self._make, observed.volume, known)
        return [Change("make", "make a snapshot", before, {"newest": "now"}, make, once=True, took_effect=made)]

    def wait_until_ready(self, observed: SnapshotState) -> SnapshotState:
        """One whose answer was lost may still be on its way."""
        last = newest(observed.snapshots)
        if not last or last.get("status") in (READY, *FAILED):
            return observed
        known = {snapshot["id"] for snapshot in observed.snapshots} - {last["id"]}
        self._wait(observed.volume, known)
        return self.observe()

    def describe(self, observed: SnapshotState) -> dict[str, object]:
        snapshots = observed.snapshots
        shown = {"volume": observed.volume, "snapshot": newest(snapshots), "snapshots": snapshots}
        return {**shown, "warnings": self._warnings}

    def _make(self, volume: str, known: set[str]) -> None:
        timeout = self._wanted.timeout
        made = ask_for_snapshot(self._api, self._wanted.app, volume, known, timeout, self._progress)
        if made["id"] in known:
            self._warnings.append(f"{self.title}: Fly.io made no new one; the newest is of {made.get('created_at')}")

    def _wait(self, volume: str, known: set[str]) -> None:
        wait_for_snapshot(self._api, self._wanted.app, volume, known, self._wanted.timeout, self._progress)
