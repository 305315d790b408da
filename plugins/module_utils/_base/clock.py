# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, in one place: call `clock.sleep`, `clock.monotonic`, `clock.now`, and a test can let hours pass at once."""

from __future__ import annotations

import time
from datetime import UTC, datetime

monotonic = time.monotonic
sleep = time.sleep
now = time.time
"""Unix seconds."""


def parse(text: str) -> float:
    """Unix seconds of an ISO 8601 time, "2026-09-20T10:00:00Z"; without a zone it is UTC. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def text(seconds: float) -> str:
    """An ISO 8601 time in UTC, to the second: "2026-09-20T10:00:00Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
