# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a rollback leads, and what is lost by it: read only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine, Snapshot
from .._fly.machines.config import in_maintenance
from .._fly.volumes.lost import find_snapshot
from .._fly.volumes.mounted import machine_in_use, mounted_volume
from .._fly.volumes.restoring import restored_from, restoring
from .._fly.volumes.snapshots import READY, made_at
from .._openclaw import gateway_contents
from .backup_note import LastBackup, last_backup
from .contents import present_state


@dataclass(frozen=True)
class AskedRollback:
    app: str
    snapshot: str | None = None
    """None: the last good one."""
    image: str | None = None
    records: str | None = None
    """The folder in which backup.yml keeps what it did."""
    owner: str = "1000:1000"


def rollback_plan(api: MachinesApi, asked: AskedRollback, context: Context) -> dict[str, Any]:
    """Return snapshot, image, age and counts of the target, the present state, and what is lost."""
    machine = machine_in_use(api, asked.app)
    begun = restoring(machine)
    listed = api.volumes(asked.app) or []
    note = last_backup(machine)
    identity = asked.snapshot or (begun.snapshot if begun else note.snapshot if note else "")
    if not identity:
        raise _unnamed(api, asked.app, machine)
    found = find_snapshot(api, asked.app, identity, listed)
    if found is None:
        todo = "fly_volume_snapshot_info lists those that can be restored"
        raise CollectionError("there is no such snapshot", where=f"snapshot {identity} of {asked.app}", todo=todo)
    target = note if note and note.snapshot == identity else _recorded(asked.records, identity)
    now = present_state(api, asked.app, machine, asked.owner, context)
    then = target.counts if target else None
    age = max(0.0, clock.now() - made_at(found[0]))
    return {
        "changed": False,
        "snapshot": found[0],
        "age_seconds": round(age),
        "age": age_text(age),
        "image": asked.image or (target.image if target else now["image"]),
        "image_is_known": bool(asked.image or target),
        "release": target.release if target else None,
        "counts": then,
        "present": now,
        "lost": gateway_contents.missing(now["counts"] or {}, then or {}),
        "maintenance": in_maintenance(machine.get("config") or {}),
        "under_way": begun is not None,
        "restored": begun is None and restored_from(machine) == identity,
    }


def _recorded(folder: str | None, snapshot: str) -> LastBackup | None:
    """What backup.yml kept on this controller about a snapshot."""
    for path in sorted(Path(folder).expanduser().glob("*.json")) if folder else []:
        try:
            record = json.loads(path.read_text())
            if record["snapshot"]["id"] == snapshot:
                return LastBackup(snapshot, record["image"], record.get("release"), record.get("counts"))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _unnamed(api: MachinesApi, app: str, machine: Machine) -> CollectionError:
    volume = mounted_volume(machine)
    snapshots = api.volume_snapshots(app, volume) or []
    ready = [snapshot for snapshot in snapshots if snapshot.get("status") == READY]
    why = f"no run of backup.yml noted a snapshot with machine {machine['id']}, and -e snapshot= names none"
    todo = "Its volume has no snapshot either: run backup.yml, so that later runs can go back to it"
    if ready:
        listed = "; ".join(map(_described, snapshots))
        todo = f"Choose one of volume {volume}: {listed}. Then run again with -e snapshot={ready[-1]['id']} "
        todo += "-e image=IMAGE, the image that ran when it was made"
    return CollectionError(
        "which snapshot to go back to is unknown",
        where=f"gateway {app}",
        why=why,
        todo=todo,
        snapshots=[snapshot["id"] for snapshot in ready],
    )


def _described(snapshot: Snapshot) -> str:
    age = age_text(max(0.0, clock.now() - made_at(snapshot)))
    return f"{snapshot['id']} ({snapshot.get('status')}, {age} old)"


def age_text(seconds: float) -> str:
    """ "3 d 2 h", "5 h 12 min" or "4 min"."""
    minutes = int(seconds // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
