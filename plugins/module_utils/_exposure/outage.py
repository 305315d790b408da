# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a machine's last restart took."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._base.waiting import wait_until
from .._fly.client.api import PlatformApi
from .._fly.client.types import Event, LogLine, Machine
from .._openclaw.releases import ReleaseFacts

_START = ("start", "started")
_ENDS = ("exit", "stop", "update")
"""Events that end a gateway, the most exact first."""
_PAUSE = 1.0
_PASSING = "is now passing"
"""Fly.io's log line: Health check 'servicecheck-00-http-3000' on port 3000 is now passing."""


def outage(
    app: str, machine: Machine, platform: PlatformApi, facts: ReleaseFacts, timeout: float = 0
) -> dict[str, object] | None:
    """The machine's last restart, in seconds: `unreachable` from the process's end until its check passed again, which
    is when Fly's proxy sends requests; `boot` from its start to its ready line is the gateway's own part of that.

    Its ready line comes seconds after the check has passed, and is waited for, `timeout` seconds. None when Fly.io no
    longer knows it, or the token may not read logs.
    """
    events = machine.get("events") or []
    starts = sorted(_seconds(event) for event in events if (event.get("type"), event.get("status")) == _START)
    if len(starts) < 2:
        return None
    before, started = starts[-2:]
    between = [event for event in events if before < _seconds(event) < started]
    ends = [[_seconds(event) for event in between if event.get("type") == kind] for kind in _ENDS]
    ended = next((min(moments) for moments in ends if moments), None)
    if ended is None:
        return None

    def look() -> tuple[float | None, list[LogLine]]:
        entries = list(platform.logs(app, machine["id"]))
        return _first(entries, started, facts.is_ready_line), entries

    try:
        ready, entries = wait_until(
            "the gateway to be ready", look, lambda seen: seen[0] is not None, timeout=timeout, every=_PAUSE
        )
    except CollectionError:
        return None  # no such line in time, or the token may not read logs
    if ready is None:
        return None
    passed = _first(entries, started, lambda line: _PASSING in line)
    return {"unreachable": round(max(ready, passed or ready) - ended, 1), "boot": round(ready - started, 1)}


def _seconds(event: Event) -> float:
    return float(event.get("timestamp") or 0) / 1000


def _first(entries: Iterable[LogLine], since: float, wanted: Callable[[str], bool]) -> float | None:
    """When the first such line was logged, in unix seconds."""
    stamps = [_time(entry) for entry in entries if wanted(str(entry.get("message", "")))]
    return min((at for at in stamps if at >= since), default=None)


def _time(entry: Mapping[str, Any]) -> float:
    try:
        return clock.parse(str(entry.get("timestamp") or ""))
    except ValueError:
        return 0.0
