"""Machines that are no processes: started and ended by a word, for tests of what is around them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from fly_emulator.images.base import Image, ImageNotFound, Progress
from fly_emulator.runtime.base import ExecResult, Exit, Guarantees, LogSink, MachineSpec


class Images:
    """Every reference is an image, but those with `missing` in it."""

    async def resolve(self, reference: str, progress: Progress) -> Image:
        if "missing" in reference:
            raise ImageNotFound(reference)
        return Image(reference, "sha256:" + "0" * 64, ())


class Still:
    """A machine that runs until it is stopped. An image with `crash` in its name ends at once.

    Commands run on this host, so tests name files in folders of their own.
    """

    pid = os.getpid()
    ports: Mapping[int, int] = {}

    def __init__(self, spec: MachineSpec) -> None:
        self._ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        if "crash" in spec.image.reference or "crash" in spec.argv:
            self._ended.set_result(Exit(1))

    async def wait(self) -> Exit:
        return await asyncio.shield(self._ended)

    async def stop(self, signal: int, timeout: float) -> Exit:
        await self.kill(signal)
        return await self.wait()

    async def kill(self, signal: int) -> None:
        if not self._ended.done():
            self._ended.set_result(Exit(128 + signal, signal))

    async def freeze(self, frozen: bool) -> None:
        pass

    async def exec(self, argv: tuple[str, ...], stdin: bytes, timeout: float) -> ExecResult:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin), timeout)
        except TimeoutError:
            process.kill()
            await process.wait()
            return ExecResult(137, b"", b"", 9, timed_out=True)
        code = process.returncode or 0
        return ExecResult(code if code >= 0 else 128 - code, out, err, max(0, -code))

    def connector(self, port: int, via: str) -> aiohttp.BaseConnector:
        raise ConnectionRefusedError("nothing listens in a machine that is no process")


class StillRuntime:
    guarantees = Guarantees("still", False, False, "none", "host")

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir

    async def start(self, spec: MachineSpec, log: LogSink) -> Still:
        return Still(spec)
