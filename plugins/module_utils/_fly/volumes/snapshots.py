# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a volume: asked for, then waited for."""

from __future__ import annotations

from ..._base import clock
from ..._base.errors import CollectionError
from ..client.api import Json, MachinesApi

READY = "created"
_FAILED = ("failed", "error")


def take_snapshot(api: MachinesApi, app: str, volume: str, timeout: float = 600.0) -> Json:
    """Make a snapshot and return it when it can be restored. Raises when it fails or takes longer than `timeout` s."""
    known = {snapshot["id"] for snapshot in api.volume_snapshots(app, volume)}
    api.snapshot_volume(app, volume)
    return wait_for_snapshot(api, app, volume, known, timeout)


def wait_for_snapshot(api: MachinesApi, app: str, volume: str, known: set[str], timeout: float) -> Json:
    """Return the newest snapshot that is not in `known`, when it can be restored."""
    deadline = clock.monotonic() + timeout
    while True:
        new = newest([snapshot for snapshot in api.volume_snapshots(app, volume) if snapshot["id"] not in known])
        if new and new.get("status") == READY:
            return new
        failed = bool(new) and new.get("status") in _FAILED
        if failed or clock.monotonic() > deadline:
            raise CollectionError(
                "the snapshot failed" if failed else f"the snapshot was not ready within {timeout:.0f} s",
                where=f"volume {volume} of {app}",
                why=f"its status is {new.get('status')}" if new else "Fly.io does not list it yet",
                todo="Run again; fly volumes snapshots list shows what there is",
            )
        clock.sleep(2.0)


def newest(snapshots: list[Json]) -> Json:
    """The youngest; {} when there is none."""
    return max(snapshots, key=lambda snapshot: str(snapshot.get("created_at")), default={})
