# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths into a config: tuples of keys, and how a person reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_$:@/*+-]+\Z")


def show(path: Sequence[str | int]) -> str:
    """``("channels", "a.b", 0)`` as ``channels["a.b"][0]``; plain keys are joined by dots."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN.match(part):
            text += f".{part}" if text else part
        else:
            text += '["' + part.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return text


def leaves(tree: Mapping[str, object], prefix: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every leaf with its path. Lists are leaves, and so is an empty object."""
    for key, value in tree.items():
        path = (*prefix, str(key))
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def nodes(value: object, prefix: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every value with its path, objects and lists included, parents first."""
    yield prefix, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from nodes(inner, (*prefix, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from nodes(inner, (*prefix, index))


def get(tree: object, *path: str, default: object = None) -> Any:
    """The value at a path, or the default where the path ends early."""
    for key in path:
        if not isinstance(tree, Mapping) or key not in tree:
            return default
        tree = tree[key]
    return tree


def as_json(value: object) -> Any:
    """A copy as it would come back from a JSON file: keys are text (YAML reads a guild's id as a number), and
    no object stands in two places (YAML's anchors)."""
    if isinstance(value, Mapping):
        return {str(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    return value


def matches(path: Sequence[str | int], pattern: str) -> bool:
    """Does a dotted pattern (``*`` is one key) match this path or a part of it from the root?"""
    keys = pattern.split(".")
    return len(path) >= len(keys) and all(key == "*" or key == str(part) for key, part in zip(keys, path, strict=False))
