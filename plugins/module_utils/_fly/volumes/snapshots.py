# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a volume: asked for, then waited for."""

from __future__ import annotations

from collections.abc import Callable

from ..._base import clock
from ..._base.errors import CollectionError
from ..._base.waiting import WaitFailed, wait_until
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
    meanwhile: Callable[[], None] = lambda: None,
) -> Snapshot:
    """Ask once, and return the snapshot when it can be restored: a recent one of `known` where Fly.io merges them.

    One that is asked for is listed only after a while, also when the answer was lost; raises `LostAnswer` when it was
    lost and nothing comes of it. `meanwhile` is called with each look; what it raises ends the wait.
    """
    lost: LostAnswer | None = None
    asked, until = clock.now(), clock.monotonic() + _UNLISTED
    try:
        api.snapshot_volume(app, volume)
    except LostAnswer as error:
        lost = error

    def look() -> list[Snapshot]:
        meanwhile()
        return api.volume_snapshots(app, volume) or []

    def recent(listed: list[Snapshot]) -> Snapshot | None:
        return newest([one for one in listed if one.get("status") == READY and asked - made_at(one) < _RECENT])

    def unlisted(listed: list[Snapshot]) -> str | None:
        waited = not _new(listed, known) and clock.monotonic() >= until
        return "Fly.io does not list a new one" if waited and (lost or recent(listed)) else None

    try:
        return _wait(look, f"volume {volume} of {app}", known, timeout, progress, unlisted)
    except WaitFailed as error:
        if _new(error.seen, known):
            raise
        if lost:
            raise lost from None
        if found := recent(error.seen):
            return found
        raise


def wait_for_snapshot(
    api: MachinesApi,
    app: str,
    volume: str,
    known: set[str],
    timeout: float,
    progress: Callable[[str], None] = lambda _line: None,
) -> Snapshot:
    """Return the newest snapshot that is not in `known`, when it can be restored."""

    def look() -> list[Snapshot]:
        return api.volume_snapshots(app, volume) or []

    return _wait(look, f"volume {volume} of {app}", known, timeout, progress, lambda _listed: None)


def _wait(
    look: Callable[[], list[Snapshot]],
    where: str,
    known: set[str],
    timeout: float,
    progress: Callable[[str], None],
    unlisted: Callable[[list[Snapshot]], str | None],
) -> Snapshot:
    """`unlisted` returns why no new one is going to be listed, once that is known."""

    def status(listed: list[Snapshot]) -> str | None:
        new = _new(listed, known)
        return str(new.get("status")) if new else None

    def failed(listed: list[Snapshot]) -> str | None:
        return f"its status is {status(listed)}" if status(listed) in FAILED else unlisted(listed)

    listed = wait_until(
        "the snapshot",
        look,
        lambda listed: status(listed) == READY,
        timeout=timeout,
        where=where,
        state=lambda listed: status(listed) or "Fly.io does not list it yet",
        permanent=failed,
        todo="Run again; fly volumes snapshots list shows what exists",
        progress=progress,
    )
    (made,) = filter(None, [_new(listed, known)])
    return made


def _new(listed: list[Snapshot], known: set[str]) -> Snapshot | None:
    return newest([one for one in listed if one["id"] not in known])


def newest(snapshots: list[Snapshot]) -> Snapshot | None:
    """The youngest; None when there is none."""
    return max(snapshots, key=lambda snapshot: str(snapshot.get("created_at")), default=None)


def made_at(snapshot: Snapshot) -> float:
    """When, in unix seconds; 0 while Fly.io does not say."""
    return clock.parse(snapshot.get("created_at") or "1970-01-01")
