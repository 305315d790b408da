# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run changed: the one source of `changed`, `changes` and `diff`, however the run ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from .resource import Change


@dataclass
class Record:
    """The changes that took effect, in order (in check mode: those that would), and the one that did not."""

    title: str = ""
    changes: dict[str, Change] = field(default_factory=dict)
    """By key: a change that is planned and applied again is one change."""
    failed: Change | None = None

    def add(self, change: Change) -> None:
        self.changes.setdefault(change.key, change)

    def result(self, *, diff: bool) -> dict[str, object]:
        """The part of a task's result that is about its changes."""
        changes = list(self.changes.values())
        result: dict[str, object] = {"changed": bool(changes), "changes": [change.summary for change in changes]}
        if diff and changes:
            result["diff"] = [_diff(self.title, change) for change in changes]
        if self.failed:
            result["failed_change"] = self.failed.summary
        return result


def _diff(title: str, change: Change) -> dict[str, object]:
    header = f"{title}: {change.summary}"
    return {
        "before": _printable(change.before),
        "after": _printable(change.after),
        "before_header": header,
        "after_header": header,
    }


def _printable(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "".join(f"{item}\n" for item in value)
    if isinstance(value, str):
        return value if value.endswith("\n") else value + "\n"
    return value
