# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a volume: asked for, then waited for."""

from __future__ import annotations

from collections.abc import Callable

from ..._base.waiting import wait_until
from ..client.api import MachinesApi
from ..client.types import Snapshot

READY = "created"
FAILED = ("failed", "error")


def take_snapshot(api: MachinesApi, app: str, volume: str, timeout: float = 600.0) -> Snapshot:
    """Make a snapshot and return it when it can be restored. Raises when it fails or takes longer than `timeout` s."""
    known = {snapshot["id"] for snapshot in api.volume_snapshots(app, volume) or []}
    api.snapshot_volume(app, volume)
    return wait_for_snapshot(api, app, volume, known, timeout)


def wait_for_snapshot(
    api: MachinesApi,
    app: str,
    volume: str,
    known: set[str],
    timeout: float,
    progress: Callable[[str], None] = lambda _line: None,
) -> Snapshot:
    """Return the newest snapshot that is not in `known`, when it can be restored."""

    def look() -> Snapshot | None:
        return newest([one for one in api.volume_snapshots(app, volume) or [] if one["id"] not in known])

    def failed(new: Snapshot | None) -> str | None:
        return f"its status is {new.get('status')}" if new and new.get("status") in FAILED else None

    made = wait_until(
        "the snapshot",
        look,
        lambda new: new is not None and new.get("status") == READY,
        timeout=timeout,
        where=f"volume {volume} of {app}",
        state=lambda new: str(new.get("status")) if new else "Fly.io does not list it yet",
        permanent=failed,
        todo="Run again; fly volumes snapshots list shows what exists",
        progress=progress,
    )
    if made is None:
        raise AssertionError("the wait ended without a snapshot")
    return made


def newest(snapshots: list[Snapshot]) -> Snapshot | None:
    """The youngest; None when there is none."""
    return max(snapshots, key=lambda snapshot: str(snapshot.get("created_at")), default=None)
