# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stay within Fly.io's rate limits instead of running into them.

Source: docs/machines/api/working-with-machines-api: each action (an exec is one) on a machine, or on an app where no
machine is named, 1/s with a burst of 3; Get Machine 5/s with a burst of 10. No limit is for a token or an organization.

The buckets are those of one task, so a task counts for itself: as each host has an app of its own, forks do not share
a limit. What two tasks in a row, or two hosts of one app, send beyond it is answered with 429, and waited for.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._base import clock


@dataclass
class _Bucket:
    rate: float
    """Tokens a second."""
    burst: float
    left: float
    seen: float


class Throttle:
    """A token bucket for each action and subject; `wait` sleeps until the request may go out."""

    USUAL, GET_MACHINE = (1.0, 3.0), (5.0, 10.0)

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self.enabled = True
        """Until the API says that it has no limits, as an emulator may."""

    def wait(self, method: str, path: str) -> None:
        """Count a request of the Machines API; other paths have no such limit."""
        key = _key(method, path)
        if key is None or not self.enabled:
            return
        rate, burst = self.GET_MACHINE if key[0] == "GET machines" and _one_machine(path) else self.USUAL
        bucket = self._buckets.setdefault(key, _Bucket(rate, burst, burst, clock.monotonic()))
        self._fill(bucket)
        if bucket.left < 1:
            clock.sleep((1 - bucket.left) / rate)
            self._fill(bucket)
        bucket.left -= 1

    @staticmethod
    def _fill(bucket: _Bucket) -> None:
        now = clock.monotonic()
        bucket.left = min(bucket.burst, bucket.left + (now - bucket.seen) * bucket.rate)
        bucket.seen = now


def _key(method: str, path: str) -> tuple[str, str] | None:
    """(action, subject): names and ids take turns in /v1/apps/APP/machines/ID/lease."""
    parts = path.strip("/").split("/")
    if parts[:2] != ["v1", "apps"] or len(parts) < 3:
        return None
    names = "/".join(parts[3::2])
    subject = parts[4] if len(parts) > 4 and parts[3] == "machines" else parts[2]
    return f"{method} {names}", subject


def _one_machine(path: str) -> bool:
    return path.strip("/").count("/") == 4
