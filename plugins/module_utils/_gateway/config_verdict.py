# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release itself says of a config file in its machine, and whose the problem is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from .._openclaw.paths import Path, nodes, show
from .._openclaw.problems import Problem
from .cli import GatewayCli

_FOREIGN = (
    "It is not declared, but exists on the volume. Remove it there, or let the play remove it "
    "(openclaw_config_ownership: exact)"
)


def verdict(cli: GatewayCli, path: str) -> list[Problem]:
    """The problems for which the release would not start with this file."""
    said = cli.json("config", "validate", "--json", config=path)
    if said.get("valid"):
        return []
    issues = said.get("issues") or [{"path": "", "message": str(said.get("error") or said)}]
    return [problem for issue in issues for problem in _problems(issue)]


def _problems(issue: Mapping[str, object]) -> list[Problem]:
    """One for each unknown key: the release names only the object that has them."""
    path, message = str(issue.get("path") or ""), str(issue.get("message") or "")
    keys = message.partition("Unrecognized key")[2]
    names = re.findall(r'"([^"]+)"', keys)
    below = [f"{path}.{name}" if path else name for name in names]
    return [Problem(each, "is not known to the release") for each in below] or [Problem(path, message)]


def explain(problems: Iterable[Problem], declared: Iterable[Path], config: Mapping[str, object]) -> list[Problem]:
    """The same problems; those of what is in the config, but nobody declared, say what to do about it.

    A key that is missing belongs to whom the object belongs that misses it.
    """
    ours = [show(path) for path in declared]
    there = {".".join(map(str, path)) for path, _value in nodes(config)}
    return [
        replace(problem, suggestion=_FOREIGN) if _is_foreign(problem.path, ours, there) else problem
        for problem in problems
    ]


def _is_foreign(path: str, ours: list[str], there: set[str]) -> bool:
    plain = re.sub(r"\[(\d+)\]", r".\1", path)
    if plain not in there:
        path, plain = path.rpartition(".")[0], plain.rpartition(".")[0]
    return bool(plain) and plain in there and not _is_ours(path, ours)


def _is_ours(path: str, ours: list[str]) -> bool:
    """A declared path, or one above or below it."""
    below = tuple(f"{path}{mark}" for mark in ".[")
    return not path or any(
        path == own or own.startswith(below) or path.startswith((f"{own}.", f"{own}[")) for own in ours
    )
