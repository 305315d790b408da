# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner of the files of a gateway's state.

A shell in the machine is root's, and what root writes into the state stops the gateway with EACCES at its next start.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._converge.resource import Change, Plan, Resource
from .._fly.client.api import MachinesApi
from .._fly.machines.pick import pick_machine, started_machine
from .._fly.machines.remote_files import RemoteFiles
from .._gateway.state_files import foreign_paths, give

_SHOWN = 20


@dataclass(frozen=True)
class ForeignPaths:
    """Paths below the state that another user or group owns; None when no machine can be asked."""

    paths: tuple[str, ...] | None


class StateOwner(Resource[ForeignPaths]):
    """`owner` is uid:gid of everything below `path`. Modes are left alone: the gateway sets its own."""

    def __init__(self, api: MachinesApi, app: str, path: str, owner: str, machine: str | None = None) -> None:
        self._api, self._app, self._path, self._owner, self._machine = api, app, path, owner, machine

    @property
    def title(self) -> str:
        return f"{self._app}:{self._path}"

    def observe(self) -> ForeignPaths:
        identity = self._machine or self._started()
        if identity is None:
            return ForeignPaths(None)
        return ForeignPaths(foreign_paths(RemoteFiles(self._api, self._app, identity), self._path, self._owner))

    def plan(self, observed: ForeignPaths) -> Plan:
        if not observed.paths:
            return []
        count = len(observed.paths)
        more = [f"and {count - _SHOWN} more"] if count > _SHOWN else []
        what = f"give {count} path{'s' if count > 1 else ''} to {self._owner}"
        return [Change("owner", what, [*observed.paths[:_SHOWN], *more], None, self._give)]

    def describe(self, observed: ForeignPaths) -> dict[str, object]:
        return {"path": self._path, "owner": self._owner}

    def _give(self) -> None:
        identity = self._machine or started_machine(self._api, self._app)["id"]
        give(RemoteFiles(self._api, self._app, identity), self._path, self._owner)

    def _started(self) -> str | None:
        machine = pick_machine(self._api, self._app)
        return str(machine["id"]) if machine and machine.get("state") == "started" else None
