# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of variables' names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from .._openclaw.problems import Problem
from .declaration import Variables
from .known import LAYER, PREFIXES, VARIABLES

OF_PLAYBOOKS = ("gateways",)
"""What every playbook reads."""
_NEAR = 0.86
"""How alike two names must be for the one to be the other misspelt (difflib's ratio)."""
_NEAR_REST = 0.75
"""The same for what follows a prefix."""


def suspects(names: Iterable[str]) -> tuple[str, ...]:
    """Of the names in a scope, those that look like ours and that no role knows."""
    return tuple(sorted(name for name in names if name[:1] in "fo" and name not in VARIABLES and _is_ours(name)))


def misspelt(extra_vars: Iterable[str], of_playbook: Iterable[str]) -> tuple[str, ...]:
    """Of the names given with -e, those that nothing reads and that are like one that something does."""
    read = VARIABLES | {*of_playbook, *OF_PLAYBOOKS}
    return tuple(sorted(name for name in extra_vars if name not in read and _near_extra(name, of_playbook)))


def _near_extra(name: str, of_playbook: Iterable[str]) -> str:
    """What was meant: one that the playbook reads, or one of a role that has all words of this one."""
    if name.startswith(PREFIXES):
        return _nearest(name)
    own = [*of_playbook, *OF_PLAYBOOKS]
    ours = VARIABLES if name.startswith(("fly_", "openclaw_")) else ()
    near = difflib.get_close_matches(name, own, 1, _NEAR_REST)
    return _by_words(name, own) or next(iter(near), "") or _by_words(name, ours)


def _is_ours(name: str) -> bool:
    if name.startswith(LAYER) and len(name) > len(LAYER):
        return False
    return name.startswith(PREFIXES) or (name[:2] in ("fl", "fy", "op", "oc") and bool(_nearest(name)))


def _nearest(name: str) -> str:
    """The known name that this one is like, or none; with one of our prefixes, by what follows it."""
    if name.startswith(LAYER[:-1]):
        return f"{LAYER}NAME"
    prefix = next(filter(name.startswith, PREFIXES), "")
    if not prefix:
        return next(iter(difflib.get_close_matches(name, VARIABLES, 1, _NEAR)), "")
    rest, known = (
        name.removeprefix(prefix),
        [each.removeprefix(prefix) for each in VARIABLES if each.startswith(prefix)],
    )
    near = _by_words(rest, known) or next(iter(difflib.get_close_matches(rest, known, 1, _NEAR_REST)), "")
    return prefix + near if near else ""


def _by_words(name: str, known: Iterable[str]) -> str:
    """The shortest that has all words of this one, each with one slip at most: memroy is vm_memory."""
    near = [each for each in known if _has(each.split("_"), name.split("_"))]
    return min(near, key=lambda each: (each.count("_"), each), default="")


def _has(known: list[str], words: list[str]) -> bool:
    return all(any(_is_alike(word, other) for other in known) for word in words)


def _is_alike(word: str, other: str) -> bool:
    """Whether they differ by a letter that is missing, added or another one, or by two that changed places."""
    if word == other or min(len(word), len(other)) < 4:
        return word == other
    return any(
        word[:i] == other[:i]
        and (
            word[i + 1 :] in (other[i:], other[i + 1 :])
            or word[i:] == other[i + 1 :]
            or word[i:] == other[i + 1 : i + 2] + other[i : i + 1] + other[i + 2 :]
        )
        for i in range(len(word) + 1)
    )


def unknown(variables: Variables) -> Iterator[Problem]:
    for name in variables.unknown:
        if name in variables.own:
            continue
        near = _nearest(name) or _near_extra(name, variables.of_playbook)
        todo = (
            f"Did you mean {near}?" if near else "ansible-doc -t role -l openclaw.fly lists the roles, which list them."
        )
        yield Problem(
            name,
            "no role or playbook knows this variable, so it would have no effect",
            (),
            f"{todo} Your own variable with such a name goes into the list openclaw_fly_own_variables",
            "unknown-variable",
        )
