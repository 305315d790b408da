# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared config merged with what is on the volume, by ownership of paths.

Leaf paths that the inventory declares are ours. What a person set in the Control UI, and what the gateway and
its agents write, stays. A ledger remembers our paths, so that one that is no longer declared can be removed.
Lists are leaves. ``meta`` is the gateway's: never ours, always kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import InvalidValue
from .paths import Path, as_json, get, leaves, show
from .secrets import masked

NOT_OURS: Final = frozenset({"meta"})
"""Sections that only the gateway writes."""

ABSENT: Final = "(absent)"
"""Stands in a change for a value that is not there."""


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path whose value changes; secrets are masked on both sides, and ``ABSENT`` is no value."""

    path: Path
    before: object
    after: object

    def __str__(self) -> str:
        return f"{show(self.path)}: {self.before!r} -> {self.after!r}"


@dataclass(frozen=True, slots=True)
class Merged:
    """The config to write, the paths that are ours now, and what changes on the volume."""

    config: dict[str, object]
    ledger: frozenset[Path]
    changes: tuple[PathChange, ...]


def merge(
    wanted: Mapping[str, object],
    present: Mapping[str, object],
    ledger: Iterable[Path] = (),
    *,
    exact: bool = False,
) -> Merged:
    """Merge the declared config into the present one.

    A declared empty object only demands that there is an object. Where one side has an object and the other
    a value, the declared side wins whole.

    :param ledger: our paths of the last time.
    :param exact: everything is ours but NOT_OURS; what is not declared goes.
    """
    declared = {key: value for key, value in wanted.items() if key not in NOT_OURS}
    ours = frozenset(path for path, _value in leaves(declared))
    if exact:
        config = as_json({key: value for key, value in present.items() if key in NOT_OURS})
    else:
        config = as_json(present)
        for path in sorted(set(ledger) - ours, key=len, reverse=True):
            if path and path[0] not in NOT_OURS:
                _remove(config, path, ours)
    for path, value in leaves(declared):
        _set(config, path, value)
    return Merged(config, ours, tuple(diff(present, config)))


def diff(before: Mapping[str, object], after: Mapping[str, object]) -> list[PathChange]:
    """The leaves that differ, in the order of their paths, with secrets masked."""
    old, new = dict(leaves(before)), dict(leaves(after))
    changes = []
    for path in sorted(old.keys() | new.keys()):
        was, becomes = old.get(path, ABSENT), new.get(path, ABSENT)
        if _same(was, becomes):
            continue
        # An object that is only no longer (or not yet) empty is told by its leaves.
        if was == {} and becomes is ABSENT and isinstance(get(after, *path), Mapping):
            continue
        if becomes == {} and was is ABSENT and isinstance(get(before, *path), Mapping):
            continue
        changes.append(PathChange(path, masked(path, was), masked(path, becomes)))
    return changes


def ledger_to_json(ledger: Iterable[Path]) -> list[list[str]]:
    """For a file beside the config: keys may hold dots, so paths are lists."""
    return [list(path) for path in sorted(ledger)]


def ledger_from_json(data: object) -> frozenset[Path]:
    """:raises InvalidValue: if this is no ledger."""
    if not isinstance(data, list) or not all(
        isinstance(path, list) and path and all(isinstance(key, str) for key in path) for path in data
    ):
        raise InvalidValue(
            "The ledger of managed config paths cannot be read",
            why="it must be a list of lists of keys",
            todo="Remove it: declared paths stay ours; paths no longer declared then stay on the volume.",
        )
    return frozenset(tuple(path) for path in data)


def _same(one: object, other: object) -> bool:
    """Equal as JSON: 1 and true differ, 1 and 1.0 do not."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _set(config: dict[str, Any], path: Path, value: object) -> None:
    node = config
    for key in path[:-1]:
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node = node[key]
    if value == {} and isinstance(value, Mapping) and isinstance(node.get(path[-1]), dict):
        return
    if not _same(node.get(path[-1], ABSENT), value):
        node[path[-1]] = as_json(value)


def _remove(config: dict[str, object], path: Path, ours: frozenset[Path]) -> None:
    """Remove a leaf, and the objects above it that became empty and that nobody declares."""
    above: list[tuple[dict[str, object], str]] = []
    node: object = config
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return
        above.append((node, key))
        node = node[key]
    if any(mine[: len(path)] == path for mine in ours):
        return
    for depth, (parent, key) in reversed(list(enumerate(above, start=1))):
        is_leaf = depth == len(path)
        if not is_leaf and (parent[key] or path[:depth] in ours):
            return
        if is_leaf and isinstance(parent[key], dict) and parent[key]:
            # Ours was an empty object; what others put into it is theirs.
            return
        del parent[key]
