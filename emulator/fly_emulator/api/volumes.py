"""/apps/{app}/volumes: volumes and their snapshots."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Any

from aiohttp import web

from .. import durations, ids
from ..regions import require_region
from ..state.model import App, Snapshot, Volume
from . import request as r
from .errors import ApiError, invalid, no_capacity, not_found, precondition

routes = web.RouteTableDef()
# Lowercase letters, digits and underscores, at most 30: from Fly's error text as remembered, not sourced.
NAME = re.compile(r"[a-z0-9_]{1,30}")
MAX_SIZE_GB = 500
DEFAULT_SIZE_GB = 3
BLOCK = 4096
SOFT_DELETE = 24 * 3600.0


def used_bytes(directory: Path) -> int:
    """What the files under a directory hold."""
    total = 0
    for folder, _, files in os.walk(directory):
        for file in files:
            try:
                total += os.lstat(os.path.join(folder, file)).st_blocks * 512
            except OSError:
                continue  # removed meanwhile
    return total


def view(volume: Volume, used: int = 0) -> dict[str, Any]:
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


def sweep(request: web.Request, app: App) -> None:
    """Erase soft-deleted volumes whose 24 hours are over."""
    shared = r.context(request)
    for volume in app.volumes.values():
        if volume.destroy_after is not None and volume.destroy_after <= shared.clock.now():
            volume.state, volume.destroy_after = "destroyed", None
            shared.store.erase_volume(volume)
            shared.store.save(app)


@routes.get("/v1/apps/{app_name}/volumes")
async def list_volumes(request: web.Request) -> web.Response:
    app = r.app(request)
    sweep(request, app)
    return web.json_response([view(volume) for volume in app.volumes.values() if volume.state != "destroyed"])


@routes.post("/v1/apps/{app_name}/volumes")
async def create_volume(request: web.Request) -> web.Response:
    app = r.app(request)
    sent = await r.body(request)
    shared = r.context(request)
    name = sent.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid("volume name must be at most 30 lowercase letters, digits and underscores")
    region = require_region(sent.get("region") or shared.settings.region)
    source = _source(app, sent)
    least = source[1].size_gb if source else 1
    size = r.integer(sent.get("size_gb") or max(DEFAULT_SIZE_GB, least), "size_gb")
    if not least <= size <= MAX_SIZE_GB:
        raise invalid(f"size_gb must be from {least} to {MAX_SIZE_GB}, not {size}")
    retention = r.integer(sent.get("snapshot_retention") or 5, "snapshot_retention")
    if not 1 <= retention <= 60:
        raise invalid("snapshot_retention must be from 1 to 60 days")
    if region in shared.full_regions:
        raise no_capacity(f"insufficient resources available in region {region} to create a volume")
    now = shared.clock.now()
    volume = Volume(
        id=ids.volume_id(),
        name=name,
        region=region,
        size_gb=size,
        zone=ids.zone(),
        created_at=now,
        updated_at=now,
        encrypted=sent.get("encrypted") is not False,
        snapshot_retention=retention,
        auto_backup_enabled=sent.get("auto_backup_enabled") is not False,
        fstype=sent.get("fstype") or "ext4",
    )
    target = shared.store.volume_data(volume)
    if source:
        path = source[0]
        origin = shared.store.volume_data(source[1]) if path is None else shared.store.snapshot_data(source[1], path)
        await asyncio.to_thread(_copy, origin, target)
        volume.given_to_user = source[1].given_to_user
    else:
        target.mkdir(parents=True, mode=0o755)
    app.volumes[volume.id] = volume
    shared.store.save(app)
    return web.json_response(view(volume))


def _source(app: App, sent: dict[str, Any]) -> tuple[str | None, Volume] | None:
    """The (snapshot or None, volume) that a new volume is made from."""
    if snapshot := sent.get("snapshot_id"):
        for volume in app.volumes.values():
            if any(item.id == snapshot for item in volume.snapshots):
                return snapshot, volume
        raise not_found("snapshot")
    if origin := sent.get("source_volume_id"):
        if origin not in app.volumes or app.volumes[origin].state != "created":
            raise not_found("source volume")
        return None, app.volumes[origin]
    return None


def _copy(source: Path, target: Path) -> None:
    """Copy a volume's tree with its modes and, as root, its owners."""

    def keep_owner(origin: str, copy: str) -> str:
        if not os.path.islink(origin):
            shutil.copy2(origin, copy)
        if os.geteuid() == 0:
            found = os.lstat(origin)
            os.lchown(copy, found.st_uid, found.st_gid)
        return copy

    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    # Sockets and pipes of a running process cannot be copied and mean nothing in a copy.
    shutil.copytree(
        source,
        target,
        symlinks=True,
        copy_function=keep_owner,
        dirs_exist_ok=True,
        ignore=lambda folder, names: {name for name in names if _special(Path(folder, name))},
    )
    if os.geteuid() == 0:
        for folder, _, _ in os.walk(source):
            found = os.lstat(folder)
            os.lchown(target / Path(folder).relative_to(source), found.st_uid, found.st_gid)


def _special(path: Path) -> bool:
    return not (path.is_symlink() or path.is_dir() or path.is_file())


@routes.get("/v1/apps/{app_name}/volumes/{volume_id}")
async def get_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    sweep(request, app)
    used = await asyncio.to_thread(used_bytes, r.context(request).store.volume_data(volume))
    return web.json_response(view(volume, used))


@routes.put("/v1/apps/{app_name}/volumes/{volume_id}")
@routes.post("/v1/apps/{app_name}/volumes/{volume_id}")
async def update_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    sent = await r.body(request)
    if "snapshot_retention" in sent:
        retention = r.integer(sent["snapshot_retention"], "snapshot_retention")
        if not 1 <= retention <= 60:
            raise invalid("snapshot_retention must be from 1 to 60 days")
        volume.snapshot_retention = retention
    if "auto_backup_enabled" in sent:
        volume.auto_backup_enabled = bool(sent["auto_backup_enabled"])
    return _saved(request, app, volume)


def _saved(request: web.Request, app: App, volume: Volume) -> web.Response:
    shared = r.context(request)
    volume.updated_at = shared.clock.now()
    shared.store.save(app)
    return web.json_response(view(volume))


@routes.delete("/v1/apps/{app_name}/volumes/{volume_id}")
async def delete_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    if volume.attached_machine_id:
        raise precondition(f"volume is currently bound to machine: {volume.attached_machine_id}")
    if volume.destroy_after is None:
        volume.state = "pending_destroy"
        volume.destroy_after = r.context(request).clock.now() + SOFT_DELETE
    return _saved(request, app, volume)


@routes.put("/v1/apps/{app_name}/volumes/{volume_id}/extend")
async def extend_volume(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    size = r.integer((await r.body(request)).get("size_gb"), "size_gb")
    if size < volume.size_gb:
        raise invalid(f"volumes can't be shrunk, the volume has {volume.size_gb} GB")
    if size > MAX_SIZE_GB:
        raise invalid(f"size_gb must be at most {MAX_SIZE_GB}")
    volume.size_gb = size
    for machine in app.live_machines():
        for mount in machine.config.get("mounts", []):
            if mount["volume"] == volume.id:
                mount["size_gb"] = size
    _saved(request, app, volume)
    return web.json_response({"volume": view(volume), "needs_restart": False})


def snapshot_view(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "size": snapshot.size,
        "volume_size": snapshot.volume_size,
        "digest": snapshot.digest,
        "created_at": durations.rfc3339(snapshot.created_at),
        "status": snapshot.status,
        "retention_days": snapshot.retention_days,
    }


@routes.get("/v1/apps/{app_name}/volumes/{volume_id}/snapshots")
async def list_snapshots(request: web.Request) -> web.Response:
    _, volume = r.volume(request)
    return web.json_response([snapshot_view(snapshot) for snapshot in volume.snapshots])


@routes.post("/v1/apps/{app_name}/volumes/{volume_id}/snapshots")
async def create_snapshot(request: web.Request) -> web.Response:
    app, volume = r.volume(request)
    if volume.state != "created":
        raise ApiError(412, f"failed_precondition: volume is in state {volume.state}")
    shared = r.context(request)
    snapshot = Snapshot(
        id=ids.snapshot_id(),
        created_at=shared.clock.now(),
        size=0,
        volume_size=volume.size_gb * 1024**3,
        digest="",
        retention_days=volume.snapshot_retention,
    )
    target = shared.store.snapshot_data(volume, snapshot.id)
    await asyncio.to_thread(_copy, shared.store.volume_data(volume), target)
    snapshot.size = await asyncio.to_thread(used_bytes, target)
    snapshot.digest = hashlib.sha256(snapshot.id.encode()).hexdigest()
    volume.snapshots.append(snapshot)
    shared.store.save(app)
    return web.json_response(snapshot_view(snapshot))
