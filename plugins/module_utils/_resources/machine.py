# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine that is there already: whether it runs, and what it runs with until the next deploy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .._base.errors import CollectionError
from .._converge.resource import Change, Resource
from .._fly.client.api import Json, MachinesApi
from .._fly.facts.guests import guest
from .._fly.machines.compare import desired, differences, sections
from .._fly.machines.config import is_held
from .._fly.machines.deployed import public_view
from .._fly.machines.gate import AT_REST, Gate
from .._fly.machines.pick import the_machine
from .._fly.machines.writer import DOWN, MachineWriter


@dataclass(frozen=True)
class Settings:
    """What may differ from fly.toml for a while; what is empty stays as it is."""

    command: list[str] | None = None
    vm_size: str | None = None
    vm_memory: str | None = None
    env: dict[str, str | None] = field(default_factory=dict)
    """A value of None takes the variable away."""
    restart_policy: str | None = None

    def applied(self, config: Json) -> Json:
        """The whole configuration with these settings in it. Raises for a size that cannot be had."""
        wanted = dict(config)
        if self.command is not None:
            wanted["init"] = {**(config.get("init") or {}), "cmd": self.command}
        if self.vm_size or self.vm_memory:
            wanted["guest"] = {**(config.get("guest") or {}), **self._guest(config.get("guest") or {})}
        if self.env:
            env = {**(config.get("env") or {}), **self.env}
            wanted["env"] = {name: value for name, value in env.items() if value is not None}
        if self.restart_policy:
            wanted["restart"] = {**(config.get("restart") or {}), "policy": self.restart_policy}
        return wanted

    def _guest(self, present: Json) -> Json:
        vm: Json = {"size": self.vm_size, "memory": self.vm_memory}
        if not self.vm_size:
            vm |= {"cpu_kind": present.get("cpu_kind"), "cpus": present.get("cpus")}
        return guest(vm, "vm_size and vm_memory")


class Machine(Resource[Json | None]):
    """`state` is started, stopped, suspended, restarted, absent, or None to leave it; likewise `cordoned`."""

    def __init__(
        self,
        api: MachinesApi,
        gate: Gate,
        app: str,
        *,
        machine: str | None = None,
        group: str | None = None,
        state: str | None = None,
        cordoned: bool | None = None,
        settings: Settings | None = None,
        warn: Callable[[str], None],
    ) -> None:
        self._api, self._app = api, app
        self._machine, self._group, self._state = machine, group, state
        self._cordoned, self._settings, self._warn = cordoned, settings or Settings(), warn
        self._write = MachineWriter(api, gate, app)
        self._seen: set[str] | None = None

    @property
    def title(self) -> str:
        return f"machine {self._machine or self._group or ''} of {self._app}".replace("  ", " ")

    def observe(self) -> Json | None:
        found = the_machine(self._api, self._app, self._machine, self._group)
        if self._seen is None:
            self._seen = {event["id"] for event in (found or {}).get("events") or []}
        return found

    def plan(self, observed: Json | None) -> list[Change]:
        if observed is None:
            if self._state == "absent":
                return []
            raise CollectionError("there is no such machine", where=self.title, todo="Deploy it first, with fly_deploy")
        if self._state == "absent":
            return [self._destruction(observed)]
        update = self._update(observed)
        state = self._changes_of_state(observed, bool(update))
        return [*update, *state, *self._cordoning(observed)]

    def settle(self, observed: Json | None) -> Json | None:
        return self._write.settled(observed) if observed else None

    def describe(self, observed: Json | None) -> dict[str, Any]:
        return {"machine": public_view(observed) if observed else None}

    def _update(self, observed: Json) -> list[Change]:
        config = observed.get("config") or {}
        wanted = self._settings.applied(config)
        before, after = differences(wanted, config) if wanted != config else ({}, {})
        if not before and not after:
            return []
        if is_held(config):
            raise CollectionError(
                "the machine is on hold and runs no process whose settings could change",
                where=self.title,
                todo="Run fly_deploy first, which starts its process",
            )
        at_rest = observed.get("state") in AT_REST
        launch = self._state in ("started", "restarted", "suspended") or (self._state is None and not at_rest)

        def update() -> None:
            self._warn(f"{self.title}: the next deploy sets what fly.toml says: {sections(before, after)}")
            self._write.update(observed["id"], lambda now: desired(self._settings.applied(now), now), launch=launch)

        return [Change(f"update {sections(before, after)}", before, after, update)]

    def _changes_of_state(self, observed: Json, updated: bool) -> list[Change]:
        identity, now = observed["id"], observed.get("state")
        down, at_rest = now in DOWN and not updated, now in AT_REST
        start = self._change("start", now, "started", lambda: self._write.start(identity))
        if self._state == "started" and down:
            return [start]
        if self._state == "stopped" and (now == "suspended" or not at_rest):
            return [self._change("stop", now, "stopped", lambda: self._write.halt(identity, "stop"))]
        if self._state == "suspended" and now != "suspended":
            suspend = self._change("suspend", now, "suspended", lambda: self._write.halt(identity, "suspend"))
            return [start, suspend] if down else [suspend]
        if self._state == "restarted" and not updated and not self._was_restarted(observed):
            return [start if down else self._change("restart", now, "started", lambda: self._write.restart(identity))]
        return []

    def _change(self, what: str, now: Any, then: str, apply: Callable[[], object]) -> Change:
        return Change(what, {"state": now}, {"state": then}, apply)

    def _was_restarted(self, observed: Json) -> bool:
        """By us, in this run: an event that was not there when we came says so, even when its answer was lost."""
        return any(
            event["id"] not in (self._seen or ()) and event.get("type") in ("restart", "update", "start")
            for event in observed.get("events") or []
        )

    def _cordoning(self, observed: Json) -> list[Change]:
        now = bool(observed.get("cordoned"))
        if self._cordoned in (None, now):
            return []
        what = "cordon" if self._cordoned else "uncordon"
        wanted = bool(self._cordoned)
        return [
            Change(what, {"cordoned": now}, {"cordoned": wanted}, lambda: self._write.cordon(observed["id"], wanted))
        ]

    def _destruction(self, observed: Json) -> Change:
        mounts = [mount.get("volume") for mount in (observed.get("config") or {}).get("mounts") or []]
        before = {"id": observed["id"], "region": observed.get("region"), "volumes that stay": mounts}
        return Change(f"destroy {observed['id']}", before, None, lambda: self._write.destroy(observed["id"]))
