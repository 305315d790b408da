# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of variables' kinds: Ansible's own prints the role's whole argument spec with each fault."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._exposure.catalogue import IDS
from .._openclaw import variables as config
from .._openclaw.problems import Problem
from . import authority, backups
from .forms import misformed
from .known import DEFAULTS, KINDS, LAYER

_WORDS = ("true", "false", "yes", "no", "on", "off", "1", "0")
_JUDGES: dict[str, Callable[[str, Any], Iterator[Problem]]] = {
    **backups.JUDGES,
    "openclaw_exposure_ca_file": authority.unusable,
}
"""By variable, for a value that is of its kind."""
_LONGEST = 40
"""Characters of a value that a message shows."""


@dataclass(frozen=True)
class Undefined:
    """What a template comes to that refers to something undefined."""

    why: str


def wrong(
    scope: Mapping[str, object],
    resolve: Callable[[object], object],
    of_playbook: Mapping[str, str] | None = None,
    deep: Collection[str] = (),
) -> list[Problem]:
    """The variables in a scope whose values are of another kind than their role takes, all at once.

    `resolve` returns the value of a template; one that it cannot resolve is not judged. What merely follows from
    another wrong variable is left out. `of_playbook` are the kinds of variables of its own. For those in `deep`, what a
    dictionary or list of the config holds is judged as well, and whether a template refers to something undefined.
    """
    deep = {*deep, *_JUDGES}
    layers = {name: "dict" for name in scope if name.startswith(LAYER)}
    found: dict[str, list[Problem]] = {}
    for name, kind in {**KINDS, **layers, **(of_playbook or {})}.items():
        if name in scope and not _is_default(scope[name]):
            plain = _is_plain(scope[name], kind) and name not in deep
            value: Any = scope[name] if plain else resolve(scope[name])
            problems = list(_faults(name, kind, value))
            if not problems and _kind_of(value) and name in _JUDGES:
                problems = list(_JUDGES[name](name, value))
            if name in deep and not problems:
                problems = list(_nested(name, value))
            if problems:
                found[name] = problems
    if layers.keys() & found.keys():
        found.pop("openclaw_config_layers", None)
    followed = {name for name in found if named_in(scope[name]) & (found.keys() - {name})}
    return [problem for name in found if name not in followed for problem in found[name]]


def root(path: str) -> str:
    """The variable in the path of a problem: fly_app_hostnames in fly_app_hostnames[0]."""
    return re.split(r"\W", path)[0]


def nearest_choice(kind: str, value: object) -> str | None:
    """Of a few values, `one|other`, the one that was probably meant."""
    near = difflib.get_close_matches(str(value), kind.split("|"), 1) if "|" in kind else []
    return near[0] if near else None


def _is_default(value: object) -> bool:
    """What follows from other variables needs no look, and each template costs some milliseconds."""
    return isinstance(value, str) and value in DEFAULTS


def _is_plain(value: object, kind: str) -> bool:
    """Whether the kind is seen without resolving a template; texts are what they are."""
    if kind in ("str", "path"):
        return True
    parts = value if isinstance(value, list) else [value]
    return all(part is None or isinstance(part, bool | int | float | Mapping) for part in parts)


def _nested(name: str, value: object) -> Iterator[Problem]:
    if isinstance(value, Undefined):
        todo = "Define what it refers to, or remove the line for the default"
        yield Problem(name, f"cannot be resolved: {value.why}", (), todo, "variable-undefined")
    part = name.removeprefix(config.PREFIX)
    if name.startswith(config.PREFIX) and part in config.VARIABLES and _kind_of(value):
        for where, why in config.faults(part, value):
            yield Problem(f"{name}{where}", why, (), "Write it as in openclaw.json, or remove it", "variable-kind")


def named_in(value: object) -> set[str]:
    return set(re.findall(r"\w+", value)) if isinstance(value, str) else set()


def _faults(name: str, kind: str, value: Any) -> Iterator[Problem]:
    seen = _kind_of(value)
    if not seen:
        return
    if "|" in kind:
        choices = kind.split("|")
        if value not in choices:
            near = nearest_choice(kind, value)
            todo = f"Did you mean {near}?" if near else f"Choose one, or remove the line for the default {choices[0]}"
            yield _problem(name, _shown(value, seen), f"one of {', '.join(choices)}", todo)
        return
    fits, wanted, todo = _KINDS[kind]
    if not fits(value):
        shown = _shown(value, seen) if kind in ("int", "float", "bool") else seen
        yield _problem(name, shown, wanted, todo.format(name))
    elif kind in ("str", "path"):
        yield from misformed(name, value)
    elif kind == "folder":
        yield from backups.folder(name, str(value))
    elif kind == "list of str":
        for number, item in enumerate(value):
            if _kind_of(item) not in ("", "text", "a number"):
                yield _problem(f"{name}[{number}]", _kind_of(item), "text", "Write it in quotes, or remove it")
            elif name == "openclaw_exposure_checks":
                yield from _faults(f"{name}[{number}]", "|".join(IDS), item)
    elif kind == "list of dict":
        for number, item in enumerate(value):
            if _kind_of(item) not in ("", "a dictionary"):
                yield _problem(f"{name}[{number}]", _kind_of(item), "a dictionary", "Write {KEY: VALUE}, or remove it")


def _problem(path: str, seen: str, wanted: str, todo: str) -> Problem:
    return Problem(path, f"is {seen}, but must be {wanted}", (), todo, "variable-kind")


def _shown(value: object, seen: str) -> str:
    """A value where one of a few or a number is wanted; nobody puts a secret there."""
    return repr(str(value)) if seen in ("text", "a number") and len(str(value)) <= _LONGEST else seen


def _kind_of(value: object) -> str:
    """In words; nothing for what only the running play can give, such as an omitted value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, Mapping):
        return "a dictionary"
    return "a list" if isinstance(value, list | tuple) else ""


def _is_number(value: object, pattern: str) -> bool:
    """Extra vars are text."""
    return not isinstance(value, bool) and bool(re.fullmatch(pattern, str(value).strip()))


_Kind = tuple[Callable[[object], bool], str, str]
_TEXT: _Kind = (
    lambda value: isinstance(value, str | int | float) and not isinstance(value, bool),
    "text",
    "Write a text, in quotes where it looks like something else, or remove the line for the default",
)
_LIST: _Kind = (lambda value: isinstance(value, list | tuple), "a list", "Write {0}: [VALUE, ...]; with -e, in JSON")
_KINDS: dict[str, _Kind] = {
    "str": _TEXT,
    "path": _TEXT,
    "folder": _TEXT,
    "int": (
        lambda value: _is_number(value, r"\d+"),
        "a whole number, 0 or more",
        "Write {0}: NUMBER, or remove the line",
    ),
    "float": (
        lambda value: _is_number(value, r"\d+(\.\d*)?(e[+-]?\d+)?"),
        "a number, 0 or more",
        "Write {0}: NUMBER, or remove the line",
    ),
    "bool": (lambda value: str(value).strip().lower() in _WORDS, "true or false", "Write {0}: true, or {0}: false"),
    "dict": (
        lambda value: isinstance(value, Mapping),
        "a dictionary",
        "Write {0}: {{KEY: VALUE, ...}}; with -e, in JSON",
    ),
    "list of str": _LIST,
    "list of dict": _LIST,
}
