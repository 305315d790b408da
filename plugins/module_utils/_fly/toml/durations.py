# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go durations, as fly.toml and the API write them."""

from __future__ import annotations

import re
from typing import Any

from ..._base.errors import CollectionError

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


def seconds(value: Any, where: str = "duration") -> float:
    """Read "1m30s" or a number of seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise CollectionError(f"{value!r} is not a duration", where=where, todo='Write it as "15s" or "2m"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def go(value: Any, where: str = "duration") -> str:
    """Write a duration as Go prints it: "15s", "2m0s", "1h0m0s"."""
    total = seconds(value, where)
    if total < 1 and total > 0:
        return f"{total * 1000:g}ms"
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    if hours:
        return f"{hours:g}h{minutes:g}m{secs:g}s"
    if minutes:
        return f"{minutes:g}m{secs:g}s"
    return f"{secs:g}s"
