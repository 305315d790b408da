# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last consistent snapshot of a gateway, noted in its machine's metadata: a controller without files finds it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .._fly.client.types import Machine
from .._fly.machines.metadata import note

KEY = "ansible_last_backup"


@dataclass(frozen=True)
class LastBackup:
    """What a rollback to the snapshot needs, and what its result is compared with."""

    snapshot: str
    image: str
    release: str | None = None
    counts: dict[str, Any] | None = None

    def note(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def last_backup(machine: Machine) -> LastBackup | None:
    """None where there is none, or what stands there is not ours."""
    try:
        return LastBackup(**note(machine, KEY))
    except TypeError:
        return None
