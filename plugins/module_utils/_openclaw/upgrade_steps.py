# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the way from one release to another, as data.

Source: upgrades of real gateways with data on two busy shared cores, 2026-11-26; a quiet machine takes half of it.
"""

from __future__ import annotations

from typing import Final

from .releases import Release

FIRST_STARTS: Final = {("2026.5.12", "2026.7.1"): 53, ("2026.7.1", "2026.9.6"): 87}
"""Seconds from the start of the newer release until it was ready on the data of the older one."""

BRIDGES: Final = (
    ("2026.7.1", "jobs, sessions and devices lie in JSON files before it, and only the upgrade to it was measured"),
)
"""Releases that an upgrade from an older one goes through first, and why; oldest first."""


def bridges(running: Release, target: Release) -> list[tuple[str, str]]:
    """The releases to go through, with the reason of each."""
    return [(via, why) for via, why in BRIDGES if running < Release.parse(via) < target]


def first_start(running: Release, target: Release) -> tuple[int, bool]:
    """Seconds of the first start, and whether they were measured for just these two; else the longest measured."""
    seconds = FIRST_STARTS.get((str(running), str(target)))
    return (max(FIRST_STARTS.values()), False) if seconds is None else (seconds, True)
