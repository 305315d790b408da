"""What can be done to one machine: each operation checks the state, notes it at once and finishes in the background."""

from __future__ import annotations

import asyncio
import signal as signals
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import aiohttp

from ..context import Context
from ..errors import precondition
from ..images.base import ImageNotFound
from ..runtime.base import ExecResult, RunningMachine
from ..state.model import App, Machine, Version
from . import suspension
from .checks import Check
from .lifecycle import DESTROY, DOWN, FROZEN, GOING, RESTART, SETTLED, START, STOP, SUSPEND, UPDATE, needed
from .record import Record
from .supervisor import GivenUp, Supervisor

REPLACE, CREATED = 20.0, 2.0
"""Seconds that a machine is `replacing` and, after it, `created`."""


class Runner:
    def __init__(self, context: Context, app: App, machine: Machine) -> None:
        self.app = app
        self.machine = machine
        self.requests = 0
        """How many requests of the proxy are open."""
        self._context = context
        self._record = Record(context, app, machine)
        self._supervisor = Supervisor(context, self._record)
        self._order = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self.rests_after_update = False
        """Whether the last update left it stopped though it was to be launched."""
        self._drops_start = False
        self._exec_turn = asyncio.Lock()

    # What others ask

    @property
    def running(self) -> RunningMachine | None:
        """None while the machine is down or suspended."""
        return self._supervisor.running

    @property
    def checks(self) -> list[Check]:
        return self._supervisor.checks

    @property
    def idle_since(self) -> float:
        return self._supervisor.idle_since

    @property
    def changed(self) -> asyncio.Event:
        """Set at the next change of state, version or event."""
        return self._record.changed

    @property
    def suspend_refusal(self) -> str:
        """Why it cannot be suspended, or ""."""
        return suspension.refusal(self.machine.config, self._context.answers["suspend-large"] == "taken")

    def session(self, port: int, via: str) -> aiohttp.ClientSession:
        """A client session into the running machine; raises ConnectionRefusedError when it does not run."""
        return self._supervisor.session(port, via)

    def log(self, message: str, provider: str = "runner", level: str = "info") -> None:
        self._record.log(message, provider, level)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a request of the proxy is open."""
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1
            self._supervisor.idle_since = self._context.clock.now()

    def routable(self, service: int) -> bool:
        """Whether the proxy sends requests for this service here."""
        return (
            self.running is not None
            and self.machine.state == "started"
            and not self.machine.cordoned
            and all(check.status == "passing" for check in self.checks if check.service == service)
        )

    # Operations

    def launch(self, start: bool) -> None:
        """Begin the life of a machine just created."""
        self._record.event("launch", "pending", "flyd")
        self._record.event("launch", "created", "user")
        self.machine.wanted = "started" if start else "stopped"
        if start:
            self._spawn(self._start())

    def start(self, source: str = "user") -> str:
        """Start a stopped machine or resume a suspended one; return the previous state. Raises FailedPrecondition."""
        state = self.machine.state
        if needed(START, state, self._busy()):
            if source == "user" and self._drops_start:
                self._drops_start = False
                return state
            self._record.begin(START, source, "started")
            self._spawn(self._start(resume=state in FROZEN))
        return state

    def stop(self, signal: int | None = None, timeout: float | None = None, source: str = "user") -> None:
        """Stop the machine, a suspended one by giving up its memory; nothing to do when it is stopped already."""
        if needed(STOP, self.machine.state, self._busy()):
            self._record.begin(STOP, source, "stopped")
            self._supervisor.abandon()
            self._spawn(self._stop(signal, timeout))

    def suspend(self, source: str = "user") -> None:
        """Freeze the machine where it is; raises FailedPrecondition when it does not run or is too large for it."""
        state = self.machine.state
        if not needed(SUSPEND, state):
            return
        if self.running is None:
            raise precondition(f"unable to suspend machine from current state: '{state}'")
        if reason := self.suspend_refusal:
            raise precondition(f"unable to suspend machine: {reason}")
        self._record.begin(SUSPEND, source, "stopped")
        self._spawn(self._suspend())

    def restart(self, signal: int | None, timeout: float | None, force: bool) -> None:
        """Stop and start again with the same version; raises FailedPrecondition when it does not run."""
        needed(RESTART, self.machine.state)
        self._record.begin(RESTART, "user")
        self._spawn(self._restart(signals.SIGKILL if force else signal, timeout))

    def update(self, version: Version, start: bool) -> None:
        """Replace the machine's version; the old process runs until the new image is here."""
        previous, state = self.machine.current, self.machine.state
        self.rests_after_update = start and self._is_down() and self._context.answers["update-of-stopped"] == "rests"
        self._drops_start = self.rests_after_update and self._context.answers["start-after-update"] == "dropped"
        if self.rests_after_update:
            start = False
            self.log("machine was in a non-started state prior to the update so leaving the new version stopped")
        with self._record.changing():
            self._record.replace(version)
            self._record.begin(UPDATE, "user", "started" if start else "stopped")
        self._spawn(self._replace(version, previous, state))

    async def destroy(self) -> None:
        """Kill the machine and let go of its volume."""
        self._record.begin(DESTROY, "user", "stopped")
        self._supervisor.abandon()
        async with self._order:
            await self._supervisor.halt(signals.SIGKILL, 0)
            self._record.destroyed()

    async def shutdown(self) -> None:
        """End the process because the emulator ends; what was wanted stays."""
        self._supervisor.abandon(closing=True)
        async with self._order:
            await self._supervisor.halt()
        self._context.store.note(self.app)

    def resume(self) -> None:
        """Bring back, after a restart of the emulator, what was wanted before."""
        if self.machine.state in GOING:
            self._record.destroyed()
        elif self.machine.wanted == "started":
            self._record.state("starting")
            self._spawn(self._start())
        elif self.machine.state not in SETTLED or self.machine.state == "started":
            self._record.state("stopped")

    async def exec(self, argv: tuple[str, ...], stdin: bytes, limit: float) -> ExecResult:
        """Run a command inside, after the one that runs where Fly would let it wait; raises FailedPrecondition."""
        turn = self._exec_turn if self._context.answers["execs-at-once"] == "in-turn" else asyncio.Lock()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        try:
            await asyncio.wait_for(turn.acquire(), limit)
        except TimeoutError:
            return ExecResult(137, b"", b"", timed_out=True)
        try:
            if self.running is None:
                raise precondition(f"machine not running, current state: '{self.machine.state}'")
            return await self.running.exec(argv, stdin, max(0.0, deadline - loop.time()))
        finally:
            turn.release()

    async def kill(self, signal: int) -> None:
        """Send a signal; raises FailedPrecondition when nothing runs."""
        if self.running is None:
            raise precondition(f"machine not running, current state: '{self.machine.state}'")
        await self.running.kill(signal)

    # In the background, one after the other

    def _is_down(self) -> bool:
        return self.machine.state in DOWN and not (self.machine.wanted == "started" and self._busy())

    def _busy(self) -> bool:
        return bool(self._background) or self._supervisor.busy

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(self._supervisor.note_failure)

    async def _start(self, resume: bool = False) -> None:
        async with self._order:
            if self.machine.wanted != "started" or self.machine.gone:
                return
            if resume and await self._supervisor.thaw():
                return
            # What was frozen ended with the emulator that held it: a cold start, as when Fly lost a snapshot.
            await self._supervisor.halt()
            self._supervisor.begin()

    async def _suspend(self) -> None:
        async with self._order:
            if self.machine.state != "suspending" or not await self._supervisor.freeze():
                return
            if self.machine.state == "suspending":
                self._record.state("suspended")
                self._record.event("suspend", "suspended", "flyd")
                self.log("Machine suspended")

    async def _stop(self, signal: int | None, timeout: float | None) -> None:
        async with self._order:
            await self._supervisor.halt(signal, timeout)
            if self.machine.wanted == "stopped" and self.machine.state == "stopping":
                self._record.stopped()

    async def _restart(self, signal: int | None, timeout: float | None) -> None:
        async with self._order:
            await self._supervisor.halt(signal, timeout)
            if self.machine.wanted == "started" and not self.machine.gone:
                self._supervisor.begin()

    async def _replace(self, version: Version, previous: Version, state: str) -> None:
        async with self._order:
            if self.machine.current is not version:
                return  # a newer update came before this one began
            try:
                if self.machine.wanted == "started":
                    await self._supervisor.pull(version)
                await self._supervisor.spend(REPLACE)
            except GivenUp:
                return
            except ImageNotFound as error:
                self._record.update_failed(version, previous, state, self.running is not None, str(error))
                return
            await self._supervisor.halt()
            if self.machine.current is not version or self.machine.state == "destroying":
                return
            self._supervisor.renew_checks(version.config)
            self._record.event("launch", "created", "user")
            if await self._passes_created():
                self._settle()

    async def _passes_created(self) -> bool:
        """Be `created` for as long as Fly shows it after a replacement; False when something else came between."""
        if self._context.answers["durations"] == "short":
            return True
        self._record.state("created")
        with suppress(GivenUp):
            await self._supervisor.spend(CREATED)
        return self.machine.state == "created"

    def _settle(self) -> None:
        if self.machine.wanted == "started":
            self._supervisor.begin()
        else:
            self._record.state("stopped")
