# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An app that is to be destroyed later: noted in the metadata of its machines, so that every run knows it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..._base import clock
from ..client.types import Machine
from .deployed import is_live
from .metadata import note

RETIRED = "ansible_retired"


@dataclass(frozen=True)
class Retirement:
    """Both are times, as the API writes them."""

    at: str
    keep_until: str

    def note(self) -> str:
        return json.dumps({"at": self.at, "keep_until": self.keep_until})


def retirement(machine: Machine) -> Retirement | None:
    """What is noted in this machine; None where that is no note of ours."""
    noted = note(machine, RETIRED)
    try:
        found = Retirement(str(noted["at"]), str(noted["keep_until"]))
        clock.parse(found.keep_until)
    except (ValueError, KeyError):
        return None
    return found


def retired(machines: Iterable[Machine]) -> Retirement | None:
    """The app's retirement, as noted in any of its machines that are not gone."""
    return next((found for machine in machines if is_live(machine) and (found := retirement(machine))), None)
