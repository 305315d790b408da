# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of throw-away apps: each holds when anybody may remove the app."""

from __future__ import annotations

import re


def new_name(prefix: str, expires: float, tail: str) -> str:
    """A name that no app of a person has. `expires` is in Unix seconds, `tail` has eight hexadecimal digits."""
    return f"{prefix}-{int(expires):010d}-{tail}"


def expiry(prefix: str, name: str) -> float | None:
    """Unix seconds from which on a throw-away app of this prefix is left over; None for every other app."""
    found = re.fullmatch(rf"{re.escape(prefix)}-(\d{{10}})-[0-9a-f]{{8}}", name)
    return float(found[1]) if found else None
