"""A way out for machines that have a network of their own, by slirp4netns: no root, and no change to this host."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass

from .link import Link

PROGRAM = "slirp4netns"
DEVICE = "tap0"
RESOLVER = "10.0.2.3"
"""Where slirp4netns hands names to this host's resolver."""
MTU = "65520"
READY_SECONDS = 10.0


@dataclass(frozen=True)
class Egress:
    program: str

    @classmethod
    async def probe(cls) -> Egress | str:
        """After a namespace was given a way out, or why it cannot and what would help."""
        program = shutil.which(PROGRAM)
        if program is None:
            return f"{PROGRAM} is not installed. Install it with the system's package manager."
        link = Link(lambda _: None, lambda: None)
        await link.open()
        try:
            await link.ask({"op": "network", "id": 1, "new": True, "uid": 0, "gid": 0, "ipv4": [], "ipv6": []}, [])
            (await cls(program).open(link.pid)).cancel()
        except RuntimeError as failed:
            return f"{failed}."
        finally:
            link.close()
            await link.ended()
        return cls(program)

    async def open(self, pid: int) -> asyncio.Task[None]:
        """Give the network of this process a way out, until the task is cancelled; raises RuntimeError.

        This host's loopback stays out of reach.
        """
        ready, when_ready = os.pipe()
        life, ours = os.pipe()
        process = await asyncio.create_subprocess_exec(
            self.program, "--configure", "--disable-host-loopback", "--mtu", MTU,
            "--ready-fd", str(when_ready), "--exit-fd", str(life), str(pid), DEVICE,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            pass_fds=(when_ready, life), env={}, start_new_session=True,
        )  # fmt: skip
        for fd in (when_ready, life):
            os.close(fd)
        # The end of `ours`, with that of the emulator at the latest, ends it.
        running = asyncio.create_task(_until_cancelled(process, ours))
        try:
            async with asyncio.timeout(READY_SECONDS):
                is_ready = await asyncio.to_thread(os.read, ready, 1)
        except TimeoutError:
            is_ready = b""
        finally:
            os.close(ready)
        if not is_ready:
            running.cancel()
            _, told = await process.communicate()
            words = told.decode(errors="replace").strip().splitlines()
            raise RuntimeError(f"{PROGRAM}: {words[-1] if words else 'it ended'}")
        return running


async def _until_cancelled(process: asyncio.subprocess.Process, life: int) -> None:
    try:
        await process.wait()
    finally:
        os.close(life)
