"""WireGuard by wireguard-go: a device in a namespace of the private networks, its port on this host. As root."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

from .holder import libc
from .sixpn import Network

PROGRAM = "wireguard-go"
SOCKETS = Path("/var/run/wireguard")
START_SECONDS = 10.0
POLL = 0.02


class WireGuard:
    """One device. Every method raises RuntimeError with the reason."""

    def __init__(self, program: str, name: str, namespace: Network) -> None:
        self._program = program
        self.name = name
        self._namespace = namespace

    async def open(self, private_key: bytes, port: int) -> None:
        """`port` 0 takes any free one."""
        # It keeps its socket in the namespace that it began in, when its device goes to another.
        self._process = await asyncio.create_subprocess_exec(
            self._program, "-f", self.name,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env={"LOG_LEVEL": "error"}, start_new_session=True, preexec_fn=_end_with_parent,
        )  # fmt: skip
        self._told = asyncio.ensure_future(self._process.communicate())
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not self._socket.exists():
            if self._told.done():
                words = self._told.result()[1].decode(errors="replace").strip().splitlines()
                raise RuntimeError(f"{self._program}: {words[-1] if words else 'it ended'}")
            if asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(f"{self._program} did not come up within {START_SECONDS:.0f} seconds")
            await asyncio.sleep(POLL)
        await self.set(f"private_key={private_key.hex()}", f"listen_port={port}")
        await self._namespace.take(self.name)

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await asyncio.wait({self._told})

    async def set(self, *lines: str) -> None:
        """https://www.wireguard.com/xplatform/, "set"."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(channel, str(self._socket))
            await loop.sock_sendall(channel, "\n".join(["set=1", *lines, "", ""]).encode())
            answer = (await loop.sock_recv(channel, 4096)).decode()
        if answer.strip() != "errno=0":
            raise RuntimeError(f"{PROGRAM} refused a setting: {answer.strip()}")

    @property
    def _socket(self) -> Path:
        return SOCKETS / f"{self.name}.sock"


def _end_with_parent() -> None:
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGTERM)


def device_name() -> str:
    """One that no other emulator on this host has; at most 15 characters."""
    return f"fly{os.getpid()}"
