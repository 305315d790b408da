# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the machine's system and the files of the gateway."""

from __future__ import annotations

from .._base.printable import first_of
from .._openclaw.node_engine import allows
from .._openclaw.releases import facts as release_facts
from . import machine_view
from .evidence import Evidence
from .finding import CRITICAL, INFO, WARNING, finding

_NEARLY, _FULL = 0.85, 0.95
_CLOCK = 60.0
"""Seconds: beyond it signatures, certificates and cron jobs are wrong."""
_FREE_SHARE = 0.08
_SHOWN = 5


def _used(space: tuple[int, int] | None) -> float | None:
    return None if not space or not space[0] else 1 - space[1] / space[0]


def _mb(size: int) -> str:
    return f"{size // 1024**2} MB"


@finding(
    "machine.file_owner",
    CRITICAL,
    title="Files of the gateway belong to another user",
    cause="They were written as root: fly ssh console is root unless --user is given. The gateway cannot read or "
    "change "
    "them, and stops with EACCES or EPERM at its next start.",
    remedy="Run site.yml, which gives them back; from then on use fly ssh console --user node",
    source="openclaw#5434, #83619, #137242; flyctl ssh",
    apply=True,
)
def file_owner(seen: Evidence) -> str | None:
    return first_of(seen.read("owners"), _SHOWN) or None


@finding(
    "machine.config_mode",
    CRITICAL,
    title="Every user of the machine can read openclaw.json",
    cause="It was written with a mode of 0644, as tee does. OpenClaw's own audit calls it critical.",
    remedy="Run chmod 600 on it (site.yml does)",
    source="security audit fs.config.perms_world_readable",
    apply=True,
)
def config_mode(seen: Evidence) -> str | None:
    for path, (owner, mode) in seen.inside.owners.items():
        if path.endswith("openclaw.json") and mode.isdigit() and int(mode, 8) & 0o077:
            return f"{path}: {mode} {owner}"
    return None


@finding(
    "machine.config_missing",
    CRITICAL,
    title="There is no openclaw.json",
    cause="It was never written, or the volume is a new and empty one. Without --allow-unconfigured the gateway ends "
    "with 78.",
    remedy="Run the playbook openclaw.fly.site",
    source="hackdays-io/toban#571",
)
def config_missing(seen: Evidence) -> str | None:
    return ", ".join(path for path in seen.inside.absent if path.endswith("openclaw.json")) or None


@finding(
    "machine.disk_full",
    CRITICAL,
    title="The disk with the state is full",
    cause="Sessions, media, logs or leftovers of upgrades filled it; OpenClaw's databases cannot be written (ENOSPC).",
    remedy="Extend the volume: fly_app_volume_size_gb. Look what grows: du -xh /data | sort -h | tail",
    source="openclaw#44812, #76502, #153607",
)
def disk_full(seen: Evidence) -> str | None:
    disk, inodes = seen.inside.disk, seen.inside.inodes
    if disk and (_used(disk) or 0) >= _FULL:
        return f"{_mb(disk[1])} of {_mb(disk[0])} free"
    if inodes and (_used(inodes) or 0) >= _FULL:
        return f"{inodes[1]} of {inodes[0]} inodes free"
    return None


@finding(
    "machine.disk_nearly_full",
    WARNING,
    title="The disk with the state is nearly full",
    cause="A backup needs room for an archive, an upgrade for a copy of each database.",
    remedy="Extend the volume: fly_app_volume_size_gb",
    source="Measured backups and migrations of 2026.9.6",
)
def disk_nearly_full(seen: Evidence) -> str | None:
    disk = seen.inside.disk
    return f"{_mb(disk[1])} of {_mb(disk[0])} free" if disk and _NEARLY <= (_used(disk) or 0) < _FULL else None


@finding(
    "machine.root_full",
    WARNING,
    title="The machine's own disk is nearly full",
    cause="Logs and scratch files in /tmp fill it, of updates and of doctor. It is emptied with the next deploy.",
    remedy="Restart the machine's deploy (fly deploy, or site.yml after a change), and look what is in /tmp",
    source="openclaw#153607",
)
def root_full(seen: Evidence) -> str | None:
    root = seen.inside.root
    return f"{_mb(root[1])} of {_mb(root[0])} free" if root and (_used(root) or 0) >= _NEARLY else None


@finding(
    "machine.memory_low",
    WARNING,
    title="The machine has hardly any free memory",
    cause="The gateway, its tools or a second command use it up; the next one to ask for more is killed.",
    remedy="Raise fly_app_vm_memory, and run site.yml",
    source="openclaw#18947, #82518",
)
def memory_low(seen: Evidence) -> str | None:
    memory = seen.inside.memory
    return f"{_mb(memory[1])} of {_mb(memory[0])} free" if memory and memory[1] < memory[0] * _FREE_SHARE else None


@finding(
    "machine.clock",
    WARNING,
    title="The machine's clock is wrong",
    cause="After a suspend the clock may lag; certificates, signatures of webhooks and cron jobs fail then. Or the "
    "clock of "
    "this controller is wrong.",
    remedy="Restart the machine; compare with date -u here",
    source="superfly/docs suspend-resume",
)
def clock_differs(seen: Evidence) -> str | None:
    there = seen.inside.now
    differs = None if there is None else there - seen.now
    return None if differs is None or abs(differs) < _CLOCK else f"{differs:+.0f} s beside this controller's"


@finding(
    "machine.node_too_old",
    CRITICAL,
    title="Node.js does not fit the release",
    cause="Each release of OpenClaw names the versions of Node.js that it runs with; a custom image has another one.",
    remedy="Build the image on the official one of the release, or with a Node.js that it names",
    source="package.json engines.node of each release",
)
def node_too_old(seen: Evidence) -> str | None:
    wanted, have = release_facts(seen.release).node_engine, seen.inside.node
    if not wanted or not have or allows(wanted, have):
        return None
    return f"Node.js {have}; OpenClaw {seen.release} needs {wanted}"


@finding(
    "machine.lock_held",
    CRITICAL,
    title="Another process holds the gateway's lock",
    cause="A gateway was started by hand in the machine, or a process that is no gateway has the pid of a former one.",
    remedy="End that process, or restart the machine. Never remove a lock while its process may run",
    source="OpenClaw docs/gateway/gateway-lock.md; openclaw#1572, #135133",
)
def lock_held(seen: Evidence) -> str | None:
    held = [lock for lock in seen.inside.locks if lock.command and " gateway" not in f" {lock.command}"]
    wrong = [lock for lock in held if "openclaw" not in lock.command]
    lines = [f"{lock.path} names pid {lock.pid}, which is {lock.command.split()[0]}" for lock in wrong]
    if len(seen.inside.processes) > 1:
        lines.append(f"{len(seen.inside.processes)} gateways run")
    return "; ".join(lines) or None


@finding(
    "machine.lock_stale",
    INFO,
    title="A lock of a gateway that no longer runs is left",
    cause="The gateway was killed. Releases since 2026.8.1 take such a lock over; older ones waited for it.",
    remedy="Nothing, if the gateway serves; else restart the machine",
    source="Measured with 2026.9.6: reclaimed without delay",
)
def lock_stale(seen: Evidence) -> str | None:
    left = [lock for lock in seen.inside.locks if not lock.command]
    return ", ".join(f"{lock.path} (pid {lock.pid})" for lock in left) if left and not seen.inside.processes else None


@finding(
    "machine.listens_on_loopback",
    CRITICAL,
    title="The gateway listens on 127.0.0.1 only",
    cause="gateway.bind in openclaw.json, or --bind, keeps it there; Fly.io's proxy comes from outside the loopback.",
    remedy="Start it with --bind lan: run site.yml",
    source="openclaw#54222, #61779",
    apply=True,
)
def listens_on_loopback(seen: Evidence) -> str | None:
    port = machine_view.port_of(seen.machine)
    kinds = seen.inside.listens_on(port) if port else []
    served = bool(seen.config.get("services"))
    return f"port {port}" if served and kinds and set(kinds) == {"loopback"} else None


@finding(
    "machine.no_listener",
    CRITICAL,
    title="Nothing listens on the gateway's port",
    cause="It boots, crashed, or listens on another port than its command names.",
    remedy="See its log and the other findings",
    source="The machine's /proc/net/tcp",
)
def no_listener(seen: Evidence) -> str | None:
    port = machine_view.port_of(seen.machine)
    inside = seen.inside
    return f"port {port}" if port and inside.listeners and not inside.listens_on(port) else None
