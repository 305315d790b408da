"""A trial machine, by which a tier is found to work, and what it gives."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..images.base import Image
from .base import MachineSpec, Mount, Runtime
from .sixpn import Networks

MEMORY_MB = 64
ADDRESS = "fdaa:0:1:a7b::2"
SCRIPT = "touch /data/written; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; :"


@dataclass(frozen=True)
class Trial:
    no_sixpn: str = ""
    """Why the machine could not join a private network, or ""."""
    limited: bool = False
    """Whether the machine saw the memory limit as its own cgroup's."""


async def run(runtime: Runtime, state_dir: Path, seconds: float) -> Trial:
    """Start a machine that writes to a volume in `state_dir`; raises RuntimeError with what went wrong."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="probe-", dir=state_dir) as name:
        spec = MachineSpec(
            machine_id="probe", app="probe", image=Image(reference="probe", digest="", binds=(), user=(1000, 1000)),
            argv=("sh", "-c", SCRIPT), env={}, mounts=(Mount(Path(name), "/data"),), memory_mb=MEMORY_MB,
            state_dir=Path(name), ipv4="172.19.0.2", ipv6=ADDRESS, proxy_ipv4="172.19.0.1",
        )  # fmt: skip
        try:
            async with asyncio.timeout(seconds):
                if os.geteuid() != 0:
                    return Trial("run as root", await _once(runtime, spec))
                networks = Networks()
                try:
                    return Trial("", await _once(runtime, replace(spec, join=partial(networks.join, ADDRESS))))
                except RuntimeError as failed:
                    return Trial(str(failed), await _once(runtime, spec))
                finally:
                    await networks.close()
        except TimeoutError:
            raise RuntimeError(f"its probe did not end within {seconds:.0f} seconds") from None


async def _once(runtime: Runtime, spec: MachineSpec) -> bool:
    said: list[str] = []
    machine = await runtime.start(spec, lambda _, line: said.append(line))
    ended = await machine.wait()
    if ended.code:
        raise RuntimeError(f"writing to a volume ended with {ended.code}: {' '.join(said)}")
    return str(MEMORY_MB * 1024 * 1024) in said
