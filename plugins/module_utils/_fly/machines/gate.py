# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health gate: wait until a machine runs and its checks pass, show that it goes on, say why it does not."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from ..._base import clock
from ..._base.errors import CollectionError
from ..._base.printable import one_line, without_colours
from ..._base.waiting import TimedOut as NotInTime
from ..._base.waiting import wait_until
from ..client.api import MachinesApi, PlatformApi
from ..client.errors import FlyError, NotFound, TimedOut
from ..client.types import ExitEvent, Machine
from .leases import Lease

_WAIT_CHUNK = 5
"""Seconds of one long poll: short enough to renew a lease and to notice an exit."""
_UNSEEN = 10.0
"""Seconds for which a machine that was just made may be unknown to a part of Fly.io."""
_STAYS = 10.0
"""Seconds for which a machine without checks has to run on, as in flyctl's smoke checks."""
_TO_START = ("stopped", "suspended", "created")
_FAILED = ("stopped", "failed", "destroyed", "suspended")
_SHOW_LINES, _LINE = 15, 800
_ENDED = "Main child exited"
"""How Fly.io's init begins the line that it writes when a process has ended."""
AT_REST = ("stopped", "suspended", "created", "failed", "destroyed")


class GateFailed(CollectionError):
    """The machine does not run, or its checks do not pass."""


class Gate:
    """Waits for machines of one app. `progress` is told what goes on.

    `later` are texts in the log of a process that ends by itself but can run later, without a correction.
    """

    def __init__(
        self,
        api: MachinesApi,
        platform: PlatformApi | None,
        app: str,
        timeout: float,
        progress: Callable[[str], None],
        later: tuple[str, ...] = (),
    ) -> None:
        self._api, self._platform, self._app = api, platform, app
        self._timeout, self.progress, self._later = timeout, progress, later
        self._shown = 0

    def passed(self, machine: Machine) -> bool:
        """Tell from what was already read, without a request."""
        return _started(machine) and not _failing(machine)

    def wait(
        self,
        machine: Machine,
        lease: Lease | None = None,
        *,
        checks: bool = True,
        start: Callable[[], object] | None = None,
    ) -> Machine:
        """Return the machine once it is started and its checks pass (if `checks`); raise `GateFailed`.

        `start` starts it where it rests though nothing ended: Fly.io leaves a machine that was not started stopped
        after an update, and may drop a start that comes right after it.
        """
        identity, version = machine["id"], machine.get("instance_id")
        began, known = clock.monotonic(), _exit_ids(machine)
        self._shown = len(self._logs(identity))
        pause = 0.0

        def look() -> Machine:
            nonlocal pause
            try:
                current = self._look(identity, version, lease)
                known.update(_of_the_former(current))
                ended = bool(_exit_ids(current) - known)
                if start and current.get("state") in _TO_START and (not ended or self._runs_later(identity)):
                    start()
                    pause = 1.0
                    return current
            except NotFound:
                if clock.monotonic() - began > _UNSEEN:
                    raise
                pause = 0.5
                return machine
            pause = 1.0 if current.get("state") == "started" else 0.0  # else Fly.io's own wait is the pause
            return current

        try:
            return wait_until(
                "it to be healthy",
                look,
                self._goes_on() if checks else _started,
                timeout=self._timeout,
                every=lambda: pause,
                where=f"machine {identity}",
                state=_state,
                permanent=lambda current: self._refuse_ended(current, known),
                progress=lambda line: self.progress(f"{line}{self._news(identity)}"),
            )
        except NotInTime as error:
            raise self._failure(error.seen, f"it was not healthy within {self._timeout:.0f} s") from error

    def _goes_on(self) -> Callable[[Machine], bool]:
        """Tells of look after look whether it is healthy and goes on.

        Without checks it has to run on for a while: started is also one that crashes a moment later.
        """
        runs = min(_STAYS, self._timeout / 2)
        since, ends = clock.monotonic(), -1

        def holds(current: Machine) -> bool:
            nonlocal since, ends
            now, seen = clock.monotonic(), len(_exit_ids(current))
            if not _started(current) or seen != ends:
                since, ends = now, seen
            return self.passed(current) and bool(current.get("checks") or now - since >= runs)

        return holds

    def _look(self, identity: str, version: str | None, lease: Lease | None) -> Machine:
        """The machine, after a while of waiting for it to start."""
        if lease:
            lease.keep()
        with _unreached():
            self._api.wait_for_machine(self._app, identity, "started", _WAIT_CHUNK, version)
        return self._api.machine(self._app, identity)

    def wait_for_rest(self, identity: str, lease: Lease, state: str = "stopped") -> Machine:
        """Return the machine once it is at rest, `state` or another; raise `GateFailed` when it does not come to it."""
        last: Machine | None = None

        def look() -> Machine:
            nonlocal last
            lease.keep()
            if last:
                with contextlib.suppress(TimedOut, NotFound):  # of one that is gone the next look tells
                    self._api.wait_for_machine(self._app, identity, state, _WAIT_CHUNK, last.get("instance_id"))
            last = self._api.machine(self._app, identity)
            return last

        try:
            return wait_until(
                "it to be at rest",
                look,
                lambda current: current.get("state") in AT_REST,
                timeout=self._timeout,
                every=0,
                where=f"machine {identity}",
                state=_state,
                progress=self.progress,
            )
        except NotInTime as error:
            raise self._failure(error.seen, f"it was not at rest within {self._timeout:.0f} s") from error

    def _refuse_ended(self, machine: Machine, known: set[str]) -> None:
        """Raise when it ended by itself, or does so again and again: waiting does not help."""
        more = len(_exit_ids(machine) - known)
        if more and machine.get("state") not in ("failed", "destroyed") and self._runs_later(machine["id"]):
            return
        if machine.get("state") in ("failed", "destroyed") or more > 2 or (more and machine.get("state") in _FAILED):
            raise self._failure(machine, "it ended")

    def _runs_later(self, machine: str) -> bool:
        """Whether the process that ended last, or the one that was started since, wrote so."""
        lines = self._logs(machine) if self._later else []
        ends = [number for number, line in enumerate(lines) if _ENDED in line]
        since = ends[-2] if len(ends) > 1 else 0
        return any(text in line for line in lines[since:] for text in self._later)

    def _news(self, machine: str) -> str:
        """The last line that it wrote since this was asked."""
        lines = self._logs(machine)
        news, self._shown = lines[self._shown :], len(lines)
        return f"; log: {one_line(news[-1], 120)}" if news else ""

    def _logs(self, machine: str) -> list[str]:
        """What the machine wrote lately; nothing when the token may not read logs."""
        if self._platform is None:
            return []
        try:
            return [without_colours(str(line.get("message", ""))) for line in self._platform.logs(self._app, machine)]
        except CollectionError:
            return []

    def _failure(self, machine: Machine, what: str) -> GateFailed:
        """What and where in the first line, the log below it."""
        reasons = [f"state {machine.get('state')}", *_why_exited(machine)]
        reasons += [f"{name}: {output}" for name, output in _failing(machine)]
        log = [one_line(line, _LINE) for line in self._logs(machine["id"])[-_SHOW_LINES:]]
        return GateFailed(
            f"{what} ({'; '.join(reasons)})",
            where=f"machine {machine['id']} of {self._app}",
            why="Its last log lines:\n" + "\n".join(f"    {line}" for line in log) if log else "",
            todo="Correct what its log reports, and run again; fly logs and fly machine status show more",
            machine=machine["id"],
            state=machine.get("state"),
            log=log,
        )


def _started(machine: Machine) -> bool:
    return machine.get("state") == "started"


def _failing(machine: Machine) -> list[tuple[str, str]]:
    return [
        (_check(str(check.get("name"))), one_line(str(check.get("output") or check.get("status")), 200))
        for check in machine.get("checks") or []
        if check.get("status") != "passing"
    ]


def _check(name: str) -> str:
    """A check of a service has a name of Fly.io's: "servicecheck-00-http-3000"."""
    found = re.fullmatch(r"servicecheck-\d+-(\w+)-(\d+)", name)
    return f"{found[1].upper()} check of port {found[2]}" if found else f"check {name}"


def _state(machine: Machine) -> str:
    """For progress: its state, and what does not pass."""
    return ", ".join([str(machine.get("state")), *(f"{name} does not pass" for name, _output in _failing(machine))])


@contextlib.contextmanager
def _unreached() -> Iterator[None]:
    """A wait that ended without the state: its time passed (408), or the state will not come by itself (400)."""
    try:
        yield
    except TimedOut:
        return
    except FlyError as error:
        if error.status != 400:
            raise


def _by_itself(machine: Machine) -> list[tuple[str, ExitEvent]]:
    """Ends of its process that nobody asked for, newest first, with the events' ids. Fly.io keeps 20 events."""
    found: list[tuple[str, ExitEvent]] = []
    for event in machine.get("events") or []:
        ended = (event.get("request") or {}).get("exit_event")
        if ended and not ended.get("requested_stop"):
            found.append((str(event.get("id") or event.get("timestamp")), ended))
    return found


def _exit_events(machine: Machine) -> list[ExitEvent]:
    return [event for _id, event in _by_itself(machine)]


def _exit_ids(machine: Machine) -> set[str]:
    return {identity for identity, _event in _by_itself(machine)}


def _of_the_former(machine: Machine) -> set[str]:
    """Ends of the process that an update replaces: it may run on, and end again and again, until that is done."""
    events = machine.get("events") or []
    launched = next((n for n, event in enumerate(events) if event.get("status") == "created"), len(events))
    former = events if machine.get("state") == "replacing" else events[launched:]
    return _exit_ids({**machine, "events": former})


def is_crash_looping(machine: Machine) -> bool:
    """It ended by itself at least twice lately, and nothing says that it works now."""
    checks: list[Any] = machine.get("checks") or []
    healthy = bool(checks) and not _failing(machine)
    return len(_exit_events(machine)) >= 2 and not healthy


def _why_exited(machine: Machine) -> list[str]:
    events = _exit_events(machine)
    if not events:
        return []
    if events[0].get("oom_killed"):
        return ["its process ran out of memory and was killed: raise memory in [[vm]]"]
    return [f"its process ended with exit code {events[0].get('exit_code')}"]
