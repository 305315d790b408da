# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resource is: a declared thing that can be looked at, planned and changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .._base.errors import CollectionError

Observed = TypeVar("Observed")


@dataclass(frozen=True)
class Change:
    """One step from what is to what is wanted."""

    key: str
    """Its identity: unique in a plan, and the same when the change is planned again. Never shown."""
    summary: str
    """An imperative line, as a plan shows it: "extend volume data from 1 to 2 GB"."""
    before: object
    """What the change replaces, safe to print."""
    after: object
    """What the change brings about, safe to print."""
    apply: Callable[[], object]
    once: bool = False
    """For an action that leaves nothing to compare, such as a restart: it is applied at most once in a run."""
    took_effect: Callable[[Any], bool] | None = None
    """Tells from a later observation whether a change that failed, or whose answer was lost, took effect all the same.

    Without it that is known from what is planned then; of an action it is not known.
    """
    deferred: bool = False
    """Whether a later task of the run makes it, such as after the deploy: shown in check mode, and not applied here."""


@dataclass(frozen=True)
class Refusal:
    """A reason why nothing of a plan can be applied."""

    error: CollectionError
    key: str = ""
    """Of the action it speaks against: it is moot once that has taken effect. Without one it speaks against all."""
    until_run: bool = False
    """Whether tasks before this one may remove the reason. In check mode they did nothing, so it is only shown."""
    at_start: bool = False
    """Whether it speaks against beginning only: what has begun is brought to its end."""


Plan = Sequence[Change | Refusal]


def refusal(what: str, *, where: str, why: str = "", todo: str = "", **details: object) -> Refusal:
    """Refuse with an error of these parts."""
    return Refusal(CollectionError(what, where=where, why=why, todo=todo, **details))


class Resource(ABC, Generic[Observed]):
    """A declared thing. The engine is the only one to call these, in this order."""

    reads_lists = False
    """Whether it reads lists of Fly.io's, which may be from before the last write: nothing is changed by one look."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is called in a diff: "volume data of my-app"."""

    @abstractmethod
    def observe(self) -> Observed:
        """Read how things are. Writes nothing, and changes nothing of this object."""

    @abstractmethod
    def plan(self, observed: Observed) -> Plan:
        """Return the changes that lead from `observed` to what is wanted, in order, and all that speaks against them.

        Pure: the same `observed` gives the same plan; no request, no file, no clock that decides, no exception.
        """

    def wait_until_ready(self, observed: Observed) -> Observed:
        """Wait until what was applied is in effect. Reads only; not called in check mode."""
        return observed

    def finalize(self, *, failed: bool) -> None:
        """Note how it ended, whatever ended it. Called once when changes were begun; not in check mode."""

    @abstractmethod
    def describe(self, observed: Observed) -> dict[str, Any]:
        """Return the task's values; lines under `warnings` are shown as warnings."""
