# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go durations, as fly.toml and the API write them."""

from __future__ import annotations

import re

from ..._base.errors import CollectionError

_UNITS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
"""In nanoseconds."""
_NUMBER = r"\d+\.?\d*|\.\d+"
_PART = re.compile(rf"({_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[+-]?(?:0|(?:(?:{_NUMBER})(?:ns|us|µs|μs|ms|s|m|h))+)")


def nanoseconds(value: object, where: str = "duration") -> int:
    """Read "1m30s", or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * _UNITS["s"])
    text = str(value).strip()
    if not _WHOLE.fullmatch(text):
        raise CollectionError(f"{value!r} is not a duration", where=where, todo='Write it as "15s" or "2m"')
    total = 0
    for number, unit in _PART.findall(text):
        whole, _dot, part = number.partition(".")
        total += int(whole or 0) * _UNITS[unit] + int(part or 0) * _UNITS[unit] // 10 ** len(part)
    return -total if text.startswith("-") else total


def seconds(value: object, where: str = "duration") -> float:
    """Read "1m30s", or a number of seconds."""
    return nanoseconds(value, where) / _UNITS["s"]


def go(value: object, where: str = "duration") -> str:
    """Write a duration as Go prints it: "15s", "2m0s", "1h0m0s", "500ms"."""
    total = nanoseconds(value, where)
    sign, total = ("-", -total) if total < 0 else ("", total)
    for unit in ("ns", "µs", "ms"):
        if 0 < total < 1000 * _UNITS[unit]:
            return sign + _decimal(total, _UNITS[unit]) + unit
    minutes, rest = divmod(total, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, _UNITS['s'])}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return sign + (f"{hours}h{text}" if hours else text)


def text_of(value: object, unit: float) -> object:
    """A bare number as flyctl reads it where it allows one: so many units (in seconds), without a fraction."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return go(int(value) * unit)
    return value


def _decimal(total: int, unit: int) -> str:
    whole, part = divmod(total, unit)
    fraction = str(part).rjust(len(str(unit)) - 1, "0").rstrip("0") if part else ""
    return f"{whole}.{fraction}" if fraction else str(whole)
