# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume of an app, by name."""

from __future__ import annotations

from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._converge.resource import Change, Resource
from .._fly.client.api import Json, MachinesApi
from .._fly.client.errors import NoCapacity
from .._fly.volumes.pick import GONE
from .._fly.volumes.snapshots import take_snapshot

_BEING_MADE = ("creating", "restoring", "hydrating", "recovering", "enabling_remote_export")
_PATIENCE = 600.0


class Volume(Resource[list[Json]]):
    """One volume of this name, `size_gb` at least; it only grows, and convergence never destroys it.

    A new one starts empty, from `snapshot`, or, on another host, as a copy of `fork_from`. The copied volume stays
    where it is: with `fork_from` the volume meant is another one of this name, in `region` if one is given.
    """

    def __init__(
        self,
        api: MachinesApi,
        app: str,
        name: str,
        *,
        region: str | None = None,
        size_gb: int = 1,
        snapshot_retention: int | None = None,
        auto_backup: bool | None = None,
        fallback_regions: tuple[str, ...] = (),
        compute: Json | None = None,
        state: str = "present",
        destroy_data: bool = False,
        snapshot_first: bool = True,
        snapshot: str | None = None,
        fork_from: str | None = None,
    ) -> None:
        self._api, self._app, self._name = api, app, name
        self._region, self._size, self._retention = region, size_gb, snapshot_retention
        self._auto_backup, self._fallbacks, self._compute = auto_backup, fallback_regions, compute
        self._state, self._destroy_data, self._snapshot_first = state, destroy_data, snapshot_first
        self._snapshot, self._fork_from = snapshot, fork_from

    @property
    def title(self) -> str:
        return f"volume {self._name} of {self._app}"

    def observe(self) -> list[Json]:
        found = [v for v in self._api.volumes(self._app) or [] if v.get("state") not in GONE]
        if self._fork_from:
            self._size = max(self._size, self._origin(found).get("size_gb") or 0)
            found = [v for v in found if v["id"] != self._fork_from and self._region in (None, v.get("region"))]
        return [v for v in found if v.get("name") == self._name]

    def plan(self, observed: list[Json]) -> list[Change]:
        if self._state == "absent":
            return [self._destruction(volume) for volume in observed]
        if not observed:
            return [self._creation()]
        volume = self._the_one(observed)
        changes = []
        size = volume.get("size_gb") or 0
        if size > self._size:
            raise CollectionError(
                f"the volume has {size} GB and cannot shrink to {self._size}",
                where=self.title,
                todo=f"Set the size to {size} or more",
            )
        if size < self._size:
            changes.append(
                Change(
                    f"extend from {size} to {self._size} GB",
                    {"size_gb": size},
                    {"size_gb": self._size},
                    lambda: self._api.extend_volume(self._app, volume["id"], self._size),
                )
            )
        wanted = {"snapshot_retention": self._retention, "auto_backup_enabled": self._auto_backup}
        update = {key: value for key, value in wanted.items() if value is not None and volume.get(key) != value}
        if update:
            changes.append(
                Change(
                    "change " + " and ".join(update),
                    {key: volume.get(key) for key in update},
                    update,
                    lambda: self._api.update_volume(self._app, volume["id"], update),
                )
            )
        return changes

    def settle(self, observed: list[Json]) -> list[Json]:
        """Wait until a volume with data in it can be mounted."""
        deadline = clock.monotonic() + _PATIENCE
        while any(volume.get("state") in _BEING_MADE for volume in observed) and clock.monotonic() < deadline:
            clock.sleep(2.0)
            observed = self.observe()
        return observed

    def describe(self, observed: list[Json]) -> dict[str, Any]:
        return {"volume": self._the_one(observed) if observed else None, "volumes": observed}

    def _the_one(self, observed: list[Json]) -> Json:
        """The volume with the data: the attached one, else the one in the wanted region, the oldest of several."""
        return min(
            observed,
            key=lambda v: (
                not v.get("attached_machine_id"),
                v.get("region") != self._region,
                v.get("created_at") or "",
                v["id"],
            ),
        )

    def _creation(self) -> Change:
        if not self._region:
            raise CollectionError(
                "no region is given for a new volume", where=self.title, todo="Give region, such as iad"
            )
        after = {"name": self._name, "region": self._region, "size_gb": self._size, "encrypted": True, **self._from()}
        what = f"create {self._size} GB in {self._region}"
        for origin in self._from().values():
            what += f" from {origin}"
        return Change(what, None, after, self._create)

    def _origin(self, volumes: list[Json]) -> Json:
        for volume in volumes:
            if volume["id"] == self._fork_from:
                self._region = self._region or volume.get("region")
                return volume
        raise CollectionError(
            f"there is no volume {self._fork_from} to fork",
            where=f"app {self._app}",
            todo="Give the id of a volume of this app, as fly_volume_info tells it",
        )

    def _from(self) -> Json:
        """What a new volume is made from, as the API names it."""
        if self._fork_from:
            return {"source_volume_id": self._fork_from}
        return {"snapshot_id": self._snapshot} if self._snapshot else {}

    def _create(self) -> None:
        body: Json = {"name": self._name, "size_gb": self._size, "encrypted": True, **self._from()}
        if self._fork_from:
            body["require_unique_zone"] = True  # another host
        if self._retention is not None:
            body["snapshot_retention"] = self._retention
        if self._auto_backup is not None:
            body["auto_backup_enabled"] = self._auto_backup
        if self._compute:
            body["compute"] = self._compute
        regions = [self._region, *self._fallbacks]
        for region in regions:
            try:
                self._api.create_volume(self._app, {**body, "region": region})
                return
            except NoCapacity:
                if region == regions[-1]:
                    raise

    def _destruction(self, volume: Json) -> Change:
        if not self._destroy_data:
            raise CollectionError(
                f"the volume {volume['id']} holds data, and it would be lost",
                where=self.title,
                todo="Back it up, then say destroy_data: true",
            )

        def destroy() -> None:
            if self._snapshot_first:
                take_snapshot(self._api, self._app, volume["id"])
            self._api.delete_volume(self._app, volume["id"])

        before = {key: volume.get(key) for key in ("id", "region", "size_gb")}
        return Change(f"destroy {volume['id']}", before, None, destroy)
