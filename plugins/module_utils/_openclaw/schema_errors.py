# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""jsonschema's errors as problems that a person can act on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .old_forms import advice
from .paths import show
from .problems import Problem
from .releases import Release

_KINDS = {"object": "an object", "array": "a list", "string": "text", "integer": "a whole number"}
_KINDS |= {"number": "a number", "boolean": "true or false", "null": "null"}
# Keys that let somebody in or switch a protection off: to follow a wrong guess would do harm.
_OPENS = re.compile(r"allow|dangerous|insecure|disable|skip|open|public|bypass|trust|elevated", re.IGNORECASE)


class SchemaError(Protocol):
    """What is used of ``jsonschema.ValidationError``."""

    validator: Any
    validator_value: Any
    instance: Any
    schema: Any
    context: Any

    @property
    def absolute_path(self) -> Any: ...

    @property
    def relative_schema_path(self) -> Any: ...


def problems_of(errors: Iterable[Any], config: Mapping[str, Any], release: Release) -> list[Problem]:
    """Problems in the order of the errors, each path and message once; moved keys with their remedy."""
    found: dict[tuple[str, str], Problem] = {}
    for error in errors:
        for path, problem in _explain(error):
            remedy = advice(path, config, release)
            if remedy:
                problem = replace(problem, suggestion=remedy, allowed_keys=())
            found.setdefault((problem.path, problem.message), problem)
    return list(found.values())


def _explain(error: SchemaError) -> Iterator[tuple[tuple[str | int, ...], Problem]]:
    path: tuple[str | int, ...] = tuple(error.absolute_path)
    rule, wanted, value = error.validator, error.validator_value, error.instance
    if rule == "additionalProperties" and isinstance(value, Mapping):
        allowed = tuple(sorted(error.schema.get("properties", {})))
        for key in value:
            if key not in allowed:
                here = (*path, str(key))
                near = _guess(str(key), allowed)
                message = f"the key '{key}' is not known here"
                yield (
                    here,
                    Problem(show(here), message, () if near else allowed, f"Did you mean '{near}'?" if near else None),
                )
    elif rule in ("anyOf", "oneOf"):
        yield from _explain_choice(error, path)
    elif rule in ("enum", "const"):
        yield path, _not_one_of(path, value, wanted if rule == "enum" else [wanted])
    elif rule == "required" and isinstance(value, Mapping):
        for key in wanted:
            if key not in value:
                known = tuple(sorted(error.schema.get("properties", {})))
                yield path, Problem(show(path), f"the key '{key}' is missing", known)
    elif rule == "type":
        yield path, Problem(show(path), f"must be {_kinds(wanted)}, but is {_kind_of(value)}")
    elif rule == "propertyNames":
        # The error stands on the object; the name that failed is the instance.
        for inner in error.context or [error]:
            yield path, Problem(show(path), f"'{inner.instance}' is not a name that may be used as a key here")
    elif rule == "pattern" and error.relative_schema_path and "propertyNames" in error.relative_schema_path:
        here = (*path, str(value))
        yield here, Problem(show(here), f"the key '{value}' must match {wanted}")
    else:
        yield (
            path,
            Problem(
                show(path), _MESSAGES.get(rule, "is not accepted by {rule}: {wanted}").format(rule=rule, wanted=wanted)
            ),
        )


_MESSAGES = {
    "pattern": "must match {wanted}",
    "minimum": "must be at least {wanted}",
    "maximum": "must be at most {wanted}",
    "exclusiveMinimum": "must be more than {wanted}",
    "exclusiveMaximum": "must be less than {wanted}",
    "minLength": "must have at least {wanted} characters",
    "maxLength": "must have at most {wanted} characters",
    "minItems": "must have at least {wanted} items",
    "maxItems": "must have at most {wanted} items",
    "minProperties": "must have at least {wanted} keys",
    "maxProperties": "must have at most {wanted} keys",
    "uniqueItems": "must not repeat an item",
    "not": "must not have this combination of keys",
}


def _explain_choice(error: SchemaError, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Problem]]:
    """Of several forms, explain the one that was most likely meant."""
    branches: list[Mapping[str, Any]] = error.validator_value
    words = [word for branch in branches for word in _words(branch)]
    if words and all(_words(branch) for branch in branches):
        yield path, _not_one_of(path, error.instance, words)
        return
    kinds = list(dict.fromkeys(kind for branch in branches for kind in _branch_kinds(branch)))
    if kinds and not words and not _fits(error.instance, kinds):
        yield path, Problem(show(path), f"must be {' or '.join(kinds)}, but is {_kind_of(error.instance)}")
        return
    failures: dict[int, list[SchemaError]] = {}
    for inner in error.context or ():
        failures.setdefault(inner.relative_schema_path[0], []).append(inner)
    # A form whose outermost type or discriminator does not fit was not meant.
    meant = [
        errors
        for errors in failures.values()
        if not any(
            (len(e.absolute_path) == len(path) and e.validator in ("type", "const", "enum")) or e.validator == "const"
            for e in errors
        )
    ]
    if meant:
        for inner in min(meant, key=len):
            yield from _explain(inner)
        return
    nested = [e for errors in failures.values() for e in errors if e.validator in ("anyOf", "oneOf")]
    if isinstance(error.instance, Mapping) and nested:
        yield from _explain(nested[0])
        return
    if words:
        kinds.append("one of " + ", ".join(map(_word, words)))
    said = " or ".join(kinds) or "one of the accepted forms"
    yield path, Problem(show(path), f"must be {said}, but is {_kind_of(error.instance)}")


def _words(branch: Mapping[str, Any]) -> list[Any]:
    if "const" in branch:
        return [branch["const"]]
    return list(branch.get("enum", ()))


def _branch_kinds(branch: Mapping[str, Any]) -> Iterator[str]:
    for inner in (*branch.get("anyOf", ()), *branch.get("oneOf", ())):
        yield from _branch_kinds(inner)
    if "type" in branch and not _words(branch):
        yield _kinds(branch["type"])


def _not_one_of(path: tuple[str | int, ...], value: Any, words: Sequence[Any]) -> Problem:
    names = tuple(_word(word) for word in words)
    near = nearest(value, [word for word in words if isinstance(word, str)]) if isinstance(value, str) else None
    hint = f"Did you mean '{near}'?" if near else None
    return Problem(show(path), f"must be {'one of ' if len(names) > 1 else ''}{', '.join(names)}", (), hint)


def _guess(key: str, allowed: Iterable[str]) -> str | None:
    """The key that was most likely meant; never one that opens something, unless it is one letter away."""
    near = nearest(key, allowed)
    if near and _OPENS.match(near) and not nearest(key, [near], cutoff=0.9):
        return None
    return near


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The choice that a person most likely meant, None if none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[close[0]] if close else None


def _word(word: Any) -> str:
    return word if isinstance(word, str) else {True: "true", False: "false", None: "null"}.get(word, str(word))


def _kinds(kinds: Any) -> str:
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    return " or ".join(_KINDS.get(name, str(name)) for name in names)


def _fits(value: Any, kinds: Sequence[str]) -> bool:
    said = " or ".join(kinds)
    return _kind_of(value) in said or (isinstance(value, int) and "a number" in said)


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, str):
        return "text"
    return "a whole number" if isinstance(value, int) else "a number"
