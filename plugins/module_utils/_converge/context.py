# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of a task may do, must keep to itself, and did."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from .._base.printable import printable
from .record import Record


def _ignore(_text: str) -> None:
    """Drop a line that nobody can see: an ordinary module has no way to speak before it ends."""


def _unlocked() -> AbstractContextManager[bool]:
    return nullcontext(False)


@dataclass
class Context:
    check_mode: bool = False
    diff: bool = False
    progress: Callable[[str], None] = _ignore
    warn: Callable[[str], None] = _ignore
    secrets: set[str] = field(default_factory=set)
    """Values to be masked in everything that leaves the task."""
    run_id: str = field(default_factory=lambda: secrets.token_hex(8))
    """The same for all tasks of a run; a task that runs as a module is a run of its own."""
    run_name: str = "another run"
    """For people of other runs: user, host, process, since when."""
    run_folder: str = ""
    """A folder of this run only, which ends with it; empty where a task is a run of its own."""
    exclusive: Callable[[], AbstractContextManager[bool]] = _unlocked
    """Held while something is changed; gives whether another run was waited for."""
    record: Record | None = None
    """What the engine changed so far; None until a resource is converged."""
    looks: bool = False
    """Whether the task is only asked if it would do something: in check mode, and with what a run then waits for."""
    connections: dict[tuple[object, ...], Any] | None = None
    """Those that tasks share which look at one gateway; None where each has its own."""
    traceback: bool = False
    """Whether a bug is reported with its traceback (-vvv)."""

    def __post_init__(self) -> None:
        """Texts from elsewhere, such as log lines, must not steer the terminal that shows them."""
        progress, warn = self.progress, self.warn
        self.progress = lambda line: progress(printable(line))
        self.warn = lambda line: warn(printable(line))

    def secret(self, value: str) -> str:
        """Mask `value` from here on, and give it back."""
        if value:
            self.secrets.add(value)
        return value
