# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``$include`` in openclaw.json: left alone, and told where it sets what is declared too.

A file is merged below the keys that stand beside the directive, so the declared value wins
(docs/gateway/configuration/common-tasks.md of 2026.9.6).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .config_schema import INCLUDE
from .paths import Path, get, leaves, nodes, show


@dataclass(frozen=True, slots=True)
class Include:
    """A directive.

    :param at: the path of the object that has it.
    :param file: absolute path in the machine.
    """

    at: Path
    file: str


def includes(config: Mapping[str, object], config_path: str, prefix: Path = ()) -> Iterator[Include]:
    """The files that a config takes in; those in list entries are left out, for lists have one owner."""
    folder = posixpath.dirname(config_path)
    for path, value in nodes(config):
        if not isinstance(value, Mapping) or INCLUDE not in value:
            continue
        if any(isinstance(part, int) for part in path):
            continue
        named = value[INCLUDE]
        for name in named if isinstance(named, list) else [named]:
            file = posixpath.normpath(posixpath.join(folder, str(name)))
            yield Include((*prefix, *map(str, path)), file)


def also_set(include: Include, content: Mapping[str, object], declared: Mapping[str, object]) -> list[str]:
    """The declared paths that the included file sets as well."""
    missing = object()
    return [
        show(path)
        for path in ((*include.at, *inner) for inner, _value in leaves(content))
        if get(declared, *path, default=missing) is not missing
    ]
