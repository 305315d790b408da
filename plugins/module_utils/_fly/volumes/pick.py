# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the volume that a task means."""

from __future__ import annotations

from collections.abc import Iterable

from ..._base.errors import CollectionError
from ..client.api import MachinesApi
from ..client.types import Machine, Volume
from ..machines.deployed import is_live

GONE = (
    "scheduling_destroy",
    "fork_cleanup",
    "waiting_for_detach",
    "pending_destroy",
    "destroying",
    "destroyed",
)
"""States of a volume that is as good as gone; flyctl hides the same."""

BEING_MADE = ("creating", "restoring", "recovering", "enabling_remote_export")
"""A fork that is `hydrating` can be mounted: its data may take longer than anybody waits."""


def volumes(api: MachinesApi, app: str, *, name: str | None = None, volume: str | None = None) -> list[Volume]:
    """The app's volumes that are there, all or those of this name or id."""
    return [
        found
        for found in api.volumes(app) or []
        if found.get("state") not in GONE and name in (None, found.get("name")) and volume in (None, found["id"])
    ]


def freed(volumes: Iterable[Volume], machines: Iterable[Machine]) -> list[Volume]:
    """The volumes, those of destroyed machines as free: Fly.io detaches them up to a minute later."""
    live = {machine["id"] for machine in machines if is_live(machine)}
    copies = [volume.copy() for volume in volumes]
    for volume in copies:
        if volume.get("attached_machine_id") not in live:
            volume["attached_machine_id"] = None
    return copies


def the_volume(api: MachinesApi, app: str, *, name: str | None = None, volume: str | None = None) -> Volume:
    """The one that is meant; of several of this name the one that a machine mounts. Raises when it is not one."""
    found = volumes(api, app, name=name, volume=volume)
    if sum(bool(one.get("attached_machine_id")) for one in found) > 1:
        found = freed(found, api.machines(app) or [])
    attached = [one for one in found if one.get("attached_machine_id")]
    meant = attached if len(found) > 1 else found
    if len(meant) == 1:
        return meant[0]
    raise CollectionError(
        f"{len(found)} volumes match" if found else "there is no such volume",
        where=f"volume {volume or name} of {app}",
        why=", ".join(f"{one['id']} in {one.get('region')}" for one in found),
        todo="Name it by its id, with volume" if found else "List them with fly_volume_info",
    )
