# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a version of Node.js is in a release's `engines.node`: npm ranges, as far as OpenClaw uses them."""

from __future__ import annotations

import re

_PART = re.compile(r"(>=|<=|>|<|=)?v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def allows(engine: str, version: str) -> bool:
    """``allows(">=24.16.0 <25 || >=26.1.0", "24.19.0")``; True where either cannot be read."""
    have = _numbers(version)
    if have is None:
        return True
    return any(all(_holds(part, have) for part in choice.split()) for choice in engine.split("||"))


def _holds(part: str, have: tuple[int, int, int]) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return True
    wanted = _of(found)
    match found[1] or "=":
        case ">=":
            return have >= wanted
        case "<=":
            return have <= wanted
        case ">":
            return have > wanted
        case "<":
            return have < wanted
    return have == wanted


def _numbers(text: str) -> tuple[int, int, int] | None:
    found = _PART.match(text.strip())
    return _of(found) if found else None


def _of(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found[2]), int(found[3] or 0), int(found[4] or 0)
