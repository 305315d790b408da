"""Machines on each tier that works here, without an emulator around them."""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.hang import HANG

from fly_emulator.images.catalog import Catalog
from fly_emulator.runtime import RuntimeUnavailable, select
from fly_emulator.runtime.base import MachineSpec, Mount, RunningMachine, Runtime

GATEWAY = ("node", "dist/index.js", "gateway", "--allow-unconfigured", "--port", "3000", "--bind", "lan")
MACHINE_NETWORKS = [ipaddress.ip_network("172.16.0.0/12"), ipaddress.ip_network("fdaa::/16")]


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """As for all tests, but the addresses inside machines are this machine too."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = ipaddress.ip_address(address[0])
            if not host.is_loopback and not any(host in network for network in MACHINE_NETWORKS):
                raise PermissionError(f"a test tried to reach {host}: tests stay on this machine")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def shared_dir() -> Iterator[Path]:
    """A directory that every user may enter: pytest's own is private."""
    with tempfile.TemporaryDirectory(prefix="fly-runtime-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def catalog(shared_dir: Path) -> Catalog:
    return Catalog(shared_dir / "cache", None)


@pytest.fixture(scope="session", params=["sandbox", "sandbox without bubblewrap", "container", "process"])
def runtime(request: pytest.FixtureRequest, shared_dir: Path) -> Runtime:
    """Each tier that works here."""
    tier, _, without = request.param.partition(" ")
    with pytest.MonkeyPatch.context() as patch:
        if without:
            patch.setenv("PATH", str(shared_dir))
        try:
            return asyncio.run(select(tier, shared_dir / "state"))
        except RuntimeUnavailable as unavailable:
            pytest.skip(str(unavailable))


@dataclasses.dataclass
class Started:
    """A machine of the featherweight image and its log."""

    machine: RunningMachine
    log: list[tuple[str, str]]
    volume: Path

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.log)

    async def get(self, path: str, via: str = "proxy", **headers: str) -> tuple[int, str]:
        """One request with a fresh connection; raises what aiohttp raises."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession(connector=self.machine.connector(3000, via)) as session,
            session.get(f"http://machine{path}", headers=named) as response,
        ):
            return response.status, await response.text()

    async def ready(self, seconds: float = HANG) -> None:
        await until(lambda: "[gateway] ready" in self.text, seconds, lambda: self.text)

    async def sh(self, script: str, stdin: bytes = b"", timeout: float = HANG) -> tuple[int, str]:
        result = await self.machine.exec(("sh", "-c", script), stdin, timeout)
        return result.exit_code, (result.stdout + result.stderr).decode()


async def until(true: Callable[[], bool], seconds: float = HANG, told: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {told()}"
        await asyncio.sleep(0.01)


@pytest.fixture
def start(runtime: Runtime, catalog: Catalog, shared_dir: Path) -> Callable[..., Any]:
    """`async with start(argv, env, **spec fields) as started`; the machine is gone afterwards."""

    @asynccontextmanager
    async def started(
        argv: tuple[str, ...] = GATEWAY,
        env: dict[str, str] | None = None,
        image: str = "registry.fly.io/featherweight:test",
        volume: Path | None = None,
        **fields: Any,
    ) -> AsyncIterator[Started]:
        base = Path(tempfile.mkdtemp(dir=shared_dir))
        base.chmod(0o755)
        volume = volume or base / "volume"
        volume.mkdir(exist_ok=True)
        spec = MachineSpec(
            machine_id=base.name.lower(), app="test", image=await catalog.resolve(image, print), argv=argv,
            env={"OPENCLAW_STATE_DIR": "/data", "OPENCLAW_GATEWAY_TOKEN": "the-token", **(env or {})},
            mounts=(Mount(volume, "/data"),), memory_mb=256, state_dir=base / "state",
            ipv4="172.19.10.2", ipv6="fdaa:0:1:a7b::2", proxy_ipv4="172.19.10.1", ports=(3000,),
        )  # fmt: skip
        log: list[tuple[str, str]] = []
        machine = await runtime.start(dataclasses.replace(spec, **fields), lambda *line: log.append(line))
        try:
            yield Started(machine, log, volume)
        finally:
            await machine.stop(9, 5)

    return started


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 2 * HANG))


@pytest.fixture
def go() -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Run an asynchronous test body."""
    return run
