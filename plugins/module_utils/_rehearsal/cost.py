# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a closed copy costs: known before it is made."""

from __future__ import annotations

from .._fly.facts import guests
from .._fly.machines.config import machine_config
from .._fly.toml.definition import FlyToml

_HOURS_A_MONTH = 30 * 24


def dollars(toml: FlyToml, region: str, volume_gb: int, seconds: float) -> float | None:
    """For a copy that exists so many seconds; None for a region without a known price."""
    guest = machine_config(toml, toml.default_group, "", None).get("guest") or guests.guest({})
    monthly = guests.monthly_dollars(guest, region, volume_gb, 0)
    return None if monthly is None else monthly / _HOURS_A_MONTH * seconds / 3600
