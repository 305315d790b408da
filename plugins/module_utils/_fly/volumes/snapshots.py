# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a volume: asked for, then waited for."""

from __future__ import annotations

from ..._base.waiting import wait_until
from ..client.api import MachinesApi
from ..client.types import Snapshot

READY = "created"
_FAILED = ("failed", "error")


def take_snapshot(api: MachinesApi, app: str, volume: str, timeout: float = 600.0) -> Snapshot:
    """Make a snapshot and return it when it can be restored. Raises when it fails or takes longer than `timeout` s."""
    known = {snapshot["id"] for snapshot in api.volume_snapshots(app, volume) or []}
    api.snapshot_volume(app, volume)
    return wait_for_snapshot(api, app, volume, known, timeout)


def wait_for_snapshot(api: MachinesApi, app: str, volume: str, known: set[str], timeout: float) -> Snapshot:
    """Return the newest snapshot that is not in `known`, when it can be restored."""

    def look() -> Snapshot | None:
        return newest([one for one in api.volume_snapshots(app, volume) or [] if one["id"] not in known])

    def failed(new: Snapshot | None) -> str | None:
        return "the snapshot failed" if new and new.get("status") in _FAILED else None

    made = wait_until(
        "a snapshot that can be restored",
        look,
        lambda new: new is not None and new.get("status") == READY,
        timeout=timeout,
        where=f"volume {volume} of {app}",
        todo="Run again; fly volumes snapshots list shows the volume's snapshots",
        state=lambda new: f"its status is {new.get('status')}" if new else "Fly.io does not list it yet",
        permanent=failed,
    )
    assert made is not None  # it was ready
    return made


def newest(snapshots: list[Snapshot]) -> Snapshot | None:
    """The youngest; None when there is none."""
    return max(snapshots, key=lambda snapshot: str(snapshot.get("created_at")), default=None)
