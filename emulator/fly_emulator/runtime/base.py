"""The contract between a machine's life cycle and the tier that runs its process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import aiohttp

from ..images.base import Image
from .egress import Egress

LogSink = Callable[[str, str], None]
"""Takes (level, line); level is "info" for the machine's output, "system" for ours."""


@dataclass(frozen=True)
class Mount:
    """A volume's directory on the host and where the machine sees it."""

    source: Path
    target: str


@dataclass(frozen=True)
class GuestFile:
    """A file written into the root filesystem before each start (`config.files`)."""

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True)
class MachineSpec:
    """All that a tier needs to start one machine; the state directory is the tier's to fill."""

    machine_id: str
    app: str
    image: Image
    argv: tuple[str, ...]
    env: Mapping[str, str]
    mounts: tuple[Mount, ...]
    memory_mb: int
    state_dir: Path
    ipv4: str
    """The address of the machine towards Fly's proxy, within 172.16.0.0/12."""
    ipv6: str
    """Its 6PN address, fdaa:..."""
    proxy_ipv4: str
    """Where the proxy's connections come from, within 172.16.0.0/12."""
    ports: tuple[int, ...] = ()
    """Internal ports of services and checks."""
    files: tuple[GuestFile, ...] = ()
    join: Callable[[int], Awaitable[None]] | None = None
    """Joins the machine's network, which a process of this number is in, to others; before anything starts in it."""
    egress: Egress | None = None
    """Its way out; None where it has none, or the host's."""


@dataclass(frozen=True)
class Exit:
    """How a machine's main process ended. `code` follows the shell: 128 + signal."""

    code: int
    signal: int = 0
    oom_killed: bool = False


@dataclass(frozen=True)
class ExecResult:
    exit_code: int
    stdout: bytes
    stderr: bytes
    exit_signal: int = 0
    timed_out: bool = False
    unknown: bool = False
    """It could not be executed at all."""


@dataclass(frozen=True)
class Guarantees:
    """What a tier can promise; tests assert or skip by these, `status` prints them."""

    tier: str
    private_root: bool
    """The machine sees its own root filesystem, read-only but for its mounts and /tmp."""
    private_network: bool
    """Its ports are its own; the proxy's address is 172.16/12; 6PN is IPv6 only."""
    memory_limit: str
    """"cgroup", "watchdog" or "none"."""
    owners: str
    """"real" (uids are real), "mapped" (one uid, shown as the image's user) or "host" (the caller's)."""
    missing: tuple[str, ...] = ()
    """What is absent, in words, each with what would bring it."""
    sixpn: bool = False
    """Machines of a network reach one another over 6PN."""


class RunningMachine(Protocol):
    """A started machine."""

    pid: int
    ports: Mapping[int, int]
    """The machine's ports to the host's, where the machine has no network of its own."""

    async def wait(self) -> Exit:
        """Return when the main process has ended; may be awaited by several."""

    async def stop(self, signal: int, timeout: float) -> Exit:
        """Signal the main process, kill it after `timeout` seconds, return how it ended."""

    async def kill(self, signal: int) -> None:
        """Send a signal to the main process and return at once."""

    async def freeze(self, frozen: bool) -> None:
        """Halt every process of the machine where it is, or let them go on; raises RuntimeError when it has ended."""

    async def exec(self, argv: tuple[str, ...], stdin: bytes, timeout: float) -> ExecResult:
        """Run a command beside the main process, as root where the tier has one, with the machine's env."""

    def connector(self, port: int, via: str) -> aiohttp.BaseConnector:
        """Open connections to `port`; `via` is "proxy" (from proxy_ipv4, IPv4), "check" (IPv4) or "6pn" (IPv6)."""


class Runtime(Protocol):
    """A tier."""

    guarantees: Guarantees

    async def start(self, spec: MachineSpec, log: LogSink) -> RunningMachine:
        """Start the machine's process; raises RuntimeError with the reason when it cannot."""


@dataclass
class Probe:
    """Whether a tier works here, found out by doing it."""

    works: bool
    reason: str = ""
    guarantees: Guarantees | None = field(default=None)
