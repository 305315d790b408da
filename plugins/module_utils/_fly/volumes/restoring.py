# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore notes in the metadata of machines, so that a run that was killed is carried on by the next."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from ..client.types import Machine
from ..machines.deployed import is_live
from ..machines.metadata import metadata, note

RESTORING = "ansible_restoring"
"""In the machine that is to be replaced: the snapshot, the volumes that there were, whether the machine ran."""
RESTORED = "ansible_restored"
"""In the machine that replaced it: the snapshot that its volume was made from."""
KEPT = "ansible_kept_volumes"
"""In the machine in use: until when volumes of former machines are kept, by their ids."""
FILLS = "ansible_fills_volume"
"""In a machine that only sleeps while a volume is filled from a backup: the backup's id."""
_SNAPSHOT = "vs_"


@dataclass(frozen=True)
class Restoring:
    """A restore that began and has not ended. A volume of the same name that is not in `volumes` is the restored one.

    A volume has nothing where a note could stand, and its name is what fly.toml mounts.
    """

    snapshot: str
    volumes: tuple[str, ...]
    ran: bool
    """Whether the machine has to run again when the restore fails."""
    filled: bool = False
    """Of a restore from a backup, which stands for `snapshot`: whether all of it is on the volume."""

    @property
    def is_snapshot(self) -> bool:
        return self.snapshot.startswith(_SNAPSHOT)

    @property
    def origin(self) -> str:
        """What it is restored from, as messages call it."""
        return f"{'snapshot' if self.is_snapshot else 'backup'} {self.snapshot}"

    def note(self) -> str:
        return json.dumps(asdict(self))


def restoring(machine: Machine) -> Restoring | None:
    """The restore that is under way on this machine."""
    noted = note(machine, RESTORING)
    if not noted:
        return None
    known = tuple(map(str, noted.get("volumes") or ()))
    return Restoring(str(noted.get("snapshot")), known, bool(noted.get("ran")), bool(noted.get("filled")))


def restored_from(machine: Machine) -> str:
    """The snapshot or backup that the machine's volume was made from; empty when it was not."""
    return str(metadata(machine).get(RESTORED) or "")


def kept_volumes(machine: Machine) -> dict[str, str]:
    """Until when volumes of former machines are kept, by their ids."""
    return {str(identity): str(until) for identity, until in note(machine, KEPT).items()}


def all_kept(machines: Iterable[Machine]) -> dict[str, str]:
    """The same, as noted in any of an app's machines that are not gone."""
    return {one: until for machine in machines if is_live(machine) for one, until in kept_volumes(machine).items()}


def kept_note(machine: Machine, there: Iterable[str], more: dict[str, str]) -> str:
    """What `kept_volumes` is to return, without those that are gone."""
    present = set(there)
    kept = {identity: until for identity, until in kept_volumes(machine).items() if identity in present}
    return json.dumps({**kept, **more})
