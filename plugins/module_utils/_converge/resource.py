# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resource is: a declared thing that can be looked at, planned and changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Observed = TypeVar("Observed")


@dataclass(frozen=True)
class Change:
    """One step from what is to what is wanted. `before` and `after` are safe to print."""

    summary: str
    """An imperative line, as a plan shows it: "extend volume data from 1 to 2 GB"."""
    before: Any
    after: Any
    apply: Callable[[], object]


class Resource(ABC, Generic[Observed]):
    """A declared thing. The engine is the only one to call these, in this order."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is called in a diff: "volume data of my-app"."""

    @abstractmethod
    def observe(self) -> Observed:
        """Read how things are. No write, whatever happens."""

    @abstractmethod
    def plan(self, observed: Observed) -> list[Change]:
        """Tell the changes that lead from `observed` to what is wanted, in order. Pure."""

    def conclude(self, *, failed: bool) -> None:
        """Note how it ended, once after all changes; not called when there were none, nor in check mode."""

    def settle(self, observed: Observed) -> Observed:
        """Wait until what was applied is in effect. Reads only; not called in check mode."""
        return observed

    @abstractmethod
    def describe(self, observed: Observed) -> dict[str, Any]:
        """Give the task's return values."""
