# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a gateway's upgrade to a release came, noted with its machine: every later run knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial

from .._base import clock
from .._converge.resource import Change, Plan, Resource
from .._fly.client.api import MachinesApi
from .._fly.client.types import Machine
from .._fly.volumes.mounted import machine_with_volume
from .._gateway.upgrade_note import FAILED, UPGRADING, failed_releases, upgrading

_REASON = 300
"""Characters of a reason that are kept."""


@dataclass(frozen=True)
class WantedReleaseState:
    """`state` is begun (with `snapshot`), ended or failed (with `reason`)."""

    app: str
    release: str
    state: str
    snapshot: str = ""
    reason: str = ""


class ReleaseState(Resource[Machine]):
    reads_lists = True

    def __init__(self, api: MachinesApi, wanted: WantedReleaseState) -> None:
        self._api, self._wanted = api, wanted

    @property
    def title(self) -> str:
        return f"release {self._wanted.release} of {self._wanted.app}"

    def observe(self) -> Machine:
        return machine_with_volume(self._api, self._wanted.app)

    def plan(self, observed: Machine) -> Plan:
        wanted, changes = self._wanted, []
        failed = failed_releases(observed)
        if wanted.state == "failed":
            if wanted.release not in failed:
                reason = f"{clock.text(clock.now())}: {wanted.reason}"[:_REASON]
                changes.append(self._set(observed, FAILED, failed, {**failed, wanted.release: reason}))
        elif wanted.release in failed:
            left = {release: reason for release, reason in failed.items() if release != wanted.release}
            changes.append(self._set(observed, FAILED, failed, left))
        begun = {"release": wanted.release, "snapshot": wanted.snapshot} if wanted.state == "begun" else {}
        if upgrading(observed) != begun:
            changes.append(self._set(observed, UPGRADING, upgrading(observed), begun))
        return changes

    def describe(self, observed: Machine) -> dict[str, object]:
        return {"failed_releases": failed_releases(observed), "upgrading": upgrading(observed) or None}

    def _set(self, machine: Machine, key: str, before: dict[str, str], after: dict[str, str]) -> Change:
        app, identity = self._wanted.app, machine["id"]
        if after:
            apply = partial(self._api.set_machine_metadata, app, identity, key, json.dumps(after, sort_keys=True))
        else:
            apply = partial(self._api.remove_machine_metadata, app, identity, key)
        what = "note" if after else "remove"
        names = {FAILED: "the releases that failed", UPGRADING: "the upgrade that is under way"}
        return Change(key, f"{what} {names[key]}", before or None, after or None, apply)
