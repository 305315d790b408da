# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups are kept: the last ones, and one for each day, week and month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._base.errors import CollectionError

RULES = ("last", "daily", "weekly", "monthly")


@dataclass(frozen=True)
class Retention:
    """Each is a number of backups, or None; all None keep everything."""

    last: int | None = None
    daily: int | None = None
    weekly: int | None = None
    monthly: int | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Retention:
        """From numbers by rule. Raises for one below 0, and when nothing would be kept."""
        given = {rule: options[rule] for rule in RULES if options.get(rule) is not None}
        if any(number < 0 for number in given.values()) or (given and not any(given.values())):
            raise CollectionError(
                "these numbers of backups keep none",
                where="keep " + ", ".join(f"{rule}: {number}" for rule, number in given.items()),
                todo="Give at least one number above 0 and none below, or omit all of them to keep every backup",
            )
        return cls(**given)

    @property
    def keeps_all(self) -> bool:
        return {self.last, self.daily, self.weekly, self.monthly} == {None}

    def kept(self, times: Sequence[datetime]) -> set[datetime]:
        """Of the times of good backups (UTC). The newest is always kept."""
        newest_first = sorted(times, reverse=True)
        if self.keeps_all:
            return set(times)
        found = set(newest_first[: max(self.last or 0, 1)])
        for number, period in (
            (self.daily, lambda time: time.strftime("%Y-%m-%d")),
            (self.weekly, lambda time: time.strftime("%G-%V")),
            (self.monthly, lambda time: time.strftime("%Y-%m")),
        ):
            found |= _newest_of(newest_first, period, number or 0)
        return found


def _newest_of(times: Sequence[datetime], period: Callable[[datetime], str], number: int) -> set[datetime]:
    """The newest of each of the last `number` periods that have one."""
    newest: dict[str, datetime] = {}
    for time in times:
        newest.setdefault(period(time), time)
    return set(list(newest.values())[:number])
