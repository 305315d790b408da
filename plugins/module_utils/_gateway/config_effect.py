# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a running gateway take a changed config, and see that it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import wait_until
from .._converge.context import Context
from .._fly.client.api import MachinesApi, PlatformApi
from .._fly.client.types import Machine
from .._fly.machines.config import in_maintenance
from .._fly.machines.gate import Gate
from .._fly.machines.leases import Lease
from .._openclaw.releases import Release, ReleaseFacts
from .._openclaw.releases import facts as release_facts

_TIMEOUT = 45.0
"""Seconds for the gateway to say that it took the change: it notices in one and applies in three."""
_RESTART_TIMEOUT = 180.0
_PAUSE = 1.0
_ASK_EVERY = 3.0
"""Between questions to the gateway itself, each a process of its own in the machine."""
_QUIET = 6.0
"""Seconds after which a release that cannot be asked, and only said that it looks at a change, has nothing to do."""
_LOOKS = "config change detected; evaluating reload"
_APPLIED = ("config hot reload applied", "config change applied")
_RESTARTS = "requires gateway restart"
_SKIPPED = "config reload skipped (invalid config)"
_LEFT = ("hot mode ignoring", "config reload disabled")
"""It has seen the change and does nothing, because gateway.reload.mode is hot (before 2026.8.1) or off."""


class Effect(Enum):
    """What a gateway made of a changed config."""

    PENDING = "it has not taken the change yet"
    RESTARTING = "it restarts itself to take the change"
    HOT = "it took the change while running"
    RESTARTED = "it restarted itself to take the change"
    REFUSED = "it refuses the config"
    NONE = "its log does not confirm the change"

    @property
    def is_final(self) -> bool:
        return self not in (Effect.PENDING, Effect.RESTARTING)


def judge(lines: Sequence[str], asked: bool | None, elapsed: float, facts: ReleaseFacts) -> Effect:
    """The effect, from the log lines since the change and from whether the gateway says that it runs its file.

    `asked` is None when it was not asked; `elapsed` is in seconds since the change.
    """
    if any(_SKIPPED in line for line in lines):
        return Effect.REFUSED
    if any(mark in line for line in lines for mark in _LEFT):
        return Effect.NONE
    if any(mark in line for line in lines for mark in _APPLIED):
        return Effect.HOT
    restart = next((number for number, line in enumerate(lines) if _RESTARTS in line), None)
    if restart is not None:
        if any(facts.is_ready_line(line) for line in lines[restart:]):
            return Effect.RESTARTED
        return Effect.RESTARTING if elapsed < _RESTART_TIMEOUT else Effect.NONE
    if asked:
        return Effect.HOT
    if is_quiet(lines, facts) and elapsed > _QUIET:
        return Effect.HOT
    return Effect.PENDING if elapsed < _TIMEOUT else Effect.NONE


def is_quiet(lines: Sequence[str], facts: ReleaseFacts) -> bool:
    """The release cannot be asked, and said that it looks at the change: where that costs nothing, it says no more."""
    return not facts.tells_applied_config and any(_LOOKS in line for line in lines)


class ConfigEffect:
    """The gateway watches its file. Its own log says whether it took the change hot, restarts, or refuses it.

    When the log is silent or may not be read, the gateway is asked; if it does not say that it runs what the file says,
    the machine is restarted: that is always right.
    """

    def __init__(
        self,
        api: MachinesApi,
        platform: PlatformApi,
        gate: Gate,
        app: str,
        release: Release,
        context: Context,
    ) -> None:
        self._api, self._platform, self._gate, self._app = api, platform, gate, app
        self._facts, self._context = release_facts(release), context
        self.taken = "none"
        """What the change cost: none, hot, restart, or start (the gateway is yet to start)."""

    @contextmanager
    def watch(
        self, machine: Machine, cost: str, put_back: Callable[[], None], runs_file: Callable[[], bool]
    ) -> Iterator[None]:
        """Swap the file inside the block. If the gateway does not live with it, `put_back` is called.

        `runs_file` asks the gateway whether it runs what the file says.
        """
        if in_maintenance(machine.get("config") or {}):
            yield
            self.taken = "start"
            return
        seen = self._log(machine)
        yield
        if cost == "none":
            return
        try:
            # Without its log, a gateway that is about to restart itself looks like one that runs the file.
            asks = runs_file if cost == "hot" or seen is not None else None
            self.taken = self._await(machine, seen, asks) or self._restart(machine)
        except CollectionError as error:
            put_back()
            raise self._undone(machine, error) from error

    def _log(self, machine: Machine) -> list[str] | None:
        try:
            return [str(entry.get("message", "")) for entry in self._platform.logs(self._app, machine["id"])]
        except CollectionError:
            return None

    def _await(self, machine: Machine, seen: list[str] | None, asks: Callable[[], bool] | None) -> str | None:
        """Return "hot" or "restart" once the gateway says so; None when it says nothing."""
        if seen is None and asks is None:
            return None
        began = last = clock.monotonic()
        news: list[str] = []

        def look() -> Effect:
            nonlocal last, news
            news = [] if seen is None else _after(seen, self._log(machine) or [])
            now, asked = clock.monotonic(), None
            restarting = any(_RESTARTS in line for line in news)
            if asks and not restarting and not is_quiet(news, self._facts) and now - last > _ASK_EVERY:
                asked = asks()
                last = clock.monotonic()
            return judge(news, asked, clock.monotonic() - began, self._facts)

        effect = wait_until(
            "the gateway to take the changed config",
            look,
            lambda seen_effect: seen_effect.is_final,
            timeout=_RESTART_TIMEOUT + _TIMEOUT,  # `judge` ends it before
            every=_PAUSE,
            where=f"app {self._app}",
            state=lambda seen_effect: seen_effect.value,
            progress=self._context.progress,
        )
        if effect is Effect.REFUSED:
            why = next(line.strip() for line in news if _SKIPPED in line)
            raise CollectionError("the gateway refuses the config", where=f"app {self._app}", why=why)
        return {Effect.HOT: "hot", Effect.RESTARTED: "restart"}.get(effect)

    def _restart(self, machine: Machine) -> str:
        self._context.progress("restarting the gateway, because its log does not confirm the change")
        with Lease(self._api, self._app, machine["id"]) as lease:
            self._api.act_on_machine(self._app, machine["id"], "restart", lease.nonce)
            self._gate.wait(self._api.machine(self._app, machine["id"]), lease)
        return "restart"

    def _undone(self, machine: Machine, error: CollectionError) -> CollectionError:
        """The previous file is back; make sure that a gateway runs with it, and report both."""
        state = "the previous config was put back"
        try:
            current = self._api.machine(self._app, machine["id"])
            if not self._gate.passed(current):
                self._restart(machine)
        except CollectionError as second:
            state += f", but the gateway does not run with it either ({second})"
        return CollectionError(
            f"the gateway does not run with the new config; {state}",
            where=f"app {self._app}",
            why=str(error),
            todo="Fix the declared config and run again",
        )


def _after(seen: list[str], now: list[str]) -> list[str]:
    """The lines that came after those seen; logs are a window, so the overlap is looked for."""
    for length in range(min(len(seen), len(now)), 0, -1):
        if seen[-length:] == now[:length]:
            return now[length:]
    return now
