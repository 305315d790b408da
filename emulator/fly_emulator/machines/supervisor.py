"""Runs a machine's process: brings its image here, starts it, checks it, starts it again by its policy, ends it."""

from __future__ import annotations

import asyncio
import signal as signals
from copy import copy
from typing import Any

import aiohttp

from ..context import Context
from ..errors import PlatformError, invalid
from ..images.base import Image, ImageNotFound
from ..runtime.base import Exit, RunningMachine
from ..state.model import Machine, Version
from . import checks, config
from .lifecycle import FROZEN, UNDER_WAY
from .record import Record
from .restart import RestartPolicy
from .sessions import Sessions
from .spec import machine_spec

START = 1.3
"""Seconds that a start takes, as measured of a machine that a request woke."""


def signal_number(value: Any) -> int:
    """Return the number of "SIGTERM", "TERM" or 15; raises InvalidArgument."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return signals.Signals(value).value
        name = str(value).upper()
        return signals.Signals[name if name.startswith("SIG") else f"SIG{name}"].value
    except (KeyError, ValueError) as error:
        raise invalid(f"unknown signal {value!r}") from error


class GivenUp(Exception):
    """A pull is no longer waited for; whoever said so decides what becomes of the machine."""


class Supervisor:
    def __init__(self, context: Context, record: Record) -> None:
        self.running: RunningMachine | None = None
        """None while the machine is down or suspended."""
        self.idle_since = context.clock.now()
        """When the proxy's last request ended, or the machine started."""
        self._context = context
        self._record = record
        self._machine = record.machine
        self._sessions = Sessions()
        self._process: RunningMachine | None = None
        """What runs or, when suspended, is frozen."""
        self._prober: checks.Prober | None = None
        self._closing = False
        self._halting = asyncio.Event()
        self._abandon = asyncio.Event()
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._started_config = self._machine.config
        self.renew_checks(self._machine.config)

    def renew_checks(self, machine_config: dict[str, Any]) -> None:
        self.checks = checks.from_config(machine_config, self._context.clock.now())

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def halting(self) -> bool:
        return self._halting.is_set()

    def session(self, port: int, via: str) -> aiohttp.ClientSession:
        """A client session into the running machine; raises ConnectionRefusedError when it does not run."""
        if self.running is None:
            raise ConnectionRefusedError(f"machine {self._machine.id} is not running")
        return self._sessions.get(self.running, port, via)

    # Beginning and ending

    def begin(self) -> None:
        """Bring the machine up and keep it up until `halt`."""
        self._halting.clear()
        self._up.clear()
        self._record.state("starting")
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self.note_failure)

    def note_failure(self, task: asyncio.Task[None]) -> None:
        """A task of the machine's ended; if by an error, the machine has failed."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(f"{type(error).__name__}: {error}")

    def abandon(self, closing: bool = False) -> None:
        """Wait no longer for an image; `closing`: nor ever again, for the emulator ends."""
        self._closing = self._closing or closing
        self._abandon.set()

    async def halt(self, signal: int | None = None, timeout: float | None = None) -> None:
        """End the process, by the machine's own stop_config unless the request names another."""
        task = self._task
        if task is None or task.done():
            return
        self._halting.set()
        self._abandon.set()
        up = asyncio.ensure_future(self._up.wait())
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._process is not None and self.running is None:
            await self._process.stop(signals.SIGKILL, 0)  # frozen, it could not obey another signal
        elif self._process is not None:
            stop = self._started_config
            name = signals.Signals(signal or signal_number(config.stop_signal(stop)))
            self._record.log(f"Sending signal {name.name} to main child process")
            limit = config.stop_timeout(stop) if timeout is None else timeout
            await self._process.stop(name.value, limit)
        await asyncio.wait({task})

    async def freeze(self) -> bool:
        """Stop the processes where they are; False when there are none."""
        if self._process is None:
            return False
        self.running = None
        await self._process.freeze(True)
        await self._withdraw()
        return True

    async def thaw(self) -> bool:
        """Go on with frozen processes; False when there are none."""
        if self._process is None:
            return False
        await self._process.freeze(False)
        self._serve(self._process)
        return True

    async def pull(self, version: Version) -> Image:
        """Bring the version's image here, noting it in the app's log; raises ImageNotFound or GivenUp."""
        reference = version.config["image"]
        self._record.log(f"Pulling container image {reference}")
        pulling = self._context.pulls.begin(reference, self._record.log)
        self._abandon = asyncio.Event()
        if self._closing:
            raise GivenUp
        given_up = asyncio.ensure_future(self._abandon.wait())
        try:
            # The pull goes on when this machine no longer waits for it: others may.
            await asyncio.wait({pulling, given_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up.cancel()
        if not pulling.done():
            raise GivenUp
        image = pulling.result()
        self._record.log(f"Successfully prepared image {reference}")
        return image

    async def spend(self, seconds: float) -> None:
        """Let the time pass that Fly needs; raises GivenUp."""
        self._abandon = asyncio.Event()
        if self._closing or await self._context.clock.within(self._context.duration(seconds), self._abandon):
            raise GivenUp

    # In its task

    async def _run(self) -> None:
        begun = copy(self._machine)  # its version goes on until an update that came meanwhile ends it
        self._started_config = begun.config
        policy = RestartPolicy(begun.config)
        try:
            image = await self.pull(begun.current)
        except GivenUp:
            return
        except ImageNotFound as error:
            self._fail(str(error))
            return
        await self._context.clock.within(self._context.duration(START), self._halting)
        while not self.halting:
            try:
                ended = await self._live(begun, image)
            except (RuntimeError, OSError, PlatformError) as error:
                self._fail(str(error))
                return
            if self._machine.state in FROZEN:
                return  # what was frozen is lost: the next start is a cold one
            halted = self.halting
            again = not halted and policy.again(ended, self._context.clock.now())
            self._record.exited(ended, halted, again, policy.count)
            if halted:
                return
            if not again:
                if self._machine.state not in UNDER_WAY:
                    self._record.ended(ended, policy)
                return
            self._comes_to("starting")
            await self._context.clock.within(self._context.settings.restart_delay, self._halting)

    async def _live(self, machine: Machine, image: Image) -> Exit:
        """Run the process once, with its checks; return how it ended."""
        self._record.log("Starting machine")
        begun = self._context.clock.now()
        spec = await asyncio.to_thread(machine_spec, self._context, self._record.app, machine, image)
        self._process = process = await self._context.runtime.start(spec, self._record.line)
        self.running = process
        machine.current.image_digest = image.digest
        self._machine.image_labels = dict(image.labels)
        try:
            self._up.set()
            if not self.halting:
                self._serve(process)
                self._record.log(f"Machine started in {self._context.clock.now() - begun:.3f}s")
            return await process.wait()
        finally:
            self.running = self._process = None
            self._up.clear()
            await self._withdraw()

    def _serve(self, process: RunningMachine) -> None:
        """It runs: note it, and begin to check it."""
        self.running = process
        self.idle_since = self._context.clock.now()
        self._comes_to("started")
        self._record.event("start", "started", "flyd")
        self._prober = self._prober or checks.Prober(
            self.checks, self._machine.ipv4, self._check_session, self._context.clock, self._record.check_changed
        )

    def _comes_to(self, state: str) -> None:
        """By itself; an update that was asked for meanwhile goes before it."""
        if self._machine.state not in UNDER_WAY:
            self._record.state(state)

    def _check_session(self, port: int) -> aiohttp.ClientSession:
        return self.session(port, "check")

    async def _withdraw(self) -> None:
        """It does not run: no checks, no connections."""
        prober, self._prober = self._prober, None
        if prober is not None:
            await prober.stop()
        await self._sessions.close()
        for check in self.checks:
            check.status, check.output = "critical", "the machine hasn't started"

    def _fail(self, reason: str) -> None:
        if self.halting:
            self._machine.wanted = "stopped"
        else:
            self._record.failed(reason)
