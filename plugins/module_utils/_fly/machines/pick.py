# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the machine that a task means."""

from __future__ import annotations

from ..._base.errors import CollectionError
from ..client.api import MachinesApi
from ..client.types import Machine
from .deployed import group_of, is_deployed, is_live


def pick_machine(api: MachinesApi, app: str, machine: str | None = None, group: str | None = None) -> Machine | None:
    """The named machine, else the first deployed one (of the process group, if given) that is started.

    None when the app has none, or does not exist.
    """
    return pick_of(api.machines(app) or [], machine, group)


def pick_of(machines: list[Machine], machine: str | None = None, group: str | None = None) -> Machine | None:
    """What `pick_machine` gives, of machines that are known."""
    found = _meant(machines, machine, group)
    return min(found, key=lambda m: (m.get("state") != "started", m["id"]), default=None)


def the_machine(api: MachinesApi, app: str, machine: str | None = None, group: str | None = None) -> Machine | None:
    """The one machine that is meant, running or not; None when there is none. Raises when it could be several."""
    found = _meant(api.machines(app) or [], machine, group)
    if len(found) > 1:
        raise CollectionError(
            f"{len(found)} machines match",
            where=f"app {app}",
            why=", ".join(f"{m['id']} ({group_of(m)}, {m.get('region')})" for m in found),
            todo="Name one with machine, or with process_group when each has its own",
        )
    return found[0] if found else None


def started_machine(api: MachinesApi, app: str, machine: str | None = None, group: str | None = None) -> Machine:
    """What `pick_machine` gives, which must run; raises an error that says what is wrong."""
    found = pick_machine(api, app, machine, group)
    if found is None or found.get("state") != "started":
        raise not_started(found, app, machine, group)
    return found


def not_started(
    found: Machine | None, app: str, machine: str | None = None, group: str | None = None
) -> CollectionError:
    """Why no command can run in the machine that was picked."""
    if found is None:
        wanted = machine or (f"of process group {group}" if group else "")
        what = f"there is no machine {wanted}".rstrip()
        return CollectionError(
            what, where=f"app {app}", todo="Deploy it first: run the playbook openclaw.fly.site, or fly_deploy"
        )
    return CollectionError(
        f"the machine {found['id']} is {found.get('state')}",
        where=f"app {app}",
        why="commands and files need a started machine",
        todo="Start it (fly machine start), or run the playbook openclaw.fly.site, which starts what should run",
    )


def _meant(machines: list[Machine], machine: str | None, group: str | None) -> list[Machine]:
    if machine:
        return [m for m in machines if is_live(m) and machine in (m["id"], m.get("name"))]
    return [m for m in machines if is_deployed(m) and group in (None, group_of(m))]
