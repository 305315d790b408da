# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against creating or keeping a volume as it is declared: pure functions over what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..._base.errors import CollectionError
from ..client.types import Volume
from .lost import Lost


def described(volume: Volume) -> str:
    """ "vol_1 in iad, 3 GB (120 MB used), of 2026-09-20T10:00:00Z, attached to machine 3287abc"."""
    used = volume.get("bytes_used")
    held = f" ({used // 1024**2} MB used)" if used else ""
    made = f", of {volume['created_at']}" if volume.get("created_at") else ""
    user = volume.get("attached_machine_id")
    return f"{volume['id']} in {volume['region']}, {volume['size_gb']} GB{held}{made}, " + (
        f"attached to machine {user}" if user else "attached to none"
    )


def several(where: str, volumes: Sequence[Volume]) -> CollectionError | None:
    """Two volumes of a name are two states: which one is meant must be clear."""
    attached = [volume for volume in volumes if volume.get("attached_machine_id")]
    if len(volumes) < 2 or len(attached) == 1:
        return None
    return CollectionError(
        f"there are {len(volumes)} volumes of this name, and {len(attached) or 'none'} of them in use",
        where=where,
        why="; ".join(map(described, volumes)),
        todo="Look what each holds, destroy the surplus machine (fly_machine state=absent; its volume stays), then the "
        "surplus volume (fly volumes destroy ID), or rename the play's volume to the one to keep",
        volumes=[volume["id"] for volume in volumes],
    )


def surplus(title: str, volumes: Sequence[Volume]) -> list[str]:
    """A warning for volumes of the name beside the one in use: they cost money, and hold a state of their own."""
    spare = [volume for volume in volumes if not volume.get("attached_machine_id")]
    if len(volumes) < 2 or len(spare) != len(volumes) - 1:
        return []
    listed = "; ".join(map(described, spare))
    return [f"{title}: another volume of this name exists and is billed: {listed}. Destroy it when it is not needed"]


def kept(title: str, volumes: Iterable[Volume], until: Mapping[str, str], now: str) -> list[str]:
    """A warning for each volume that a restore keeps: when it may be destroyed, and, once that is due, how."""
    lines = []
    for volume in volumes:
        identity, end = volume["id"], until.get(volume["id"])
        if end:
            line = f"{title}: volume {identity} ({volume['size_gb']} GB) is kept until {end} by a restore, and billed. "
            line += "It holds what a former machine wrote"
            lines.append(line if end > now else f"{line}. Destroy it with: fly volumes destroy {identity}")
    return lines


def elsewhere(where: str, volume: Volume, region: str | None, fallbacks: Iterable[str]) -> CollectionError | None:
    """A volume does not move: another region in the declaration changes nothing, and would be reported as true."""
    here = volume["region"]
    if region is None or here in (region, *fallbacks):
        return None
    return CollectionError(
        f"the volume {volume['id']} is in {here}, not in {region}",
        where=where,
        why="a volume stays in its region, and its machine beside it",
        todo=f"Write {here} again, or copy it with fly_volume (region: {region}, fork_from: {volume['id']}), deploy "
        "with the copy (fly_deploy volume) and destroy the old one",
        volume=volume["id"],
        region=here,
    )


def lost_data(where: str, lost: Sequence[Lost]) -> CollectionError | None:
    """There was a volume of this name: an empty one in its place would be taken for it."""
    if not lost:
        return None
    last = lost[0].newest
    restore = (
        f"Restore it with snapshot_id: {last['id']} (fly_app_volume_snapshot)" if last else "Ask Fly.io for the volume"
    )
    restore += " (fly_volume_snapshot_info lists the snapshots)"
    return CollectionError(
        "the app had a volume of this name, and it is gone",
        where=where,
        why="; ".join(map(str, lost)),
        todo=f"{restore}, or set start_empty: true (fly_app_volume_start_empty) to begin without data",
        volumes=[one.id for one in lost],
        snapshots=[snapshot["id"] for one in lost for snapshot in one.snapshots],
    )


def too_small(where: str, snapshot: str, least: int | None, size: int) -> CollectionError | None:
    """A volume made from a snapshot that does not fit would be refused, or hold a part of the data."""
    if least is None or size >= least:
        return None
    return CollectionError(
        f"{size} GB is smaller than the snapshot {snapshot}",
        where=where,
        why=f"the snapshot is of a volume of {least} GB, and what is restored from it needs as much",
        todo=f"Set size_gb to {least} or more (fly_app_volume_size_gb)",
        snapshot=snapshot,
        size_gb=least,
    )


def undeclared(title: str, volume: Volume, others: Sequence[Volume]) -> list[str]:
    """A warning for volumes of other names that nothing uses, beside one in use. Nothing removes them by itself."""
    spare = [one for one in others if not one.get("attached_machine_id")]
    if not spare or not volume.get("attached_machine_id"):
        return []
    listed = "; ".join(f"{one['name']}: {described(one)}" for one in spare)
    return [f"{title}: the app has volumes that no machine uses, and they are billed: {listed}. They are left alone"]


def renamed(where: str, name: str, others: Sequence[Volume]) -> CollectionError | None:
    """The app's data is on a volume of another name: a new one would be billed, and begin empty."""
    used = [volume for volume in others if volume.get("attached_machine_id")]
    if not used:
        return None
    return CollectionError(
        f"the app uses {' and '.join(sorted({volume['name'] for volume in used}))} and has no volume {name}",
        where=where,
        why="; ".join(f"{volume['name']}: {described(volume)}" for volume in used),
        todo=f"A volume cannot be renamed: write name: {used[0]['name']}; or set start_empty: true for one more volume",
        volumes=[volume["id"] for volume in used],
    )
