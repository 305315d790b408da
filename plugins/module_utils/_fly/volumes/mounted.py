# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one machine of an app that keeps data, and the volume that it mounts."""

from __future__ import annotations

from ..._base.errors import CollectionError
from ..client.api import MachinesApi
from ..client.types import Machine
from ..machines.deployed import group_of, is_deployed
from .lost import mounted
from .restoring import restoring


def machine_with_volume(api: MachinesApi, app: str, group: str | None = None) -> Machine:
    """The deployed machine with a volume. Raises when there is none, or more than one."""
    found = [
        machine
        for machine in api.machines(app) or []
        if is_deployed(machine) and mounted_volume(machine) and group in (None, group_of(machine))
    ]
    if len(found) == 1:
        return found[0]
    raise CollectionError(
        f"{len(found)} machines have a volume" if found else "no machine has a volume",
        where=f"app {app}",
        why=", ".join(f"{one['id']} ({group_of(one)}) mounts {mounted_volume(one)}" for one in found),
        todo="Name the process group, with process_group" if found else "Deploy it first: run the playbook site.yml",
    )


def machine_in_use(api: MachinesApi, app: str) -> Machine:
    """The same; where a restore was cut off, the machine that it was about to replace."""
    cut_off = [machine for machine in api.machines(app) or [] if is_deployed(machine) and restoring(machine)]
    return cut_off[0] if cut_off else machine_with_volume(api, app)


def mounted_volume(machine: Machine) -> str:
    """The id of the volume that it mounts; empty when it mounts none."""
    return next(iter(mounted(machine)), "")
