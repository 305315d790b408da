"""A machine's record as its life goes on: states, events, the log, and what becomes of it in the end."""

from __future__ import annotations

import asyncio
import signal as signals
from contextlib import AbstractContextManager
from typing import Any

from .. import durations
from ..context import Context
from ..ids import ulid
from ..runtime.base import Exit
from ..state.model import App, Event, Machine, Version, Volume
from .checks import Check
from .lifecycle import DESTROY, Operation
from .restart import RestartPolicy

EVENTS_KEPT = 20
"""As on Fly: older ones are not to be had."""
DETACH = 40.0
"""Seconds after which a destroyed machine's volume is free; on Fly up to a minute."""
HISTORY_KEPT = 20


async def detach(context: Context, app: App, volumes: list[Volume]) -> None:
    """Free the volumes of a machine that is destroyed, after Fly's while."""
    await context.clock.sleep(context.delay(DETACH))
    for volume in volumes:
        if volume.detaching:
            volume.attached_machine_id, volume.detaching = None, False
            volume.updated_at = context.clock.now()
    if app.name in context.store.apps:
        context.store.note(app)


class Record:
    def __init__(self, context: Context, app: App, machine: Machine) -> None:
        self.app = app
        self.machine = machine
        self.changed = asyncio.Event()
        """Set and replaced at every change of state, version or event."""
        self._context = context

    # What somebody asked for: saved, or undone and refused

    def changing(self) -> AbstractContextManager[None]:
        return self._context.store.changing(self.app)

    def begin(self, operation: Operation, source: str, wanted: str | None = None) -> None:
        """Note that an operation begins, and the state that a restart of the emulator brings back."""
        with self.changing():
            self.machine.wanted = wanted or self.machine.wanted
            self.state(operation.during)
            self.event(operation.verb, operation.during, source)

    def replace(self, version: Version) -> None:
        """A new version takes the current one's place; secrets' old values are forgotten."""
        previous = self.machine.current
        kept = Version(previous.version, previous.config, {}, previous.secrets_version, previous.image_digest)
        self.machine.history = [*self.machine.history, kept][-HISTORY_KEPT:]
        self.machine.current = version

    # What happens

    def state(self, state: str) -> None:
        self.machine.state = state
        self.touch()

    def event(self, kind: str, status: str, source: str, request: dict[str, Any] | None = None) -> None:
        now = self._context.clock.now()
        self.machine.events.insert(0, Event(ulid(now), kind, status, source, int(now * 1000), request))
        del self.machine.events[EVENTS_KEPT:]
        self.touch()

    def touch(self) -> None:
        self.machine.updated_at = self._context.clock.now()
        if self.app.name in self._context.store.apps:
            self._context.store.note(self.app)
        self.changed.set()
        self.changed = asyncio.Event()

    def log(self, message: str, provider: str = "runner", level: str = "info") -> None:
        self._context.logbook.append(self.app.name, message, self.machine.id, self.machine.region, level, provider)

    def line(self, level: str, text: str) -> None:
        """A line of the machine's own output, or of what runs it."""
        if level == "system":
            self.log(text)
        else:
            self.log(text, "app", level)

    def check_changed(self, check: Check, before: str) -> None:
        now = "passing" if check.status == "passing" else "failing"
        self.log(
            f"Health check '{check.name}' on port {check.port} is now {now}. "
            f"{'' if now == 'passing' else check.output}".rstrip(),
            "health",
            "info" if now == "passing" else "error",
        )
        self.touch()

    def exited(self, ended: Exit, requested: bool, again: bool, restarts: int) -> None:
        exit_event = {
            "exit_code": ended.code,
            "guest_exit_code": ended.code,
            "guest_signal": ended.signal or -1,
            "signal": ended.signal or -1,
            "oom_killed": ended.oom_killed,
            "requested_stop": requested,
            "restarting": again,
            "error": "",
            "guest_error": "",
            "exited_at": durations.rfc3339(self._context.clock.now()),
        }
        self.event("exit", "stopped", "flyd", {"exit_event": exit_event, "restart_count": restarts})
        if ended.oom_killed:
            self.log("Out of memory: Killed process", level="error")
        how = f"with signal: {signals.Signals(ended.signal).name}" if ended.signal else f"with code: {ended.code}"
        self.log(f"Main child exited {'' if ended.signal else 'normally '}{how}")

    # How it ends

    def ended(self, ended: Exit, policy: RestartPolicy) -> None:
        """Its process ended and is not started again."""
        if ended.code and policy.policy == "on-failure":
            self.log(f"machine has reached its max restart count of {policy.max_retries}", level="error")
        self.machine.wanted = "stopped"
        if self.machine.config.get("auto_destroy"):
            self.destroyed()
        else:
            self.state("stopped")

    def stopped(self) -> None:
        """It was asked to stop, and has."""
        self.state("stopped")
        if self.machine.config.get("auto_destroy"):
            self.destroyed()

    def failed(self, reason: str) -> None:
        self.machine.wanted = "stopped"
        self.state("failed")
        self.event("launch", "failed", "flyd", {"error": reason})
        self.log(f"Machine failed: {reason}", level="error")

    def update_failed(self, version: Version, previous: Version, state: str, alive: bool, reason: str) -> None:
        """The new image is not available: the old version stays, running if it was, else in its old `state`."""
        if self.machine.current is version:
            self.machine.current = previous
            self.machine.history.pop()
        self.machine.wanted = "started" if alive else "stopped"
        self.state("started" if alive else state)
        self.event("update", "failed", "flyd", {"error": reason, "version": version.version})
        self.log(f"Failed to update to version {version.version}: {reason}", level="error")

    def destroyed(self) -> None:
        mounted = [volume for volume in self.app.volumes.values() if volume.attached_machine_id == self.machine.id]
        if mounted and self._context.answers["detach"] == "later":
            for volume in mounted:
                volume.detaching = True
            self._context.background.spawn(detach(self._context, self.app, mounted))
        else:
            for volume in mounted:
                volume.attached_machine_id = None
        self.machine.lease = None
        self.state("destroyed")
        self.event(DESTROY.verb, "destroyed", "flyd")
        self._context.store.erase_machine(self.machine)
