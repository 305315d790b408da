"""/apps/{app}/volumes: volumes and their snapshots."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..context import Context
from ..platform import volumes
from ..platform.volumes import NewVolume
from ..state.model import Snapshot, Volume
from ..web import request as r

routes = web.RouteTableDef()
VOLUMES = "/v1/apps/{app_name}/volumes"
VOLUME = VOLUMES + "/{volume_id}"
BLOCK = 4096


def view(volume: Volume, used: int = 0) -> dict[str, Any]:
    """As reads show it."""
    total = volume.size_gb * 1024**3
    return {
        "id": volume.id,
        "name": volume.name,
        "state": volume.state,
        "size_gb": volume.size_gb,
        "region": volume.region,
        "zone": volume.zone,
        "encrypted": volume.encrypted,
        "attached_machine_id": volume.attached_machine_id,
        "attached_alloc_id": None,
        "created_at": durations.rfc3339(volume.created_at),
        "blocks": total // BLOCK,
        "block_size": BLOCK,
        "blocks_free": max(total - used, 0) // BLOCK,
        "blocks_avail": max(total - used, 0) // BLOCK,
        "bytes_used": used,
        "bytes_total": total,
        "fstype": volume.fstype,
        "snapshot_retention": volume.snapshot_retention,
        "auto_backup_enabled": volume.auto_backup_enabled,
        "host_status": volume.host_status,
        "type": "local",
    }


@routes.get(VOLUMES)
async def list_volumes(request: web.Request) -> web.Response:
    return web.json_response([view(volume) for volume in volumes.live(r.app(request))])


def _optional(value: Any, name: str) -> int | None:
    return r.integer(value, name) if value else None


@routes.post(VOLUMES)
async def create_volume(request: web.Request) -> web.Response:
    app, sent = r.app(request), await r.body(request)
    wanted = NewVolume(
        name=sent.get("name"),
        region=sent.get("region"),
        size_gb=_optional(sent.get("size_gb"), "size_gb"),
        snapshot_retention=_optional(sent.get("snapshot_retention"), "snapshot_retention"),
        encrypted=sent.get("encrypted") is not False,
        auto_backup_enabled=sent.get("auto_backup_enabled") is not False,
        fstype=sent.get("fstype"),
        snapshot_id=sent.get("snapshot_id"),
        source_volume_id=sent.get("source_volume_id"),
    )
    made = view(await volumes.create(r.context(request), app, wanted))
    # Nothing is formatted yet when it answers.
    return web.json_response(made | {key: 0 for key in made if key.startswith("blocks")} | {"fstype": ""})


@routes.get(VOLUME)
async def get_volume(request: web.Request) -> web.Response:
    _, volume = r.volume(request)
    return web.json_response(view(volume, await volumes.used(r.context(request), volume)))


@routes.put(VOLUME)
@routes.post(VOLUME)
async def update_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    sent = await r.body(request)
    kept, backup = sent.get("snapshot_retention"), sent.get("auto_backup_enabled")
    volumes.update(
        r.context(request),
        app,
        volume,
        r.integer(kept, "snapshot_retention") if "snapshot_retention" in sent else None,
        bool(backup) if "auto_backup_enabled" in sent else None,
    )
    return web.json_response(view(volume))


@routes.delete(VOLUME)
async def delete_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    volumes.delete(r.context(request), app, volume)
    return web.json_response(view(volume))


@routes.put(VOLUME + "/extend")
async def extend_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    size = r.integer((await r.body(request)).get("size_gb"), "size_gb")
    volumes.extend(r.context(request), app, volume, size)
    return web.json_response({"volume": view(volume), "needs_restart": False})


def snapshot_view(context: Context, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "size": snapshot.size,
        "volume_size": snapshot.volume_size,
        "digest": snapshot.digest,
        "created_at": durations.rfc3339(snapshot.created_at),
        "status": volumes.status(context, snapshot),
        "retention_days": snapshot.retention_days,
    }


@routes.get(VOLUME + "/snapshots")
async def list_snapshots(request: web.Request) -> web.Response:
    _, volume = r.volume(request, gone=True)
    return web.json_response(
        [snapshot_view(r.context(request), taken) for taken in volumes.listed(r.context(request), volume)]
    )


@routes.post(VOLUME + "/snapshots")
async def create_snapshot(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    return web.json_response(snapshot_view(r.context(request), await volumes.snapshot(r.context(request), app, volume)))
