"""A machine's memory limit: a cgroup where one can be made, else a watch over its processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from .holder import oom
from .holder.tree import descendants

PARENT = "fly-emulator"
V1 = Path("/sys/fs/cgroup/memory")
V2 = Path("/sys/fs/cgroup")
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Cgroup:
    path: Path
    version: int

    @property
    def procs(self) -> str:
        return str(self.path / "cgroup.procs")

    def oom_kills(self) -> int:
        """How often the kernel killed for this group's limit."""
        return oom.kills([str(self.path / ("memory.oom_control" if self.version == 1 else "memory.events"))])

    async def remove(self) -> None:
        for _ in range(100):
            try:
                self.path.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                await asyncio.sleep(0.01)


def make_cgroup(name: str, megabytes: int) -> Cgroup | None:
    """A group with this limit, or None where groups cannot be made (not root, or no memory controller)."""
    for version, root in ((2, V2), (1, V1)):
        try:
            if version == 2 and "memory" not in (root / "cgroup.controllers").read_text().split():
                continue
            if version == 1 and not (root / "memory.limit_in_bytes").exists():
                continue
            parent = root / PARENT
            parent.mkdir(exist_ok=True)
            if version == 2:
                for place in (root, parent):
                    if "memory" not in (place / "cgroup.subtree_control").read_text().split():
                        (place / "cgroup.subtree_control").write_text("+memory")
            group = parent / name
            group.mkdir(exist_ok=True)
            _limit(group, version, megabytes * 1024 * 1024)
            return Cgroup(group, version)
        except OSError:
            continue
    return None


def sweep_cgroups() -> None:
    """Remove the groups of emulators that were killed before they could; its name ends with its emulator's pid."""
    for group in (*(V1 / PARENT).glob("*-*"), *(V2 / PARENT).glob("*-*")):
        if not Path("/proc", group.name.rpartition("-")[2]).exists():
            # Busy means that a process is left in it: not ours to end.
            with contextlib.suppress(OSError):
                group.rmdir()


def _limit(group: Path, version: int, size: int) -> None:
    """Set the limit with no swap on top; raises OSError where it does not hold."""
    limit, swap = (
        ("memory.max", "memory.swap.max") if version == 2 else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    )
    if version == 1 and (group / swap).exists():
        # The sum may not be below the limit: lift it first when the group is used again.
        (group / swap).write_text("-1")
    (group / limit).write_text(str(size))
    if (group / swap).exists():
        (group / swap).write_text("0" if version == 2 else str(size))
    if abs(int((group / limit).read_text()) - size) > 4096:
        raise OSError(f"{group / limit} did not take the limit")


async def watch(root: int, megabytes: int, on_excess: Callable[[], Awaitable[None]]) -> None:
    """Poll the memory of all below `root` and call back once when it exceeds the limit."""
    limit = megabytes * 1024 * 1024
    while True:
        await asyncio.sleep(POLL_SECONDS)
        pids = descendants(root)
        # Resident sizes count shared pages several times; the exact sum is dear: ask for it only when it matters.
        if sum(map(_resident, pids)) > limit and sum(map(_proportional, pids)) > limit:
            await on_excess()
            return


def _resident(pid: int) -> int:
    if sys.platform != "linux":
        size = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
        return int(size.strip() or 0) * 1024
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return _resident(pid)
    return 0
