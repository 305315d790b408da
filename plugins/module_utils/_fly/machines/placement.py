# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a new machine may be: beside its volume, or, without one, in any region that is allowed."""

from __future__ import annotations

from typing import NamedTuple

from ..._base.errors import CollectionError
from ..client.api import MachinesApi
from ..client.types import Volume
from ..volumes.detaching import is_detaching, wait_until_detached
from ..volumes.pick import freed, volumes
from ..volumes.restoring import all_kept


class Place(NamedTuple):
    volume: str | None
    """The id of the volume to mount."""
    region: str | None


def places(
    api: MachinesApi,
    app: str,
    mount: dict[str, object] | None,
    region: str | None,
    fallback_regions: tuple[str, ...] = (),
    volume: str | None = None,
) -> list[Place]:
    """The places to try, in order. A volume decides where its machine is: its data is never left behind."""
    if mount is None:
        return [Place(None, each) for each in dict.fromkeys((region, *fallback_regions))]
    name, there = mount["source"], volumes(api, app)
    if volume and volume not in [each["id"] for each in there]:
        raise CollectionError(
            f"there is no volume {volume}", where=f"machines of {app}", todo="List them with fly_volume_info"
        )
    named = [each for each in there if each.get("name") == name]
    meant = [each for each in named if each["id"] == volume] or named
    free = _free(api, app, meant)
    if not free:
        raise CollectionError(
            f"there is no free volume {name}",
            where=f"machines of {app}",
            why=f"fly.toml mounts it at {mount['destination']}",
            todo="Declare it with fly_volume first",
        )
    best = min(free, key=lambda v: (v.get("region") != region, v.get("created_at") or "", v["id"]))
    if best["id"] in [each["id"] for each in there if each.get("attached_machine_id")]:
        wait_until_detached(api, app, best["id"])
    return [Place(best["id"], best.get("region") or region)]


def _free(api: MachinesApi, app: str, meant: list[Volume]) -> list[Volume]:
    """Those that a new machine can mount. Of several, none that a restore keeps."""
    if len(meant) < 2:
        return [each for each in meant if not each.get("attached_machine_id") or is_detaching(api, app, each)]
    machines = api.machines(app) or []
    kept = all_kept(machines)
    return [v for v in freed(meant, machines) if not v.get("attached_machine_id") and v["id"] not in kept]
