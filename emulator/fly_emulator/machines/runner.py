"""One machine's life: its states, its process, its restarts."""

from __future__ import annotations

import asyncio
import os
import signal as signals
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aiohttp

from .. import durations
from ..context import Context
from ..errors import InvalidArgument, PlatformError, precondition
from ..ids import ulid
from ..images.base import Image, ImageNotFound
from ..runtime.base import Exit, MachineSpec, Mount, RunningMachine
from ..state.model import App, Event, Machine, Version
from . import checks, config, environment, suspension
from .restart import RestartPolicy

PROXY_IPV4 = "172.19.0.1"
EVENTS_KEPT = 100
HISTORY_KEPT = 20
STARTABLE = ("stopped", "created", "failed", "suspended", "suspending")
SETTLED = ("created", "started", "stopped", "suspended", "failed", "destroyed")


def signal_number(value: Any) -> int:
    """Return the number of "SIGTERM", "TERM" or 15; raises PlatformError."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return signals.Signals(value).value
        name = str(value).upper()
        return signals.Signals[name if name.startswith("SIG") else f"SIG{name}"].value
    except (KeyError, ValueError) as error:
        raise InvalidArgument(f"invalid_argument: unknown signal {value!r}") from error


class _GivenUp(Exception):
    """A pull is no longer waited for; whoever said so decides what becomes of the machine."""


class Runner:
    """Drives one machine; its methods check the state, change it at once and finish in the background."""

    def __init__(self, context: Context, app: App, machine: Machine) -> None:
        self.app = app
        self.machine = machine
        self.running: RunningMachine | None = None
        """None while the machine is down or suspended."""
        self.checks = checks.from_config(machine.config, context.clock.now())
        self.requests = 0
        """How many requests of the proxy are open."""
        self.idle_since = context.clock.now()
        """When the last of them ended, or the machine started."""
        self.changed = asyncio.Event()
        """Set and replaced at every change of state, version or event."""
        self._context = context
        self._halting = asyncio.Event()
        self._process: RunningMachine | None = None
        """What runs or, when suspended, is frozen."""
        self._prober: checks.Prober | None = None
        self._closing = False
        self._abandon = asyncio.Event()
        self._up = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._started_config = machine.config
        self._order = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self._sessions: dict[tuple[int, str], aiohttp.ClientSession] = {}

    # -- what others ask -------------------------------------------------------------------------

    def session(self, port: int, via: str) -> aiohttp.ClientSession:
        """A client session into the running machine; raises ConnectionRefusedError when it does not run."""
        if self.running is None:
            raise ConnectionRefusedError(f"machine {self.machine.id} is not running")
        if (port, via) not in self._sessions:
            self._sessions[port, via] = aiohttp.ClientSession(
                connector=self.running.connector(port, via),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(),
                max_line_size=65536,
                max_field_size=65536,
            )
        return self._sessions[port, via]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a request of the proxy is open."""
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1
            self.idle_since = self._context.clock.now()

    def routable(self, service: int) -> bool:
        """Whether the proxy sends requests for this service here."""
        return (
            self.running is not None
            and self.machine.state == "started"
            and not self.machine.cordoned
            and all(check.status == "passing" for check in self.checks if check.service == service)
        )

    def event(self, kind: str, status: str, source: str, request: dict[str, Any] | None = None) -> None:
        now = self._context.clock.now()
        self.machine.events.insert(0, Event(ulid(now), kind, status, source, int(now * 1000), request))
        del self.machine.events[EVENTS_KEPT:]
        self._touch()

    def log(self, message: str, provider: str = "runner", level: str = "info") -> None:
        self._context.logbook.append(self.app.name, message, self.machine.id, self.machine.region, level, provider)

    # -- operations ------------------------------------------------------------------------------

    def launch(self, start: bool) -> None:
        """Begin the life of a machine just created."""
        self.event("launch", "created", "user")
        self.machine.wanted = "started" if start else "stopped"
        if start:
            self._spawn(self._start())

    def start(self, source: str = "user") -> str:
        """Start a stopped machine or resume a suspended one; return the previous state. Raises PlatformError."""
        state = self.machine.state
        if state == "replacing":
            raise precondition("machine getting replaced, refusing to start")
        if state in ("started", "starting"):
            return state
        if state not in STARTABLE or (state == "created" and self._busy()):
            raise precondition(f"unable to start machine from current state: '{state}'")
        with self._context.store.changing(self.app):
            self.machine.wanted = "started"
            self._state("starting")
            self.event("start", "starting", source)
        self._spawn(self._start(resume=state in ("suspended", "suspending")))
        return state

    def stop(self, signal: int | None = None, timeout: float | None = None, source: str = "user") -> None:
        """Stop the machine, a suspended one by giving up its memory; nothing to do when it is stopped already."""
        if self.machine.state in ("stopped", "stopping") or (
            self.machine.state in ("created", "failed") and not self._busy()
        ):
            return
        with self._context.store.changing(self.app):
            self.machine.wanted = "stopped"
            self._state("stopping")
            self.event("stop", "stopping", source)
        self._abandon.set()
        self._spawn(self._stop(signal, timeout))

    def suspend(self, source: str = "user") -> None:
        """Freeze the machine where it is; raises PlatformError when it does not run or may not be suspended."""
        if self.machine.state in ("suspended", "suspending"):
            return
        if self.running is None or self.machine.state != "started":
            raise precondition(f"unable to suspend machine from current state: '{self.machine.state}'")
        if reason := suspension.refusal(self.machine.config):
            raise precondition(f"unable to suspend machine: {reason}")
        with self._context.store.changing(self.app):
            self.machine.wanted = "stopped"
            self._state("suspending")
            self.event("suspend", "suspending", source)
        self._spawn(self._suspend())

    def restart(self, signal: int | None, timeout: float | None, force: bool) -> None:
        """Stop and start again with the same version; raises PlatformError when it does not run."""
        if self.machine.state not in ("started", "starting"):
            raise precondition(f"unable to restart machine from current state: '{self.machine.state}'")
        with self._context.store.changing(self.app):
            self._state("restarting")
            self.event("restart", "restarting", "user")
        self._spawn(self._restart(signals.SIGKILL if force else signal, timeout))

    def update(self, version: Version, start: bool) -> None:
        """Replace the machine's version; the old process runs until the new image is here."""
        previous, state = self.machine.current, self.machine.state
        with self._context.store.changing(self.app):
            self.machine.history = [
                *self.machine.history,
                Version(previous.version, previous.config, {}, previous.secrets_version, previous.image_digest),
            ][-HISTORY_KEPT:]
            self.machine.current = version
            self.machine.wanted = "started" if start else "stopped"
            self._state("replacing")
            self.event("update", "replacing", "user")
        self._spawn(self._replace(version, previous, state))

    async def destroy(self) -> None:
        """Kill the machine and let go of its volume."""
        with self._context.store.changing(self.app):
            self.machine.wanted = "stopped"
            self._state("destroying")
            self.event("destroy", "destroying", "user")
        self._abandon.set()
        async with self._order:
            await self._halt(signals.SIGKILL, 0)
            self._destroyed()

    async def shutdown(self) -> None:
        """End the process because the emulator ends; what was wanted stays."""
        self._closing = True
        self._abandon.set()
        async with self._order:
            await self._halt(None, None)
        self._context.store.note(self.app)

    def resume(self) -> None:
        """Bring back, after a restart of the emulator, what was wanted before."""
        if self.machine.state in ("destroying", "destroyed"):
            self._destroyed()
        elif self.machine.wanted == "started":
            self._state("starting")
            self._spawn(self._start())
        elif self.machine.state not in SETTLED or self.machine.state == "started":
            self._state("stopped")

    async def kill(self, signal: int) -> None:
        """Send a signal; raises PlatformError when nothing runs."""
        if self.running is None:
            raise precondition(f"machine not running, current state: '{self.machine.state}'")
        await self.running.kill(signal)

    # -- in the background -----------------------------------------------------------------------

    def _busy(self) -> bool:
        return bool(self._background) or (self._supervisor is not None and not self._supervisor.done())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(f"{type(error).__name__}: {error}")

    async def _start(self, resume: bool = False) -> None:
        async with self._order:
            if self.machine.wanted != "started" or self.machine.gone:
                return
            if resume and self._process is not None:
                await self._process.freeze(False)
                self._serve(self._process)
            else:
                # What was frozen ended with the emulator that held it: a cold start, as when Fly lost a snapshot.
                await self._halt(None, None)
                self._supervise()

    async def _suspend(self) -> None:
        async with self._order:
            if self.machine.state != "suspending" or self._process is None:
                return
            self.running = None
            await self._process.freeze(True)
            await self._withdraw()
            if self.machine.state == "suspending":
                self._state("suspended")
                self.event("suspend", "suspended", "flyd")
                self.log("Machine suspended")

    async def _stop(self, signal: int | None, timeout: float | None) -> None:
        async with self._order:
            await self._halt(signal, timeout)
            if self.machine.wanted == "stopped" and self.machine.state == "stopping":
                self._state("stopped")
                self.event("stop", "stopped", "flyd")
                if self.machine.config.get("auto_destroy"):
                    self._destroyed()

    async def _restart(self, signal: int | None, timeout: float | None) -> None:
        async with self._order:
            await self._halt(signal, timeout)
            if self.machine.wanted == "started" and not self.machine.gone:
                self._supervise()

    async def _replace(self, version: Version, previous: Version, state: str) -> None:
        async with self._order:
            if self.machine.current is not version:
                return  # a newer update came before this one began
            if self.machine.wanted == "started":
                try:
                    await self._pull(version)
                except _GivenUp:
                    return
                except ImageNotFound as error:
                    self._undo_update(version, previous, state, str(error))
                    return
            await self._halt(None, None)
            if self.machine.current is not version or self.machine.state == "destroying":
                return
            self.checks = checks.from_config(version.config, self._context.clock.now())
            self.event("launch", "created", "user")
            if self.machine.wanted == "started":
                self._supervise()
            else:
                self._state("stopped")

    def _undo_update(self, version: Version, previous: Version, state: str, reason: str) -> None:
        """The new image could not be had: the old version stays, running if it was."""
        if self.machine.current is version:
            self.machine.current = previous
            self.machine.history.pop()
        alive = self.running is not None
        self.machine.wanted = "started" if alive else "stopped"
        self._state("started" if alive else state)
        self.event("update", "failed", "flyd", {"error": reason, "version": version.version})
        self.log(f"Failed to update to version {version.version}: {reason}", level="error")

    async def _halt(self, signal: int | None, timeout: float | None) -> None:
        """End the supervisor and its process, by the machine's own stop_config unless told otherwise."""
        supervisor = self._supervisor
        if supervisor is None or supervisor.done():
            return
        self._halting.set()
        self._abandon.set()
        up = asyncio.ensure_future(self._up.wait())
        await asyncio.wait({supervisor, up}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._process is not None and self.running is None:
            await self._process.stop(signals.SIGKILL, 0)  # frozen, it could not obey another signal
        elif self._process is not None:
            stop = self._started_config
            name = signals.Signals(signal or signal_number(config.stop_signal(stop)))
            self.log(f"Sending signal {name.name} to main child process")
            limit = config.stop_timeout(stop) if timeout is None else timeout
            await self._process.stop(name.value, limit)
        await asyncio.wait({supervisor})

    def _supervise(self) -> None:
        self._halting.clear()
        self._up.clear()
        self._state("starting")
        self._supervisor = asyncio.create_task(self._run())
        self._supervisor.add_done_callback(self._supervised)

    def _supervised(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(f"{type(error).__name__}: {error}")

    async def _run(self) -> None:
        self._started_config = self.machine.config
        policy = RestartPolicy(self.machine.config)
        try:
            image = await self._pull(self.machine.current)
        except _GivenUp:
            return
        except ImageNotFound as error:
            self._fail(str(error))
            return
        while not self._halting.is_set():
            try:
                ended = await self._live(image)
            except (RuntimeError, OSError, PlatformError) as error:
                self._fail(str(error))
                return
            if self.machine.state in ("suspending", "suspended"):
                return  # what was frozen is lost: the next start is a cold one
            halted = self._halting.is_set()
            again = not halted and policy.again(ended, self._context.clock.now())
            self._note_exit(ended, halted, again, policy.count)
            if halted:
                return
            if not again:
                self._ended(ended, policy)
                return
            self._state("starting")
            await self._context.clock.within(self._context.settings.restart_delay, self._halting)

    async def _live(self, image: Image) -> Exit:
        """Run the process once, with its checks; return how it ended."""
        self.log("Starting machine")
        begun = self._context.clock.now()
        spec = await asyncio.to_thread(self._spec, image)
        self._process = process = await self._context.runtime.start(spec, self._line)
        self.running = process
        self.machine.current.image_digest = image.digest
        self.machine.image_labels = dict(image.labels)
        try:
            self._up.set()
            if not self._halting.is_set():
                self._serve(process)
                self.log(f"Machine started in {self._context.clock.now() - begun:.3f}s")
            return await process.wait()
        finally:
            self.running = self._process = None
            self._up.clear()
            await self._withdraw()

    def _serve(self, process: RunningMachine) -> None:
        """It runs: tell so, and begin to check it."""
        self.running = process
        self.idle_since = self._context.clock.now()
        self._state("started")
        self.event("start", "started", "flyd")
        self._prober = self._prober or checks.Prober(
            self.checks, self.machine.ipv4, self._check_session, self._context.clock, self._check_changed
        )

    async def _withdraw(self) -> None:
        """It does not run: no checks, no connections."""
        prober, self._prober = self._prober, None
        if prober is not None:
            await prober.stop()
        await self._close_sessions()
        for check in self.checks:
            check.status, check.output = "critical", "the machine hasn't started"

    def _spec(self, image: Image) -> MachineSpec:
        machine, store, networks = self.machine, self._context.store, self._context.networks
        mounts = []
        for mount in machine.config.get("mounts", []):
            volume = self.app.volumes[mount["volume"]]
            source = store.volume_data(volume)
            source.mkdir(parents=True, exist_ok=True)
            if not volume.given_to_user:
                if os.geteuid() == 0 and self._context.runtime.guarantees.owners == "real":
                    os.chown(source, *image.user)
                volume.given_to_user = True
            mounts.append(Mount(source, mount["path"]))
        directory = store.machine_dir(machine)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return MachineSpec(
            machine_id=machine.id,
            app=self.app.name,
            image=image,
            argv=config.argv(machine.config, image),
            env=environment.build(self.app, machine, image),
            mounts=tuple(mounts),
            memory_mb=machine.config["guest"]["memory_mb"],
            state_dir=directory,
            ipv4=machine.ipv4,
            ipv6=machine.private_ip,
            proxy_ipv4=PROXY_IPV4,
            ports=config.ports(machine.config),
            files=config.files(machine.config, machine.current.secrets),
            egress=self._context.egress,
            join=partial(networks.join, machine.private_ip) if networks is not None else None,
        )

    async def _pull(self, version: Version) -> Image:
        """Bring the version's image here, telling the app's log; raises ImageNotFound."""
        reference = version.config["image"]
        self.log(f"Pulling container image {reference}")
        pulling = self._context.pulls.begin(reference, self.log)
        self._abandon = asyncio.Event()
        if self._closing:
            raise _GivenUp
        given_up = asyncio.ensure_future(self._abandon.wait())
        try:
            # The pull goes on when this machine no longer waits for it: others may.
            await asyncio.wait({pulling, given_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up.cancel()
        if not pulling.done():
            raise _GivenUp
        image = pulling.result()
        self.log(f"Successfully prepared image {reference}")
        return image

    # -- notes -----------------------------------------------------------------------------------

    def _line(self, level: str, text: str) -> None:
        if level == "system":
            self.log(text)
        else:
            self.log(text, "app", level)

    def _check_session(self, port: int) -> aiohttp.ClientSession:
        return self.session(port, "check")

    def _check_changed(self, check: checks.Check, before: str) -> None:
        now = "passing" if check.status == "passing" else "failing"
        self.log(
            f"Health check '{check.name}' on port {check.port} is now {now}. "
            f"{'' if now == 'passing' else check.output}".rstrip(),
            "health",
            "info" if now == "passing" else "error",
        )
        self._touch()

    def _note_exit(self, ended: Exit, requested: bool, again: bool, restarts: int) -> None:
        self.event(
            "exit",
            "stopped",
            "flyd",
            {
                "exit_event": {
                    "exit_code": ended.code,
                    "guest_exit_code": ended.code,
                    "guest_signal": ended.signal or -1,
                    "signal": ended.signal or -1,
                    "oom_killed": ended.oom_killed,
                    "requested_stop": requested,
                    "restarting": again,
                    "error": "",
                    "exited_at": durations.rfc3339(self._context.clock.now()),
                },
                "restart_count": restarts,
            },
        )
        if ended.oom_killed:
            self.log("Out of memory: Killed process", level="error")
        how = f"with signal: {signals.Signals(ended.signal).name}" if ended.signal else f"with code: {ended.code}"
        self.log(f"Main child exited {how}")

    def _ended(self, ended: Exit, policy: RestartPolicy) -> None:
        if ended.code and policy.policy == "on-failure":
            self.log(f"machine has reached its max restart count of {policy.max_retries}", level="error")
        self.machine.wanted = "stopped"
        if self.machine.config.get("auto_destroy"):
            self._destroyed()
        else:
            self._state("stopped")

    def _fail(self, reason: str) -> None:
        self.machine.wanted = "stopped"
        if self._halting.is_set():
            return
        self._state("failed")
        self.event("launch", "failed", "flyd", {"error": reason})
        self.log(f"Machine failed: {reason}", level="error")

    def _destroyed(self) -> None:
        for volume in self.app.volumes.values():
            if volume.attached_machine_id == self.machine.id:
                volume.attached_machine_id = None
        self.machine.lease = None
        self._state("destroyed")
        self.event("destroy", "destroyed", "flyd")
        self._context.store.erase_machine(self.machine)

    def _state(self, state: str) -> None:
        self.machine.state = state
        self._touch()

    def _touch(self) -> None:
        self.machine.updated_at = self._context.clock.now()
        if self.app.name in self._context.store.apps:
            self._context.store.note(self.app)
        self.changed.set()
        self.changed = asyncio.Event()

    async def _close_sessions(self) -> None:
        sessions, self._sessions = list(self._sessions.values()), {}
        await asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)
