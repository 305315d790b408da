# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fly.io's regions.

Source: superfly/docs reference/regions of 2026-08-05; the closed ones are those of the price calculator that the page
no longer lists. A code that is not here may be newer than this table: Fly.io is asked then (`GET /platform/regions`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from .names import Rejected

OPEN = {
    "ams": "Amsterdam, Netherlands", "arn": "Stockholm, Sweden", "bom": "Mumbai, India", "cdg": "Paris, France",
    "dfw": "Dallas, Texas (US)", "ewr": "Secaucus, NJ (US)", "fra": "Frankfurt, Germany", "gru": "Sao Paulo, Brazil",
    "iad": "Ashburn, Virginia (US)", "jnb": "Johannesburg, South Africa", "lax": "Los Angeles, California (US)",
    "lhr": "London, United Kingdom", "nrt": "Tokyo, Japan", "ord": "Chicago, Illinois (US)",
    "sin": "Singapore, Singapore", "sjc": "San Jose, California (US)", "syd": "Sydney, Australia",
    "yyz": "Toronto, Canada",
}  # fmt: skip
CLOSED = {
    "atl": "Atlanta, Georgia (US)", "bog": "Bogota, Colombia", "bos": "Boston, Massachusetts (US)",
    "den": "Denver, Colorado (US)", "eze": "Ezeiza, Argentina", "gdl": "Guadalajara, Mexico",
    "gig": "Rio de Janeiro, Brazil", "hkg": "Hong Kong, Hong Kong", "mad": "Madrid, Spain",
    "mia": "Miami, Florida (US)", "otp": "Bucharest, Romania", "phx": "Phoenix, Arizona (US)",
    "qro": "Queretaro, Mexico", "scl": "Santiago, Chile", "sea": "Seattle, Washington (US)", "waw": "Warsaw, Poland",
    "yul": "Montreal, Canada",
}  # fmt: skip
"""No machine or volume can be made there any more."""
_CODE = re.compile(r"[a-z]{3}")


def is_known(code: str) -> bool:
    """Whether the table has this region, so that nobody needs to be asked."""
    return code in OPEN or code in CLOSED


def region(code: object, listed: Iterable[str] | None = None) -> Rejected | None:
    """Why nothing can be made in this region; None when it is fine, or may be one that is newer than the table.

    `listed`: the codes that Fly.io lists, where it was asked; they decide.
    """
    if isinstance(code, str) and listed is not None:
        return None if code in listed else _unknown(code, listed)
    if code in OPEN:
        return None
    if isinstance(code, str) and code in CLOSED:
        return Rejected(f"Fly.io has closed the region {code} ({CLOSED[code]})", _choose(OPEN))
    if isinstance(code, str) and _CODE.fullmatch(code):
        return None
    return _unknown(str(code), OPEN)


def _unknown(code: str, listed: Iterable[str]) -> Rejected:
    codes = sorted(listed)
    by_place = [known for known, place in OPEN.items() if known in codes and code.lower() in place.lower()]
    near = by_place or difflib.get_close_matches(code.lower(), codes, 1)
    hint = f"Did you mean {near[0]}? " if near and len(code) > 1 else ""
    return Rejected(f"Fly.io has no region {code!r}", hint + _choose(codes))


def _choose(codes: Iterable[str]) -> str:
    return f"Choose one of {', '.join(sorted(codes))}"
