# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of a volume that is young enough."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .._base import clock
from .._converge.resource import Change, Resource
from .._fly.client.api import Json, MachinesApi
from .._fly.volumes.pick import the_volume
from .._fly.volumes.snapshots import READY, newest, wait_for_snapshot


class VolumeSnapshot(Resource[list[Json]]):
    """There is a snapshot not older than `max_age` seconds; with None a new one is made in every run."""

    def __init__(
        self,
        api: MachinesApi,
        app: str,
        *,
        name: str | None = None,
        volume: str | None = None,
        max_age: float | None = None,
        timeout: float = 600.0,
    ) -> None:
        self._api, self._app, self._max_age, self._timeout = api, app, max_age, timeout
        self._volume = the_volume(api, app, name=name, volume=volume)["id"]
        self._known: set[str] | None = None

    @property
    def title(self) -> str:
        return f"snapshots of {self._volume} of {self._app}"

    def observe(self) -> list[Json]:
        found = self._api.volume_snapshots(self._app, self._volume)
        if self._known is None:
            self._known = {snapshot["id"] for snapshot in found}
        return found

    def plan(self, observed: list[Json]) -> list[Change]:
        if any(snapshot["id"] not in (self._known or ()) for snapshot in observed):
            return []
        last = newest([snapshot for snapshot in observed if snapshot.get("status") == READY])
        if self._max_age is not None and last and clock.now() - _seconds(last) < self._max_age:
            return []
        before = {"newest": last.get("created_at")}
        return [Change("make a snapshot", before, {"newest": "now"}, self._make)]

    def settle(self, observed: list[Json]) -> list[Json]:
        if any(snapshot["id"] not in (self._known or ()) for snapshot in observed):
            wait_for_snapshot(self._api, self._app, self._volume, self._known or set(), self._timeout)
            return self.observe()
        return observed

    def describe(self, observed: list[Json]) -> dict[str, Any]:
        return {"volume": self._volume, "snapshot": newest(observed) or None, "snapshots": observed}

    def _make(self) -> None:
        self._api.snapshot_volume(self._app, self._volume)
        wait_for_snapshot(self._api, self._app, self._volume, self._known or set(), self._timeout)


def _seconds(snapshot: Json) -> float:
    return datetime.fromisoformat(str(snapshot["created_at"]).replace("Z", "+00:00")).timestamp()
