"""Volumes and their snapshots: sizes, copies, and the 24 hours that a deleted one stays."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import ids
from ..context import Context
from ..errors import NoVolumeCapacity, invalid, not_found, precondition
from ..machines.record import detach
from ..regions import require_region
from ..state.model import App, Snapshot, Volume

# Lowercase letters, digits and underscores, at most 30: from Fly's error text as remembered, not sourced.
NAME = re.compile(r"[a-z0-9_]{1,30}")
MAX_SIZE_GB = 500
DEFAULT_SIZE_GB = 3
SOFT_DELETE = 24 * 3600.0
RETENTION_DAYS = range(1, 61)
LISTED, READY, MERGED = 20.0, 60.0, 600.0
"""Seconds after which a snapshot is listed and done, and in which another request is answered with the same one."""
RESTORING, EXPORT, HYDRATING = 5.0, 2.0, 20.0
"""Seconds that a copy is in each state."""


@dataclass(frozen=True)
class NewVolume:
    """What a client asks for; None takes the default."""

    name: object
    region: str | None = None
    size_gb: int | None = None
    snapshot_retention: int | None = None
    encrypted: bool = True
    auto_backup_enabled: bool = True
    fstype: str | None = None
    snapshot_id: str | None = None
    source_volume_id: str | None = None


def live(app: App) -> list[Volume]:
    """All that a client can see, soft-deleted ones with them."""
    return [volume for volume in app.volumes.values() if not volume.gone]


async def create(context: Context, app: App, wanted: NewVolume) -> Volume:
    """Make an empty volume, or a copy of a snapshot or of another volume; raises PlatformError."""
    volume, origin = _accepted(context, app, wanted)
    target = context.store.volume_data(volume)
    try:
        if origin is not None:
            await asyncio.to_thread(_copy, origin, target)
        with context.store.changing(app):
            target.mkdir(parents=True, exist_ok=True, mode=0o755)
            app.volumes[volume.id] = volume
            if wanted.snapshot_id:
                volume.state = "restoring"
            elif wanted.source_volume_id:
                volume.state = "enabling_remote_export"
    except BaseException:
        context.store.erase_volume(volume)
        raise
    if volume.state != "created":
        context.background.spawn(_fill(context, app, volume))
    return volume


async def _fill(context: Context, app: App, volume: Volume) -> None:
    """A copy's states: one of a snapshot is restored, a fork is filled while it can be mounted already."""
    if volume.state == "restoring":
        await context.clock.sleep(context.delay(RESTORING))
    elif volume.state == "enabling_remote_export":
        await context.clock.sleep(context.delay(EXPORT))
        _enter(context, app, volume, "hydrating")
    if volume.state == "hydrating":
        await context.clock.sleep(context.delay(HYDRATING))
    if volume.state in ("restoring", "hydrating"):
        _enter(context, app, volume, "created")


def _enter(context: Context, app: App, volume: Volume, state: str) -> None:
    volume.state, volume.updated_at = state, context.clock.now()
    if app.name in context.store.apps:
        context.store.note(app)


def _accepted(context: Context, app: App, wanted: NewVolume) -> tuple[Volume, Path | None]:
    """The volume as it will be, and where its data comes from."""
    if not isinstance(wanted.name, str) or not NAME.fullmatch(wanted.name):
        raise invalid("volume name must be at most 30 lowercase letters, digits and underscores")
    region = require_region(wanted.region or context.settings.region)
    source, least, origin = _source(context, app, wanted)
    size = wanted.size_gb or max(DEFAULT_SIZE_GB, least)
    if not least <= size <= MAX_SIZE_GB:
        raise invalid(f"size_gb must be from {least} to {MAX_SIZE_GB}, not {size}")
    retention = _retention(wanted.snapshot_retention or 5)
    if region in context.full_regions:
        raise NoVolumeCapacity
    now = context.clock.now()
    volume = Volume(
        id=ids.volume_id(),
        name=wanted.name,
        region=region,
        size_gb=size,
        zone=ids.zone(),
        created_at=now,
        updated_at=now,
        encrypted=wanted.encrypted,
        snapshot_retention=retention,
        auto_backup_enabled=wanted.auto_backup_enabled,
        fstype=wanted.fstype or "ext4",
        given_to_user=source.given_to_user if source else False,
    )
    return volume, origin


def _source(context: Context, app: App, wanted: NewVolume) -> tuple[Volume | None, int, Path | None]:
    """The volume that a new one is made from, the least size in GB, and the folder to copy.

    It may be of another app of the organization, as flyctl's `--fork-from APP:VOLUME` and `--snapshot-id` want it.
    """
    known = [volume for each in _of_one_organization(context, app) for volume in each.volumes.values()]
    if snapshot := wanted.snapshot_id:
        for volume in known:
            for taken in listed(context, volume):
                if taken.id == snapshot and status(context, taken) == "created":
                    return volume, taken.volume_size // 1024**3, context.store.snapshot_data(volume, snapshot)
        raise not_found("snapshot")
    if wanted.source_volume_id:
        source = next((volume for volume in known if volume.id == wanted.source_volume_id), None)
        if source is None or source.state not in ("created", "hydrating"):
            raise not_found("source volume")
        return source, source.size_gb, context.store.volume_data(source)
    return None, 1, None


def _of_one_organization(context: Context, app: App) -> list[App]:
    """The app first."""
    return [app, *(each for each in context.store.apps.values() if each is not app and each.org == app.org)]


def _retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        raise invalid("snapshot_retention must be from 1 to 60 days")
    return days


def update(
    context: Context, app: App, volume: Volume, snapshot_retention: int | None, auto_backup_enabled: bool | None
) -> None:
    with _changing(context, app, volume):
        if snapshot_retention is not None:
            volume.snapshot_retention = _retention(snapshot_retention)
        if auto_backup_enabled is not None:
            volume.auto_backup_enabled = auto_backup_enabled


def extend(context: Context, app: App, volume: Volume, size_gb: int) -> None:
    """Make it larger; the machine that mounts it sees that at once."""
    if size_gb < volume.size_gb:
        raise invalid(f"volumes can't be shrunk, the volume has {volume.size_gb} GB")
    if size_gb > MAX_SIZE_GB:
        raise invalid(f"size_gb must be at most {MAX_SIZE_GB}")
    with _changing(context, app, volume):
        volume.size_gb = size_gb
        for machine in app.live_machines():
            for mount in machine.config.get("mounts", []):
                if mount["volume"] == volume.id:
                    mount["size_gb"] = size_gb


def delete(context: Context, app: App, volume: Volume) -> None:
    """Soft-delete a volume that no machine mounts: its data goes after 24 hours."""
    if volume.attached_machine_id:
        raise precondition(f"volume is currently bound to machine: {volume.attached_machine_id}")
    if volume.destroy_after is not None:
        return
    with _changing(context, app, volume):
        volume.state = "pending_destroy"
        volume.destroy_after = context.clock.now() + SOFT_DELETE
    context.background.spawn(_erase_when_due(context, app, volume))


async def _erase_when_due(context: Context, app: App, volume: Volume) -> None:
    await context.clock.sleep((volume.destroy_after or 0.0) - context.clock.now())
    volume.state = "destroyed"
    context.store.erase_volume_data(volume)  # its snapshots stay for as long as they are kept
    if app.name in context.store.apps:
        context.store.note(app)


def resume(context: Context) -> None:
    """Go on, after a restart of the emulator, with waiting for what is to be erased."""
    for app in context.store.apps.values():
        for volume in app.volumes.values():
            if volume.destroy_after is not None and not volume.gone:
                context.background.spawn(_erase_when_due(context, app, volume))
            elif volume.state in ("restoring", "enabling_remote_export", "hydrating"):
                context.background.spawn(_fill(context, app, volume))
            if volume.detaching:
                context.background.spawn(detach(context, app, [volume]))


def status(context: Context, taken: Snapshot) -> str:
    """pending until it is done."""
    return taken.status if taken.ready_at <= context.clock.now() else "pending"


def listed(context: Context, volume: Volume) -> list[Snapshot]:
    """The snapshots that a client can see."""
    return [taken for taken in volume.snapshots if taken.listed_at <= context.clock.now()]


async def snapshot(context: Context, app: App, volume: Volume) -> Snapshot:
    """Ask for one; it is listed and done later. One that is merged with a recent one is that one."""
    if volume.state != "created":
        raise precondition(f"volume is in state {volume.state}")
    answer, now = context.answers["snapshots"], context.clock.now()
    recent = [taken for taken in volume.snapshots if now - taken.created_at < MERGED]
    if answer == "merged" and recent:
        return recent[-1]
    at_once = answer == "at-once"
    identity = ids.snapshot_id()
    target = context.store.snapshot_data(volume, identity)
    try:
        await asyncio.to_thread(_copy, context.store.volume_data(volume), target)
        made = Snapshot(
            id=identity,
            created_at=now,
            listed_at=0.0 if at_once else now + context.delay(LISTED),
            ready_at=0.0 if at_once else now + context.delay(READY),
            size=await asyncio.to_thread(used_bytes, target),
            volume_size=volume.size_gb * 1024**3,
            digest=hashlib.sha256(identity.encode()).hexdigest(),
            retention_days=volume.snapshot_retention,
        )
        with context.store.changing(app):
            volume.snapshots.append(made)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return made


async def used(context: Context, volume: Volume) -> int:
    """What its files hold, in bytes."""
    return await asyncio.to_thread(used_bytes, context.store.volume_data(volume))


@contextmanager
def _changing(context: Context, app: App, volume: Volume) -> Iterator[None]:
    with context.store.changing(app):
        yield
        volume.updated_at = context.clock.now()


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
