# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one loop that converges everything: observe, plan, apply, until nothing is left to change.

It alone knows check mode, diff and `changed`, so no resource can get them wrong.
"""

from __future__ import annotations

from typing import Any, TypeVar

from .._base import clock
from .._base.errors import CollectionError, UncertainWrite
from .context import Context
from .resource import Change, Resource

MAX_PASSES = 6
Observed = TypeVar("Observed")


class NotConverged(CollectionError):
    """What was applied did not bring about what was wanted."""


def converge(resource: Resource[Observed], context: Context) -> dict[str, Any]:
    """Bring the resource about and return the task's result.

    In check mode nothing is applied, and `changed`, `changes` and `diff` are those of a real run.
    """
    observed = resource.observe()
    changes = resource.plan(observed)
    done: list[Change] = []
    if changes and not context.check_mode:
        try:
            observed, done = _apply(resource, context, observed, changes)
        except CollectionError:
            resource.conclude(failed=True)
            raise
        resource.conclude(failed=False)
    if not context.check_mode:
        observed = resource.settle(observed)
    told = done or changes
    result = resource.describe(observed)
    result["changed"] = bool(told)
    result["changes"] = [change.summary for change in told]
    if context.diff and told:
        result["diff"] = [_diff(resource.title, change) for change in told]
    return result


def _apply(
    resource: Resource[Observed], context: Context, observed: Observed, changes: list[Change]
) -> tuple[Observed, list[Change]]:
    done: list[Change] = []
    uncertain: UncertainWrite | None = None
    for attempt in range(MAX_PASSES):
        try:
            for change in changes:
                context.progress(f"{resource.title}: {change.summary}")
                if all(change.summary != other.summary for other in done):
                    done.append(change)
                change.apply()
            uncertain = None
        except UncertainWrite as error:
            uncertain = error
            clock.sleep(min(0.2 * 2**attempt, 2))
        observed = resource.observe()
        before, changes = changes, resource.plan(observed)
        if not changes:
            return observed, done
        if uncertain is None and [c.summary for c in changes] == [c.summary for c in before]:
            break
    if uncertain is not None:
        raise uncertain
    raise NotConverged(
        "the change was accepted but is not in effect",
        where=resource.title,
        why="still to do: " + "; ".join(change.summary for change in changes),
        todo="Run again; if this stays, something else changes it back",
    )


def _diff(title: str, change: Change) -> dict[str, Any]:
    header = f"{title}: {change.summary}"
    return {
        "before": _printable(change.before),
        "after": _printable(change.after),
        "before_header": header,
        "after_header": header,
    }


def _printable(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "".join(f"{item}\n" for item in value)
    if isinstance(value, str):
        return value if value.endswith("\n") else value + "\n"
    return value
