# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine that is there already: whether it runs, and what it runs with until the next deploy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client import types
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json
from .._fly.facts.guests import guest
from .._fly.machines.compare import desired, differences, sections
from .._fly.machines.config import in_maintenance
from .._fly.machines.deployed import public_view
from .._fly.machines.gate import AT_REST, Gate
from .._fly.machines.pick import the_machine
from .._fly.machines.writer import DOWN, MachineWriter

ON_ITS_WAY = {
    "started": ("starting", "started"),
    "stopped": ("stopping", "stopped"),
    "suspended": ("suspending", "suspended"),
}
"""By the state that is wanted: those in which the machine has obeyed."""


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
        """The whole configuration with these settings in it. Raises for a size that does not exist."""
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


@dataclass(frozen=True)
class WantedMachine:
    """`state` is started, stopped, suspended, restarted, absent, or None to leave it; likewise `cordoned`."""

    app: str
    machine: str | None = None
    group: str | None = None
    state: str | None = None
    cordoned: bool | None = None
    settings: Settings = field(default_factory=Settings)


class Machine(Resource[types.Machine | None]):
    reads_lists = True

    def __init__(self, api: MachinesApi, gate: Gate, wanted: WantedMachine, warn: Callable[[str], None]) -> None:
        self._api, self._wanted, self._warn = api, wanted, warn
        self._write = MachineWriter(api, gate, wanted.app)

    @property
    def title(self) -> str:
        wanted = self._wanted
        return f"machine {wanted.machine or wanted.group or ''} of {wanted.app}".replace("  ", " ")

    def observe(self) -> types.Machine | None:
        return the_machine(self._api, self._wanted.app, self._wanted.machine, self._wanted.group)

    def plan(self, observed: types.Machine | None) -> Plan:
        if observed is None:
            if self._wanted.state == "absent":
                return []
            return [refusal("there is no such machine", where=self.title, todo="Deploy it first, with fly_deploy")]
        if self._wanted.state == "absent":
            return [self._destruction(observed)]
        try:
            update = self._update(observed)
        except CollectionError as error:  # a size that does not exist
            return [Refusal(error)]
        return [*update, *self._changes_of_state(observed, bool(update)), *self._cordoning(observed)]

    def wait_until_ready(self, observed: types.Machine | None) -> types.Machine | None:
        return self._write.wait_until_ready(observed) if observed else None

    def describe(self, observed: types.Machine | None) -> dict[str, object]:
        return {"machine": public_view(observed) if observed else None}

    def _update(self, observed: types.Machine) -> Plan:
        config = observed.get("config") or {}
        wanted = self._wanted.settings.applied(config)
        before, after = differences(wanted, config) if wanted != config else ({}, {})
        if not before and not after:
            return []
        if in_maintenance(config):
            what = "the machine is in maintenance and runs no process whose settings could change"
            return [refusal(what, where=self.title, todo="Run fly_deploy first, which starts its process")]
        state, at_rest = self._wanted.state, observed.get("state") in AT_REST
        launch = state in ("started", "restarted", "suspended") or (state is None and not at_rest)

        def update() -> None:
            self._warn(f"{self.title}: the next deploy sets the values of fly.toml again: {sections(before, after)}")
            settings = self._wanted.settings
            self._write.update(observed["id"], lambda now: desired(settings.applied(now), now), launch=launch)

        what = f"update {sections(before, after)}"
        if state == "restarted":  # with the update it is restarted, so both are one change
            return [self._restart(what, before, after, update, observed)]
        return [Change("update", what, before, after, update)]

    def _changes_of_state(self, observed: types.Machine, updated: bool) -> Plan:
        identity, now, state = observed["id"], observed.get("state"), self._wanted.state
        down, at_rest = now in DOWN and not updated, now in AT_REST
        start = self._change("start", now, "started", lambda: self._write.start(identity))
        if state == "started" and down:
            return [start]
        if state == "stopped" and (now == "suspended" or not at_rest):
            return [self._change("stop", now, "stopped", lambda: self._write.halt(identity, "stop"))]
        if state == "suspended" and now != "suspended":
            suspend = self._change("suspend", now, "suspended", lambda: self._write.halt(identity, "suspend"))
            return [start, suspend] if down else [suspend]
        if state == "restarted" and not updated:
            what, apply = ("start", self._write.start) if down else ("restart", self._write.restart)
            return [self._restart(what, {"state": now}, {"state": "started"}, lambda: apply(identity), observed)]
        return []

    def _restart(
        self, what: str, before: object, after: object, apply: Callable[[], object], observed: types.Machine
    ) -> Change:
        """Nothing tells that a machine was restarted, but an event that was not there before."""
        known = {event.get("id") for event in observed.get("events") or []}

        def restarted(now: types.Machine | None) -> bool:
            return any(
                event.get("id") not in known and event.get("type") in ("restart", "update", "start")
                for event in (now.get("events") if now else None) or []
            )

        return Change("restart", what, before, after, apply, once=True, took_effect=restarted)

    def _change(self, what: str, now: object, then: str, apply: Callable[[], object]) -> Change:
        """In effect as soon as the machine is on its way: a look right after it may see no more than that."""

        def on_its_way(machine: types.Machine | None) -> bool:
            return machine is not None and machine.get("state") in ON_ITS_WAY[then]

        return Change(what, what, {"state": now}, {"state": then}, apply, took_effect=on_its_way)

    def _cordoning(self, observed: types.Machine) -> Plan:
        now = bool(observed.get("cordoned"))
        if self._wanted.cordoned in (None, now):
            return []
        what = "cordon" if self._wanted.cordoned else "uncordon"
        wanted = bool(self._wanted.cordoned)
        return [
            Change(
                "cordon",
                what,
                {"cordoned": now},
                {"cordoned": wanted},
                lambda: self._write.cordon(observed["id"], wanted),
            )
        ]

    def _destruction(self, observed: types.Machine) -> Change:
        mounts = [mount.get("volume") for mount in (observed.get("config") or {}).get("mounts") or []]
        before = {"id": observed["id"], "region": observed.get("region"), "volumes that stay": mounts}
        return Change("destroy", f"destroy {observed['id']}", before, None, lambda: self._write.destroy(observed["id"]))
