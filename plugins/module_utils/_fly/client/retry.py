# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a request is sent again, and when.

A read is sent again after any failure. A write is sent again only when it surely did not happen: it was refused (429),
or there was no connection. Otherwise its answer is lost, and the engine looks before it sends it again. A 429 is no
failure but a queue: it is waited in for `QUEUE` seconds, whatever the number of retries.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum

from ..._base import clock

QUEUE = 120.0
"""Seconds for which 429 is answered by waiting: with many forks, many hosts want the same thing of one app's limit."""
_MAX_PAUSE = 60.0


class Failure(Enum):
    """What became of a request."""

    NOT_SENT = "there was no connection"
    BROKEN = "the connection broke after the request was sent"
    SERVER = "the server failed (500, 502, 503, 504)"
    LIMITED = "too many requests (429)"
    FINAL = "the next one would fail as well"


class Verdict(Enum):
    AGAIN = "send it again, after a pause"
    RAISE = "report the failure"
    LOST = "it may have happened: look first"


def _now() -> float:
    """Looked up at each call: a test replaces the clock."""
    return clock.monotonic()


@dataclass
class Retry:
    """The decisions for one request. `safe`: sending it twice does no harm."""

    limit: int
    safe: bool
    queue: float = QUEUE
    jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0)
    began: float = field(default_factory=_now)
    failures: int = 0
    refusals: int = 0
    pause: float = 0.0
    """Seconds to wait before the request is sent again."""

    def after(self, failure: Failure, retry_after: float | None = None) -> Verdict:
        """Count a failure and decide; `retry_after`: the seconds that the server asks for."""
        if failure is Failure.FINAL:
            return Verdict.RAISE
        if failure is Failure.LIMITED:
            return self._queue(retry_after or 0.0)
        if failure is not Failure.NOT_SENT and not self.safe:
            return Verdict.LOST
        if self.failures >= self.limit:
            return Verdict.RAISE
        self.pause = self._backoff(self.failures)
        self.failures += 1
        return Verdict.AGAIN

    def _queue(self, asked: float) -> Verdict:
        left = self.began + self.queue - clock.monotonic()
        if left < 0 or asked > max(left, _MAX_PAUSE):
            return Verdict.RAISE
        self.pause = min(asked + self._backoff(self.refusals), _MAX_PAUSE)
        self.refusals += 1
        return Verdict.AGAIN

    def _backoff(self, attempt: int) -> float:
        """Exponential, at most 5 s, with jitter."""
        return min(0.2 * 2.0 ** min(attempt, 5), 5.0) * self.jitter()


def retry_after(value: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, given as a number or a date; None when it makes no sense."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - clock.now()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
