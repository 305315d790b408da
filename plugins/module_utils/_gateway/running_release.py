# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which OpenClaw release a machine runs."""

from __future__ import annotations

from .._fly.client.types import Machine
from .._fly.machines.config import in_maintenance
from .._openclaw.errors import InvalidValue
from .._openclaw.releases import Release


def release_of(machine: Machine) -> Release | None:
    """The release that the tag of a machine's image names."""
    try:
        return Release.from_image(str((machine.get("config") or {}).get("image") or ""))
    except InvalidValue:
        return None


def another_release(machine: Machine, declared: Release) -> Release | None:
    """The release that a machine's image names, if that runs and is not the declared one.

    What belongs to the declared release then waits for its deploy. An image whose tag names none counts as declared.
    """
    runs = release_of(machine)
    return None if runs == declared or in_maintenance(machine["config"]) else runs
