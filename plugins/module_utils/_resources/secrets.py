# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An app's secrets: set in bulk, by name; values are never read, printed or kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._base.secret_values import fault_of
from .._base.waiting import TimedOut, wait_until
from .._converge.resource import Change, Plan, Refusal, Resource, refusal
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json, Machine, Secret
from .._fly.facts.names import secret_name
from .._fly.machines.config import in_maintenance
from .._fly.machines.deployed import is_deployed, is_live
from .._fly.machines.gate import AT_REST
from .._fly.machines.writer import MachineWriter
from .._fly.secrets import ledger as secret_ledger
from .._fly.secrets.applied import KEY, runs_with, secrets_state
from .._fly.secrets.ledger_file import LedgerFile

_SHOWN_WITHIN = 10.0
"""Seconds for which a list may be from before a change."""


@dataclass(frozen=True)
class WantedSecrets:
    """`values` by name. With `exact` every other secret is removed; `absent` names those to remove.

    `retired`: names whose values before the present ones are never set again.
    """

    app: str
    values: Mapping[str, Any]
    absent: tuple[str, ...] = ()
    exact: bool = False
    retired: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecretsState:
    digests: dict[str, str]
    fingerprint: str
    set_at: float
    """See `applied_secrets.secrets_state`."""
    machines: list[Machine]
    ledger: str | None
    stale: list[Machine]
    """Machines that run with older secrets, when they are to be applied."""


class Secrets(Resource[SecretsState]):
    """They are staged: a machine sees them from its next update on (`fly_deploy` knows and updates it), unless `apply`
    is given, which restarts one deployed machine after the other with them, behind the health gate. `memory` holds the
    ledger while there is no machine.
    """

    reads_lists = True

    def __init__(
        self, api: MachinesApi, wanted: WantedSecrets, memory: LedgerFile, apply: MachineWriter | None = None
    ) -> None:
        self._api, self._wanted, self._memory, self._writer = api, wanted, memory, apply
        self._app, self._values = wanted.app, wanted.values
        self._written: str | None = None
        self._changed: dict[str, str | None] = {}
        """Digests of what was set; None of what was removed."""

    @property
    def title(self) -> str:
        return f"secrets of {self._app}"

    def observe(self) -> SecretsState:
        found = self._api.secrets(self._app) or []
        machines = [machine for machine in self._api.machines(self._app) or [] if is_live(machine)]
        fingerprint, set_at = secrets_state(found)
        return SecretsState(
            {entry["name"]: entry.get("digest") or "" for entry in found},
            fingerprint,
            set_at,
            machines,
            secret_ledger.of_machines(machines) or self._written or self._memory.read(),
            [m for m in machines if self._applies_to(m) and not runs_with(m, fingerprint, set_at)],
        )

    def plan(self, observed: SecretsState) -> Plan:
        if refusals := self._refusals():
            return refusals
        ledger = secret_ledger.Ledger(observed.ledger, observed.digests)
        held = ledger.holds(self._values)
        surplus = set(self._wanted.absent) | (
            set(observed.digests) - set(self._values) if self._wanted.exact else set()
        )
        removed = sorted(surplus & set(observed.digests))
        set_now = sorted(name for name, holds in held.items() if not holds)
        if again := [name for name in set_now if ledger.is_retired(name, str(self._values[name]))]:
            return [self._refused_again(again)]
        retiring = self._retirement(ledger, observed)
        if not set_now and not removed:
            return [*self._applications(observed.stale), *retiring]
        names = sorted({*observed.digests, *self._values})
        before = [f"{name}: set" for name in sorted(observed.digests)]
        after = [
            f"{name}: {'a new value' if name in set_now and name in observed.digests else 'set'}"
            for name in names
            if name not in removed
        ]
        parts = [f"set {', '.join(set_now)}"] if set_now else []
        parts += [f"remove {', '.join(removed)}"] if removed else []

        def took_effect(now: SecretsState) -> bool:
            changed = any(now.digests.get(name) not in (None, observed.digests.get(name)) for name in set_now)
            return changed or any(name not in now.digests for name in removed)

        change = Change(
            "secrets",
            " and ".join(parts),
            before,
            after,
            lambda: self._set(set_now, removed, observed),
            took_effect=took_effect,
        )
        return [change, *self._applications([m for m in observed.machines if self._applies_to(m)]), *retiring]

    def _refused_again(self, names: list[str]) -> Refusal:
        return refusal(
            f"{', '.join(names)}: this value was replaced by a rotation, and is not set again",
            where=self.title,
            why="whoever knew it could use it again; a copy of it was kept somewhere, such as another controller",
            todo="Give the present value. Of the gateway's token, remove the old file (fly_app_gateway_token_file): it "
            "is then read from the machine",
        )

    def _retirement(self, ledger: secret_ledger.Ledger, observed: SecretsState) -> list[Change]:
        names = ledger.unretired(self._wanted.retired)
        if not names or not observed.machines:
            return []

        def retire() -> None:
            self._keep(observed.machines, ledger.retiring(names))

        what = f"note that the value before of {', '.join(names)} is not to be set again"
        return [Change("retire", what, None, {"retired": names}, retire)]

    def _refusals(self) -> list[Refusal]:
        refusals = []
        for name in (*self._values, *self._wanted.absent):
            if rejected := secret_name(name):
                refusals.append(Refusal(rejected.error(self.title, f"{name!r} cannot be a secret's name")))
        for name, value in self._values.items():
            if fault := fault_of(value):
                refusals.append(refusal(f"the secret {name} {fault.why}", where=self.title, todo=fault.todo))
        return refusals

    def wait_until_ready(self, observed: SecretsState) -> SecretsState:
        for machine in observed.machines:
            if self._writer and self._applies_to(machine):
                self._writer.wait_until_ready(machine)
        return observed

    def describe(self, observed: SecretsState) -> dict[str, Any]:
        return {
            "names": sorted(observed.digests),
            "digests": observed.digests,
            "remembered": bool(observed.machines or self._memory.read()),
            "state": {
                "fingerprint": observed.fingerprint,
                "set_at": observed.set_at if math.isfinite(observed.set_at) else None,
            },
        }

    def _applies_to(self, machine: Machine) -> bool:
        """A machine in maintenance gets them when the deploy starts its process."""
        return bool(self._writer) and is_deployed(machine) and not in_maintenance(machine.get("config") or {})

    def _applications(self, machines: list[Machine]) -> list[Change]:
        if self._writer is None:
            return []
        before, after = {"secrets": "older"}, {"secrets": "current"}
        return [
            Change(m["id"], f"update machine {m['id']}: secrets", before, after, partial(self._apply, self._writer, m))
            for m in machines
        ]

    def _apply(self, writer: MachineWriter, machine: Machine) -> None:
        fingerprint = secrets_state(self._listed())[0]

        def noted(config: Json) -> Json:
            return {**config, "metadata": {**(config.get("metadata") or {}), KEY: fingerprint}}

        writer.update(machine["id"], noted, launch=machine.get("state") not in AT_REST)

    def _listed(self) -> list[Secret]:
        """All secrets; a list that lags behind what was changed is asked for again."""

        def shows(found: list[Secret]) -> bool:
            digests = {entry["name"]: entry.get("digest") for entry in found}
            return all(digests.get(name) == digest for name, digest in self._changed.items())

        try:
            return wait_until(
                "the list to show what was set",
                lambda: self._api.secrets(self._app) or [],
                shows,
                timeout=_SHOWN_WITHIN,
                every=1.0,
                where=self.title,
            )
        except TimedOut as error:
            found: list[Secret] = error.seen
            return found

    def _set(self, set_now: list[str], removed: list[str], observed: SecretsState) -> None:
        values: dict[str, str | None] = {name: self._values[name] for name in set_now}
        values.update(dict.fromkeys(removed))
        answer = self._api.set_secrets(self._app, values)
        found = answer.get("secrets") or self._api.secrets(self._app) or []  # a list may lag behind
        self._changed = {entry["name"]: entry.get("digest") for entry in found if entry["name"] in set_now}
        self._changed.update(dict.fromkeys(removed))
        digests = {**observed.digests, **{entry["name"]: entry.get("digest") or "" for entry in found}}
        ledger = secret_ledger.Ledger(observed.ledger, digests).text(
            self._values, int(answer.get("version") or answer.get("Version") or 0)
        )
        self._keep(observed.machines, ledger)
        if not observed.machines:
            self._memory.write(ledger)

    def _keep(self, machines: list[Machine], ledger: str) -> None:
        self._written = ledger
        for machine in machines:
            self._api.set_machine_metadata(self._app, machine["id"], secret_ledger.KEY, ledger)
