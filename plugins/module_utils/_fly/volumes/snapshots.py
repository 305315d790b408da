# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a volume: asked for, then waited for."""

from __future__ import annotations

from collections.abc import Callable

from ..._base import clock
from ..._base.errors import CollectionError
from ..._base.waiting import wait_until
from ..client.api import MachinesApi
from ..client.errors import LostAnswer
from ..client.types import Snapshot

READY = "created"
FAILED = ("failed", "error")
_UNLISTED = 180.0
"""Seconds after which a snapshot that is not listed does not come: Fly.io lists one minutes after it was asked for."""
_RECENT = 3600.0
"""Seconds in which Fly.io may answer a request with a snapshot that exists."""


def take_snapshot(api: MachinesApi, app: str, volume: str, timeout: float = 600.0) -> Snapshot:
    """Make a snapshot of what is there now and return it when it can be restored.

    Raises when it fails, takes longer than `timeout` s, or is merged with an older one.
    """
    known = {snapshot["id"] for snapshot in api.volume_snapshots(app, volume) or []}
    made = ask_for_snapshot(api, app, volume, known, timeout)
    if made["id"] in known:
        raise CollectionError(
            "Fly.io made no new snapshot",
            where=f"volume {volume} of {app}",
            why=f"it answered with the one of {made.get('created_at')}; what was written since is not in it",
            todo="Run again in ten minutes, or set snapshot_first: false",
        )
    return made


def ask_for_snapshot(
    api: MachinesApi,
    app: str,
    volume: str,
    known: set[str],
    timeout: float,
    progress: Callable[[str], None] = lambda _line: None,
) -> Snapshot:
    """Ask once, and return the snapshot when it can be restored: a recent one of `known` where Fly.io merges them.

    One that is asked for is listed only after a while, also when the answer was lost; raises `LostAnswer` when it was
    lost and nothing comes of it.
    """
    lost: LostAnswer | None = None
    asked = clock.now()
    try:
        api.snapshot_volume(app, volume)
    except LostAnswer as error:
        lost = error
    deadline = clock.monotonic() + min(_UNLISTED, timeout)
    while not (new := _new(api, app, volume, known)) and clock.monotonic() < deadline:
        progress("Fly.io does not list the snapshot yet")
        clock.sleep(5.0)
    if not new and lost:
        raise lost
    recent = newest([one for one in api.volume_snapshots(app, volume) or [] if _is_recent(one, asked)])
    if not new and recent:
        return recent
    return wait_for_snapshot(api, app, volume, known, timeout, progress)


def _new(api: MachinesApi, app: str, volume: str, known: set[str]) -> Snapshot | None:
    return newest([one for one in api.volume_snapshots(app, volume) or [] if one["id"] not in known])


def _is_recent(snapshot: Snapshot, asked: float) -> bool:
    return snapshot.get("status") == READY and asked - made_at(snapshot) < _RECENT


def wait_for_snapshot(
    api: MachinesApi,
    app: str,
    volume: str,
    known: set[str],
    timeout: float,
    progress: Callable[[str], None] = lambda _line: None,
) -> Snapshot:
    """Return the newest snapshot that is not in `known`, when it can be restored."""

    def failed(new: Snapshot | None) -> str | None:
        return f"its status is {new.get('status')}" if new and new.get("status") in FAILED else None

    made = wait_until(
        "the snapshot",
        lambda: _new(api, app, volume, known),
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


def made_at(snapshot: Snapshot) -> float:
    """When, in unix seconds; 0 while Fly.io does not say."""
    return clock.parse(snapshot.get("created_at") or "1970-01-01")
