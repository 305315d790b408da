"""When a test gives up. A deadline is for what hangs, never for what is slow.

A quiet machine does in a tenth of a second what takes many on one whose processors others use as well, and a deadline
that is never reached costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HANG = 120.0
"""Seconds after which something hangs."""
LONG = 900.0
"""The same for a playbook, or what fetches and boots the real gateway."""


def until(holds: Callable[[], Any], what: str | Callable[[], str] = "it", seconds: float = HANG) -> Any:
    """Poll until `holds` returns something true, and return it; `what` is what the failure calls it."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, f"{what() if callable(what) else what}: not within {seconds:g} s"
        time.sleep(0.01)
    return value
