# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an app is retired: its data is kept for some days, and nothing deploys it meanwhile."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

from .._base import clock
from .._base.errors import CollectionError
from .._converge.resource import Change, Plan, Resource, refusal
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine
from .._fly.machines.deployed import is_live
from .._fly.machines.retirement import RETIRED, Retirement, retired, retirement

_DAY = 86400


@dataclass(frozen=True)
class WantedRetirement:
    """`state` is retired or active; the app is kept for `keep_days` from the first run on."""

    app: str
    state: str
    keep_days: int


class AppRetirement(Resource[list[Machine]]):
    def __init__(self, api: MachinesApi, wanted: WantedRetirement) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"app {self._wanted.app}"

    def observe(self) -> list[Machine]:
        if self._api.app(self._wanted.app) is None:
            raise CollectionError("there is no such app", where=self.title, todo="fly apps list shows those that exist")
        return [machine for machine in self._api.machines(self._wanted.app) or [] if is_live(machine)]

    def plan(self, observed: list[Machine]) -> Plan:
        if self._wanted.state == "active":
            noted = [machine for machine in observed if retirement(machine)]
            return [self._change(machine, None) for machine in noted]
        if not observed:
            todo = "It runs nothing; to destroy what it holds, run the playbook teardown with -e phase=destroy"
            what = "the app has no machine in which its retirement could be noted"
            return [refusal(what, where=self.title, todo=todo)]
        now = clock.now()
        note = retired(observed) or Retirement(clock.text(now), clock.text(now + self._wanted.keep_days * _DAY))
        return [self._change(machine, note) for machine in observed if retirement(machine) != note]

    def describe(self, observed: list[Machine]) -> dict[str, object]:
        found = retired(observed)
        return {"retired": asdict(found) if found else None, "machines": [machine["id"] for machine in observed]}

    def _change(self, machine: Machine, note: Retirement | None) -> Change:
        app, identity, before = self._wanted.app, machine["id"], retirement(machine)
        if note:
            apply = partial(self._api.set_machine_metadata, app, identity, RETIRED, note.note())
        else:
            apply = partial(self._api.remove_machine_metadata, app, identity, RETIRED)
        what = f"note with machine {identity} that the app is {'retired' if note else 'active again'}"
        return Change(identity, what, asdict(before) if before else None, asdict(note) if note else None, apply)
