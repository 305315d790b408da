# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a running gateway take a changed config, and see that it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .._base import clock
from .._base.errors import CollectionError
from .._converge.context import Context
from .._fly.client.api import Json, MachinesApi, PlatformApi
from .._fly.machines.config import is_held
from .._fly.machines.gate import Gate
from .._fly.machines.leases import Lease
from .._openclaw.releases import Release
from .._openclaw.releases import facts as release_facts

_PATIENCE = 45.0
"""Seconds for the gateway to say that it took the change: it notices in one and applies in three."""
_RESTART_PATIENCE = 180.0
_PAUSE = 1.0
_ASK_EVERY = 3.0
"""Between questions to the gateway itself, each a process of its own in the machine."""
_QUIET = 5.0
"""Seconds after which a release that cannot be asked, and only said that it looks at a change, has nothing to do."""
_LOOKS = "config change detected; evaluating reload"
_APPLIED = ("config hot reload applied", "config change applied")
_RESTARTS = "requires gateway restart"
_SKIPPED = "config reload skipped (invalid config)"
_LEFT = ("hot mode ignoring", "config reload disabled")
"""It has seen the change and does nothing, because gateway.reload.mode is hot (before 2026.8.1) or off."""


class ConfigEffect:
    """The gateway watches its file. Its own log tells whether it took the change hot, restarts, or refuses it.

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
        self, machine: Json, cost: str, put_back: Callable[[], None], runs_file: Callable[[], bool]
    ) -> Iterator[None]:
        """Swap the file inside the block. If the gateway does not live with it, `put_back` is called.

        `runs_file` asks the gateway whether it runs what the file says.
        """
        if is_held(machine.get("config") or {}):
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

    def _log(self, machine: Json) -> list[str] | None:
        try:
            return [str(entry.get("message", "")) for entry in self._platform.logs(self._app, machine["id"])]
        except CollectionError:
            return None

    def _await(self, machine: Json, seen: list[str] | None, asks: Callable[[], bool] | None) -> str | None:
        """Return "hot" or "restart" once the gateway says so; None when it says nothing."""
        if seen is None and asks is None:
            return None
        began = asked = clock.monotonic()
        restarting, looked = False, 0.0
        while clock.monotonic() - began < (_RESTART_PATIENCE if restarting else _PATIENCE):
            news = [] if seen is None else _after(seen, self._log(machine) or [])
            for line in news:
                if _SKIPPED in line:
                    raise CollectionError("the gateway refuses the config", where=f"app {self._app}", why=line.strip())
            if any(mark in line for line in news for mark in _LEFT):
                return None
            if any(mark in line for line in news for mark in _APPLIED):
                return "hot"
            if any(_RESTARTS in line for line in news):
                if not restarting:
                    self._context.progress("the gateway restarts itself to take the change")
                restarting = True
                tail = news[next(n for n, line in enumerate(news) if _RESTARTS in line) :]
                if any(self._facts.is_ready_line(line) for line in tail):
                    return "restart"
            if not self._facts.tells_applied_config and not restarting and any(_LOOKS in line for line in news):
                looked = looked or clock.monotonic()
                if clock.monotonic() - looked > _QUIET:
                    return "hot"
            elif asks and not restarting and clock.monotonic() - asked > _ASK_EVERY:
                if asks():
                    return "hot"
                asked = clock.monotonic()
            clock.sleep(_PAUSE)
        return None

    def _restart(self, machine: Json) -> str:
        self._context.progress("the gateway does not tell that it took the change, so it is restarted")
        with Lease(self._api, self._app, machine["id"]) as lease:
            self._api.act_on_machine(self._app, machine["id"], "restart", lease.nonce)
            self._gate.wait(self._api.machine(self._app, machine["id"]), lease)
        return "restart"

    def _undone(self, machine: Json, error: CollectionError) -> CollectionError:
        """The previous file is back; make sure that a gateway runs with it, and tell both."""
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
            todo="Mend the declared config and run again",
        )


def _after(seen: list[str], now: list[str]) -> list[str]:
    """The lines that came after those seen; logs are a window, so the overlap is looked for."""
    for length in range(min(len(seen), len(now)), 0, -1):
        if seen[-length:] == now[:length]:
            return now[length:]
    return now
