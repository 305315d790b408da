# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .notes import Notes
from .target import Target


@dataclass(frozen=True)
class Check:
    """One of the twelve. `run` notes evidence and findings, or raises `Skipped`."""

    id: str
    proves: str
    how: str
    fix: str
    run: Callable[[Target, Notes], None]
    waits_for: str = ""
    """What the platform may need a moment for after a change, where it does: findings that lag are then waited for."""
