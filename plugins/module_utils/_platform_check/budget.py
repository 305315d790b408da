# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check may use and cost, and for how long: known before it starts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .._base.errors import CollectionError
from .._fly.facts import guests
from .._fly.throwaway import name as throwaway

PREFIX = "openclaw-check"
CPU_KIND, MAX_CPUS, MAX_MEMORY_MB = "shared", 2, 512
LARGE_MEMORY_MB = 2304
"""Of one machine: more than the 2 GB up to which Fly.io documents suspending."""
MAX_MACHINES, MAX_VOLUMES, VOLUME_GB = 8, 6, 1
"""Made in all, destroyed ones counted."""
MAX_ADDRESSES = 6
GRACE_MINUTES = 20
"""After its time a check may still take this long to remove what it made; then the next check removes it."""
_HOURS_A_MONTH = 30 * 24


def new_name(now: float, minutes: int) -> str:
    """A name that no app of a person has, and that holds when the app may be removed by anybody's next check."""
    return throwaway.new_name(PREFIX, int(now) + 60 * (minutes + GRACE_MINUTES), secrets.token_hex(4))


def expiry(name: str) -> float | None:
    """Unix seconds from which on an app of a check is left over; None for every other app."""
    return throwaway.expiry(PREFIX, name)


@dataclass(frozen=True)
class Cost:
    """Upper bounds in dollars."""

    total: float
    daily: float
    """For each day that everything would stay, were it not removed."""

    def __str__(self) -> str:
        return f"at most ${self.total:.3f} (left alone it would be ${self.daily:.2f} a day)"


def cost(region: str, minutes: int) -> Cost:
    """As if all that the check may ever make existed from its start to its expiry, snapshots as large as volumes."""
    machine = {"cpu_kind": CPU_KIND, "cpus": MAX_CPUS, "memory_mb": MAX_MEMORY_MB}
    one = guests.monthly_dollars(machine, region, 0, 0)
    if one is None:
        raise CollectionError(
            f"no price is known for machines in {region!r}, so the check's cost is unknown",
            where="region",
            todo=f"Choose one of {', '.join(sorted(guests.REGION_FACTOR))}",
        )
    storage = guests.VOLUME_GB_DOLLARS * VOLUME_GB * MAX_VOLUMES * 2
    large = guests.monthly_dollars({**machine, "memory_mb": LARGE_MEMORY_MB}, region, 0, 0) or 0.0
    monthly = one * MAX_MACHINES + large + storage
    hours = (minutes + GRACE_MINUTES) / 60
    return Cost(monthly / _HOURS_A_MONTH * hours, monthly / 30)
