# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges of variables' names, and of what hosts of a run have in common."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from .._openclaw.problems import Problem
from .declaration import Declaration
from .known import LAYER, PREFIXES, VARIABLES

_NEAR = 0.86
"""How alike two names must be for the one to be the other misspelt (difflib's ratio)."""


def suspects(names: Iterable[str]) -> tuple[str, ...]:
    """Of the names in a scope, those that look like ours and that no role knows."""
    return tuple(sorted(name for name in names if name[:1] in "fo" and name not in VARIABLES and _is_ours(name)))


def _is_ours(name: str) -> bool:
    if name.startswith(LAYER) and len(name) > len(LAYER):
        return False
    return name.startswith(PREFIXES) or (name[:2] in ("fl", "fy", "op", "oc") and bool(_nearest(name)))


def _nearest(name: str) -> str:
    """The known name that this one is like, or none."""
    if name.startswith(LAYER[:-1]):
        return f"{LAYER}NAME"
    return next(iter(difflib.get_close_matches(name, VARIABLES, 1, _NEAR)), "")


def unknown(declaration: Declaration) -> Iterator[Problem]:
    for name in declaration.variables.unknown:
        if name in declaration.variables.own:
            continue
        near = _nearest(name)
        todo = f"Did you mean {near}?" if near else "ansible-doc -t role openclaw.fly.fly_app lists them."
        yield Problem(
            name,
            "no role knows this variable, so it would have no effect",
            (),
            f"{todo} Your own variable with such a name goes into the list openclaw_fly_own_variables",
            "unknown-variable",
        )


def shared_app(declaration: Declaration) -> Iterator[Problem]:
    """One app has one host: two would undo each other's work in one run."""
    others = declaration.variables.sharing
    if others:
        yield Problem(
            "fly_app_name",
            f"the app {declaration.app.name} is declared by {', '.join(others)} too",
            (),
            "Give each host its own app name, or remove one of them from the group",
            "shared-app",
        )
