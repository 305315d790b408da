# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which state of the app's secrets a machine runs with: it sees them as they were at its last update."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from ..._base import clock
from ..client.types import Machine, Secret
from ..machines.deployed import version_time
from ..machines.metadata import metadata
from .age import time_of

KEY = "ansible_secrets_applied"
"""Machine metadata: the fingerprint of the secrets that the machine was last updated with."""
CLOCK_SKEW = 2.0
"""Seconds by which the clocks of Fly.io's vault and of a host may differ."""


def secrets_state(secrets: list[Secret]) -> tuple[str, float]:
    """Fingerprint of names and digests, and when one was last set; a time that nobody knows may be now."""
    lines = sorted(f"{entry['name']}={entry.get('digest')}" for entry in secrets)
    fingerprint = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    times = map(time_of, secrets)
    moments = [clock.parse(time) if time else math.inf for time in times]
    return fingerprint, max(moments, default=0.0)


def runs_with(machine: Machine, fingerprint: str, set_at: float) -> bool:
    """Whether it has them. flyctl does not note it: then it has those that are older than its version."""
    noted = metadata(machine).get(KEY)
    return version_time(machine) > set_at + CLOCK_SKEW if noted is None else noted == fingerprint


def told_state(given: dict[str, Any] | None) -> tuple[str, float] | None:
    """The same as fly_secrets returned it, as JSON: {fingerprint, set_at}."""
    if given is None:
        return None
    set_at = given.get("set_at")
    return str(given.get("fingerprint", "")), math.inf if set_at is None else float(set_at)
