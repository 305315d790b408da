# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of memory and disk, read as flyctl reads them.

Source: docker/go-units' RAMInBytes and FromHumanSize, and flyctl's helpers/units.go (August 2026). A number without a
unit is of MB of memory, or of GB of disk.
"""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+) ?(?:([kmgtp])(?:i?b)?|(b))?", re.IGNORECASE)
_PREFIXES = "kmgtp"


def megabytes(value: object) -> int | None:
    """Memory in MB (of 1024 KB), rounded down: `1.5gb` is 1536, `512m` is 512; None if it is not an amount."""
    return _in(value, 1024, 1024**2)


def gigabytes(value: object) -> int | None:
    """Disk in GB (of 1000 MB), rounded down: `10gb` is 10; None if it is not an amount."""
    return _in(value, 1000, 1000**3)


def _in(value: object, base: int, quotient: int) -> int | None:
    text = str(value)
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    found = _AMOUNT.fullmatch(text)
    if isinstance(value, bool) or not found:
        return None
    power = _PREFIXES.index(found[2].lower()) + 1 if found[2] else 0
    return int(float(found[1]) * base**power) // quotient
