# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which OpenClaw release a machine runs."""

from __future__ import annotations

from .._fly.client.types import Machine
from .._fly.machines.config import in_maintenance
from .._openclaw.errors import InvalidValue
from .._openclaw.releases import Release


def another_release(machine: Machine, declared: Release) -> Release | None:
    """The release that a machine's image names, if that runs and is not the declared one.

    What belongs to the declared release then waits for its deploy. An image whose tag names none counts as declared.
    """
    try:
        runs = Release.from_image(str(machine["config"].get("image", "")))
    except InvalidValue:
        return None
    return None if runs == declared or in_maintenance(machine["config"]) else runs
