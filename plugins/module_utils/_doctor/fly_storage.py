# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the volume: whether it has the state, room, snapshots, and is the only one."""

from __future__ import annotations

from pathlib import PurePosixPath

from .._base import clock
from .._fly.volumes.judge import described
from .._fly.volumes.lost import mounted
from .._fly.volumes.restoring import all_kept
from .._fly.volumes.snapshots import READY
from .._gateway.backup_note import last_backup
from .evidence import Evidence
from .finding import CRITICAL, INFO, WARNING, finding

_NEARLY, _FULL = 0.80, 0.95
_SNAPSHOT_AGE = 3 * 86400.0
_BACKUP_AFTER = 7 * 86400.0


@finding(
    "fly.no_volume",
    CRITICAL,
    title="The gateway's state is lost with the machine: no volume is mounted",
    cause="Without [mounts] the state is on the machine's own disk, which is new with every deploy.",
    remedy="Add [mounts] with a volume (site.yml does). Take a copy of the state first: the next deploy loses it",
    source="superfly/docs volumes",
)
def no_volume(seen: Evidence) -> str | None:
    return None if seen.config.get("mounts") else f"machine {seen.machine['id']} mounts nothing"


@finding(
    "fly.state_off_volume",
    CRITICAL,
    title="The gateway's state is beside the volume, not on it",
    cause="OPENCLAW_STATE_DIR is missing or names a folder outside the mount: sessions, devices and logins are lost "
    "with "
    "every deploy, while the volume stays empty.",
    remedy="Set OPENCLAW_STATE_DIR to the volume's path, such as /data. Take a copy of the state first",
    source="OpenClaw docs/install/fly.md",
)
def state_off_volume(seen: Evidence) -> str | None:
    mounts = [str(mount.get("path") or "") for mount in seen.config.get("mounts") or []]
    if not mounts:
        return None
    state = seen.env.get("OPENCLAW_STATE_DIR", "")
    inside = state and any(PurePosixPath(state).is_relative_to(mount) for mount in mounts if mount)
    return None if inside else f"OPENCLAW_STATE_DIR is {state or 'not set'}; the volume is at {', '.join(mounts)}"


@finding(
    "fly.volume_full",
    CRITICAL,
    title="The volume is full",
    cause="Sessions, media, logs or backups filled it. OpenClaw cannot write its databases then (ENOSPC).",
    remedy="Extend it: fly_app_volume_size_gb (it never shrinks), then look what grows",
    source="openclaw#10126, #44812, #76502",
)
def volume_full(seen: Evidence) -> str | None:
    share = _share(seen)
    return f"{share:.0%} of {described(seen.volume)}" if share is not None and share >= _FULL else None


@finding(
    "fly.volume_nearly_full",
    WARNING,
    title="The volume is nearly full",
    cause="A backup and an upgrade's migration need as much again as the databases have.",
    remedy="Extend it: fly_app_volume_size_gb, or set auto_extend_size_threshold in [mounts]",
    source="openclaw#76502; measured backups of 2026.9.6",
)
def volume_nearly_full(seen: Evidence) -> str | None:
    share = _share(seen)
    return f"{share:.0%} of {described(seen.volume)}" if share is not None and _NEARLY <= share < _FULL else None


def _share(seen: Evidence) -> float | None:
    """The used part of the volume, as Fly.io sees it."""
    volume = seen.volume
    used, total = volume.get("bytes_used"), volume["size_gb"] * 1024**3
    return used / total if used is not None and total else None


@finding(
    "fly.volume_unreachable",
    CRITICAL,
    title="The host of the volume is unreachable",
    cause="A volume is on one physical server, which is down or cut off.",
    remedy="Wait for Fly.io (status.flyio.net); to go on now, restore the newest snapshot elsewhere with rollback.yml",
    source="host_status of the Machines API",
)
def volume_unreachable(seen: Evidence) -> str | None:
    status = seen.volume.get("host_status")
    return f"{seen.volume['id']}: host_status {status}" if status not in (None, "ok") else None


@finding(
    "fly.two_volumes",
    WARNING,
    title="Another volume of the same name exists, and no machine mounts it",
    cause="It is left of a former machine, a fork or a second deploy. It costs money, and a new machine could mount "
    "it in "
    "place of the one with the data.",
    remedy="Look what it holds, then destroy it: fly volumes destroy ID",
    source="Fly.io: names of volumes are not unique",
)
def two_volumes(seen: Evidence) -> str | None:
    kept = all_kept(seen.machines)
    in_use = {identity for one in seen.machines for identity in mounted(one)}
    name = seen.volume["name"]
    spare = [one for one in seen.volumes if one["name"] == name and one["id"] not in {*in_use, *kept}]
    return "; ".join(described(one) for one in spare) or None


@finding(
    "fly.no_snapshots",
    WARNING,
    title="Fly.io takes no snapshots of the volume",
    cause="Scheduled snapshots are off. A volume is one disk on one server.",
    remedy="Set fly_app_snapshot_retention, or schedule backup.yml",
    source="superfly/docs volumes",
    apply=True,
)
def no_snapshots(seen: Evidence) -> str | None:
    return (
        f"{seen.volume['id']}: scheduled snapshots are off" if seen.volume.get("auto_backup_enabled") is False else None
    )


@finding(
    "fly.snapshot_old",
    WARNING,
    title="The newest snapshot of the volume is old",
    cause="Scheduled snapshots are taken daily; they fail or are off.",
    remedy="Run the playbook openclaw.fly.backup, and see fly volumes snapshots list ID",
    source="superfly/docs volumes",
)
def snapshot_old(seen: Evidence) -> str | None:
    made = seen.volume.get("created_at")
    if not made or seen.now - clock.parse(made) < _SNAPSHOT_AGE:
        return None
    ready = [str(one["created_at"]) for one in seen.snapshots if one.get("status") == READY and one.get("created_at")]
    newest = max(map(clock.parse, ready), default=None)
    if newest is None:
        return f"{seen.volume['id']} of {made} has none"
    age = seen.now - newest
    return f"the newest of {seen.volume['id']} is {age / 86400:.0f} days old" if age > _SNAPSHOT_AGE else None


@finding(
    "fly.no_backup",
    INFO,
    title="No consistent backup of the gateway is known",
    cause="Fly.io's snapshots catch the databases in the middle of a write. Of 14 such copies 11 were corrupt.",
    remedy="Schedule the playbook openclaw.fly.backup",
    source="Measured with 2026.9.6; OpenClaw docs/install/backups.md",
)
def no_backup(seen: Evidence) -> str | None:
    made = seen.volume.get("created_at")
    young = not made or seen.now - clock.parse(made) < _BACKUP_AFTER
    return None if young or last_backup(seen.machine) else f"machine {seen.machine['id']} notes none"
