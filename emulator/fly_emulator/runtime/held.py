"""A running machine, held by a holder: what both tiers share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal as signals
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from .base import ExecResult, Exit, LogSink, MachineSpec
from .connector import MachineConnector
from .holder.channel import Message
from .link import HolderFailed, Link
from .memory import Cgroup, watch

LINE_LIMIT = 64 * 1024

LinkMaker = Callable[[Callable[[Message], None], Callable[[], None]], Link]


@dataclass(frozen=True)
class Identity:
    """How commands are executed: the ids to become (None: those of the caller) and their environment."""

    uid: int | None
    gid: int | None
    env: Mapping[str, str]
    cwd: str

    def message(self) -> Message:
        return {"uid": self.uid, "gid": self.gid, "env": dict(self.env), "cwd": self.cwd}


@dataclass(frozen=True)
class Plan:
    """What the holder shall do to start the machine."""

    argv: tuple[str, ...]
    main: Identity
    exec: Identity
    sandbox: Message | None
    root: Message | None
    cgroup: Cgroup | None
    network: Message | None = None
    """Of the `network` message; None where the machine has the host's network."""
    container: bool = False
    limited: bool = False
    """Whether the memory limit is the container engine's."""


class HeldMachine:
    """See `base.RunningMachine`. Subclasses say where its ports are and how argv of `exec` is written."""

    pid: int
    ports: Mapping[int, int] = {}

    def __init__(self, spec: MachineSpec, plan: Plan, log: LogSink, link: LinkMaker = Link) -> None:
        self.spec = spec
        self.plan = plan
        self.log = log
        self._link = link(self._event, self._closed)
        self._status: int | None = None
        self._oom = False
        self._killed_for_memory = 0
        self._told_to_die = False
        self._exits: dict[int, asyncio.Future[int]] = {}
        self._gone = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        """Start the holder and the main process; raises RuntimeError with the reason."""
        await self._link.open()
        try:
            await self._join_networks()
            reply, *pipes = await self._start_main()
        except BaseException as failed:
            for task in self._tasks:
                task.cancel()
            self._link.close()
            await self._link.ended()
            if self.plan.cgroup:
                await self.plan.cgroup.remove()
            if isinstance(failed, HolderFailed):
                raise RuntimeError(f"machine {self.spec.machine_id} did not start: {failed}") from None
            raise
        self.pid = self._link.host_pid(reply["pid"])
        logs = [asyncio.create_task(self._read_log(pipe)) for pipe in pipes]
        if self.plan.cgroup is None and not self.plan.limited:
            self._tasks.append(asyncio.create_task(watch(self._link.pid, self.spec.memory_mb, self._out_of_memory)))
        self._finishing = asyncio.create_task(self._finish(logs))

    async def _join_networks(self) -> None:
        if self.plan.network is None:
            return
        made, _ = await self._link.ask({"op": "network", "id": self._link.next_id(), **self.plan.network}, [])
        if made["note"]:
            self.log("system", made["note"])
        if self.spec.join:
            await self.spec.join(self._link.pid)
        if self.spec.egress:
            self._tasks.append(await self.spec.egress.open(self._link.pid))

    async def _start_main(self) -> tuple[Message, _OutputPipe, _OutputPipe]:
        start: Message = {
            "op": "start", "id": 0, "argv": list(self.plan.argv), **self.plan.main.message(),
            "sandbox": self.plan.sandbox, "container": self.plan.container, "root": self.plan.root,
            "cgroups": [self.plan.cgroup.procs] if self.plan.cgroup else [],
        }  # fmt: skip
        out, err = _OutputPipe(), _OutputPipe()
        try:
            with out, err:
                reply, _ = await self._link.ask(start, [out.write_end, err.write_end])
        except BaseException:
            out.discard()
            err.discard()
            raise
        return reply, out, err

    async def wait(self) -> Exit:
        await asyncio.shield(self._finishing)
        status = self._status if self._status is not None else signals.SIGKILL
        code = os.waitstatus_to_exitcode(status)
        oom = self._oom and code == -signals.SIGKILL and not self._told_to_die
        return Exit(code=code if code >= 0 else 128 - code, signal=max(0, -code), oom_killed=oom)

    async def stop(self, signal: int, timeout: float) -> Exit:
        await self.kill(signal)
        try:
            return await asyncio.wait_for(self.wait(), timeout)
        except TimeoutError:
            await self.kill(signals.SIGKILL)
            return await self.wait()

    async def kill(self, signal: int) -> None:
        self._told_to_die |= signal == signals.SIGKILL
        await self._signal(0, signal, tree=False)

    async def freeze(self, frozen: bool) -> None:
        await self._link.ask({"op": "freeze", "id": self._link.next_id(), "frozen": frozen}, [])

    async def exec(self, argv: tuple[str, ...], stdin: bytes, timeout: float) -> ExecResult:
        number = self._link.next_id()
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._exits[number] = ended
        request = {"op": "exec", "id": number, "argv": self.rewritten(argv), **self.plan.exec.message()}
        out, err = _OutputPipe(), _OutputPipe()
        fed = _InputPipe()
        try:
            with out, err, fed:
                await self._link.ask(request, [fed.read_end, out.write_end, err.write_end])
        except HolderFailed as failed:
            # As a shell says it: 127 for what cannot be executed.
            for pipe in (out, err, fed):
                pipe.discard()
            self._exits.pop(number, None)
            return ExecResult(127, b"", f"{failed}\n".encode(), unknown=True)
        pipes = [asyncio.create_task(part) for part in (fed.feed(stdin), out.read_all(), err.read_all())]
        work: list[asyncio.Future[Any]] = [ended, *pipes]
        timed_out = False
        try:
            async with asyncio.timeout(timeout):
                await asyncio.wait(work)
        except TimeoutError:
            timed_out = True
        finally:
            if not all(part.done() for part in work):
                await self._signal(number, signals.SIGKILL, tree=True)
                # What left the process group with our pipes open must not keep us.
                await asyncio.wait(work, timeout=2)
            for task in pipes:
                task.cancel()
            self._exits.pop(number, None)
        code = os.waitstatus_to_exitcode(ended.result()) if ended.done() else -signals.SIGKILL
        return ExecResult(
            exit_code=code if code >= 0 else 128 - code,
            stdout=bytes(out.data),
            stderr=bytes(err.data),
            exit_signal=max(0, -code),
            timed_out=timed_out,
        )

    def connector(self, port: int, via: str) -> aiohttp.BaseConnector:
        return MachineConnector(lambda: self.open(port, via))

    async def open(self, port: int, via: str) -> socket.socket:
        """A connected, non-blocking socket to `port`; raises OSError as connect does."""
        raise NotImplementedError

    def rewritten(self, argv: tuple[str, ...]) -> list[str]:
        return list(argv)

    async def _signal(self, number: int, signal: int, tree: bool) -> None:
        with contextlib.suppress(HolderFailed):
            await self._link.tell({"op": "signal", "id": number, "signal": int(signal), "tree": tree}, [])

    async def _out_of_memory(self) -> None:
        self._oom = True
        self.log("system", f"out of memory: killed the main process at the limit of {self.spec.memory_mb} MB")
        await self._signal(0, signals.SIGKILL, tree=False)

    def _event(self, message: Message) -> None:
        if message["op"] == "ended":
            self._status = message["status"]
            self._killed_for_memory += message["oom_kills"]
        elif message["op"] == "exited" and message["id"] in self._exits:
            self._exits[message["id"]].set_result(message["status"])

    def _closed(self) -> None:
        for ended in self._exits.values():
            if not ended.done():
                ended.set_result(signals.SIGKILL)
        self._gone.set()

    async def _finish(self, logs: list[asyncio.Task[None]]) -> None:
        """All that follows the main process's end; `wait` returns when nothing of the machine is left."""
        await self._gone.wait()
        await self._link.ended()
        if self._status is None:
            # The holder was killed: what it could not end any more is in the main process's group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signals.SIGKILL)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(logs, timeout=2)
        for task in logs:
            task.cancel()
        if self.plan.cgroup:
            self._killed_for_memory += self.plan.cgroup.oom_kills()
            await self.plan.cgroup.remove()
        if self._killed_for_memory:
            self._oom = True
            self.log("system", f"out of memory: the kernel killed a process at the limit of {self.spec.memory_mb} MB")

    async def _read_log(self, pipe: _OutputPipe) -> None:
        reader = await pipe.reader()
        pending = b""
        while chunk := await reader.read(65536):
            *lines, pending = (pending + chunk).split(b"\n")
            if len(pending) > LINE_LIMIT:
                lines, pending = [*lines, pending], b""
            for line in lines:
                self.log("info", line.rstrip(b"\r").decode(errors="replace"))
        if pending:
            self.log("info", pending.decode(errors="replace"))


class _OutputPipe:
    """A pipe whose write end goes to the machine; leaving the context closes our copy of that end."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.data = bytearray()

    def __enter__(self) -> _OutputPipe:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.write_end)

    def discard(self) -> None:
        os.close(self.read_end)

    async def reader(self) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(limit=1 << 20)
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, os.fdopen(self.read_end, "rb", buffering=0)
        )
        return reader

    async def read_all(self) -> None:
        reader = await self.reader()
        while chunk := await reader.read(65536):
            self.data += chunk


class _InputPipe:
    """A pipe whose read end goes to the machine."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()

    def __enter__(self) -> _InputPipe:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.read_end)

    def discard(self) -> None:
        os.close(self.write_end)

    async def feed(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(self.write_end, "wb", buffering=0)
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            writer.write(data)
            await writer.drain()
        writer.close()
