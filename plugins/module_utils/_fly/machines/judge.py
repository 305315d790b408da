# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a process group's machines as they are: pure functions over what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..._base.errors import CollectionError
from ..client.types import Machine, Volume
from ..volumes.judge import described
from ..volumes.lost import mounted
from ..volumes.restoring import restoring


def is_standby(machine: Machine) -> bool:
    """flyctl makes a second machine for a group without services, to start when the first one's host is lost."""
    return bool((machine.get("config") or {}).get("standbys"))


def twins(where: str, group: str, machines: Sequence[Machine], volumes: Sequence[Volume]) -> CollectionError | None:
    """Two machines of a group with a volume each serve behind one name, with a state each."""
    working = [machine for machine in machines if not is_standby(machine)]
    if len(working) < 2:
        return None
    by_id = {volume["id"]: volume for volume in volumes}
    return CollectionError(
        f"the process group {group} has {len(working)} machines with a volume each",
        where=where,
        why="; ".join(_holds(machine, by_id) for machine in working),
        todo="Look which one has the data to keep, then destroy the other with fly_machine (machine: ID, "
        "state: absent); its volume stays until it is destroyed with fly volumes destroy",
        machines=[machine["id"] for machine in working],
    )


def being_replaced(where: str, machine: Machine) -> CollectionError | None:
    """A restore that a killed run left half done: what is started now may be the wrong one of two states."""
    begun = restoring(machine)
    if not begun:
        return None
    return CollectionError(
        f"a restore from {begun.origin} is under way",
        where=where,
        why=f"machine {machine['id']} is to be replaced by one on the restored volume, and that run was cut off",
        todo=f"Finish it: run {'rollback.yml' if begun.is_snapshot else 'restore.yml'} again with {begun.origin}",
        machine=machine["id"],
        snapshot=begun.snapshot,
    )


def _holds(machine: Machine, volumes: dict[str, Volume]) -> str:
    held = [described(volumes[one]).rpartition(", ")[0] if one in volumes else one for one in mounted(machine)]
    what = f" with the volume {' and '.join(held)}" if held else " without a volume"
    return f"machine {machine['id']} in {machine.get('region')}, {machine.get('state')},{what}"


def elsewhere(
    where: str, machine: Machine, region: str | None, fallbacks: Iterable[str], volume: str | None
) -> CollectionError | None:
    """A machine with a volume stays where its volume is. `volume`: the one that is named to be mounted."""
    held, here = mounted(machine), machine.get("region")
    if not held or not here or region is None or here in (region, *fallbacks) or volume in held:
        return None
    return CollectionError(
        f"machine {machine['id']} and its volume {held[0]} are in {here}, not in {region}",
        where=where,
        why="a volume does not move, and a machine stays beside its volume",
        todo=f"Write primary_region {here} again, or copy the volume with fly_volume (region: {region}, fork_from: "
        f"{held[0]}), destroy the machine and deploy with the copy (fly_deploy volume)",
        machine=machine["id"],
        volume=held[0],
        region=here,
    )


def renamed_mount(where: str, machine: Machine, source: str) -> CollectionError | None:
    """A mounted volume has a name, and a volume cannot be renamed."""
    mounts = (machine.get("config") or {}).get("mounts") or []
    wrong = [mount for mount in mounts if mount.get("name") and mount.get("name") != source]
    if not wrong:
        return None
    name = wrong[0]["name"]
    return CollectionError(
        f"machine {machine['id']} mounts the volume {name} ({wrong[0].get('volume')}), not {source}",
        where=where,
        why="a volume cannot be renamed, and the data stays on the one that is mounted",
        todo=f'Write source = "{name}" in [mounts] again, or copy the data to a volume of the new name and destroy the '
        "machine first (fly_machine state=absent)",
        machine=machine["id"],
        volume=wrong[0].get("volume"),
    )


def many_free(where: str, source: str, volumes: Sequence[Volume], volume: str | None) -> CollectionError | None:
    """A new machine mounts a volume: of several free ones, only a person knows which holds the data."""
    free = [one for one in volumes if one["name"] == source and not one.get("attached_machine_id")]
    if volume or len(free) < 2:
        return None
    return CollectionError(
        f"{len(free)} volumes named {source} are free, and a machine mounts one",
        where=where,
        why="; ".join(map(described, free)),
        todo="Name the one with the data: volume: ID (fly_deploy), and destroy the others when they are not needed",
        volumes=[one["id"] for one in free],
    )
