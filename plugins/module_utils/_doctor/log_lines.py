# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of an app's log that count: those of the present start, or of the last ones where none succeeds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .._base import clock
from .._base.printable import one_line, without_colours
from .._base.secret_recognition import hide
from .._fly.client.types import LogLine, Machine
from .._fly.machines.gate import is_crash_looping
from .._openclaw.releases import READY_LINES

_READY = tuple(dict.fromkeys(mark for _since, marks in READY_LINES for mark in marks))
_SKEW = 2.0
"""Seconds by which the clocks of an event and of a log may differ."""
_SHOWN = 240


@dataclass(frozen=True, slots=True)
class LogLines:
    """`current`: since the process was last started, or all where it does not stay up. `unready`: those of them that no
    line follows which reports that the gateway is ready."""

    current: tuple[str, ...]
    unready: tuple[str, ...]

    def find(self, pattern: re.Pattern[str], *, fatal: bool) -> str | None:
        """The last line that matches, so that it can be printed. `fatal`: what a later start made good does not "
        "count."""
        for line in reversed(self.unready if fatal else self.current):
            if pattern.search(line):
                return shown(line)
        return None


def shown(text: str) -> str:
    """A text as it can be printed: one line, without secrets."""
    return one_line(hide(without_colours(text)), _SHOWN)


def lines_of(lines: Iterable[LogLine], machine: Machine) -> LogLines:
    """`machine`: the gateway's, with its events."""
    since = 0.0 if is_crash_looping(machine) or machine.get("state") != "started" else _last_start(machine) - _SKEW
    messages = [
        without_colours(str(line.get("message") or ""))
        for line in lines
        if line.get("instance") in (None, "", machine["id"]) and _time(line) >= since
    ]
    ready = [place for place, message in enumerate(messages) if any(mark in message for mark in _READY)]
    return LogLines(tuple(messages), tuple(messages[ready[-1] + 1 :] if ready else messages))


def _last_start(machine: Machine) -> float:
    starts = [event for event in machine.get("events") or [] if event.get("type") == "start"]
    return max((float(event.get("timestamp") or 0) / 1000 for event in starts), default=0.0)


def _time(line: LogLine) -> float:
    """A line without a time counts as new."""
    try:
        return clock.parse(str(line.get("timestamp") or ""))
    except ValueError:
        return float("inf")
