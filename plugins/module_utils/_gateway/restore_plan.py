# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore from an encrypted backup brings back, and what is lost by it: read only."""

from __future__ import annotations

from typing import Any

from .._archive.choice import chosen
from .._archive.listing import view
from .._archive.manifest import Manifest
from .._archive.store import Store
from .._base import clock
from .._converge.context import Context
from .._fly.client.api import MachinesApi
from .._fly.machines.config import in_maintenance
from .._fly.volumes.mounted import machine_in_use
from .._fly.volumes.restoring import restored_from, restoring
from .._openclaw import gateway_contents
from .contents import present_state
from .rollback_plan import age_text


def meant_backup(api: MachinesApi, store: Store, app: str, of: str | None, identity: str | None) -> Manifest:
    """The named backup of the app `of`, that of a restore which was cut off, or the newest that can be restored."""
    begun = restoring(machine_in_use(api, app))
    return chosen(store, of or app, identity, begun.snapshot if begun else "")


def restore_plan(api: MachinesApi, app: str, manifest: Manifest, owner: str, context: Context) -> dict[str, Any]:
    """Return the backup, its age, the present state, and what is lost."""
    machine = machine_in_use(api, app)
    begun = restoring(machine)
    now = present_state(api, app, machine, owner, context)
    age = max(0.0, clock.now() - clock.parse(manifest.created_at))
    return {
        "changed": False,
        "backup": view(manifest),
        "age_seconds": round(age),
        "age": age_text(age),
        "present": now,
        "lost": gateway_contents.missing(now["counts"] or {}, manifest.counts or {}),
        "maintenance": in_maintenance(machine.get("config") or {}),
        "under_way": begun is not None,
        "restored": begun is None and restored_from(machine) == manifest.id,
    }
