# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the schema says of a normalised fly.toml, as lines that a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from ..._base.errors import MissingLibrary
from ..._base.secret_recognition import hide
from .schema import ELSEWHERE, SCHEMA

try:
    # Here and not where it is used: a worker inherits what its parent has imported, and would else do it once a task.
    import jsonschema
except ImportError:  # reported when it is needed
    jsonschema = None  # type: ignore[assignment]  # a module, or none

_SHOWN = 60


def problems(definition: dict[str, Any]) -> tuple[list[str], bool]:
    """A line for each thing that does not fit the schema, and whether what is known is sound, so that rules apply."""
    if jsonschema is None:
        raise MissingLibrary("jsonschema", "checking fly.toml")
    errors = sorted(_validator().iter_errors(definition), key=lambda error: [str(part) for part in error.path])
    sound = all(error.validator == "additionalProperties" for error in errors)
    return [line for error in errors for line in _lines(error)], sound


@cache
def _validator() -> Any:
    return jsonschema.Draft202012Validator(SCHEMA)


def _lines(error: Any) -> Iterable[str]:
    where = place(error.path)
    prefix = f"{where}." if where else ""
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        wanted = {key: error.schema["properties"][key]["description"] for key in missing}
        return [f"{prefix}{key}: missing, must be {wanted[key]}" for key in missing if _is_first(error, key)]
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        return [
            f"{prefix}{key}: unknown key{_instead(where, key, known)}" for key in error.instance if key not in known
        ]
    if error.validator == "type" and error.schema.get("type") == "array" and isinstance(error.instance, dict):
        return [f"{where}: must be a list of tables: write [[{where}]]"]
    return [f"{where}: must be {error.schema['description']}, not {shown(error.instance)}"]


def _is_first(error: Any, key: str) -> bool:
    """One error comes for each missing key, and each names them all."""
    return bool(error.message.startswith(f"{key!r} "))


def place(path: Iterable[str | int]) -> str:
    """`http_service.checks[1].interval`; the first of a list is not numbered, as there is mostly one."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path if part != 0]
    return "".join(parts).removeprefix(".")


def shown(value: Any) -> str:
    """A value in a message: short, and without what looks like a secret."""
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else hide(repr(value))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _instead(where: str, key: str, known: Iterable[str]) -> str:
    section = where.partition("[")[0].partition(".")[0]
    if advice := ELSEWHERE.get(f"{section}.{key}" if section else key):
        return f" ({advice})"
    if homes := _homes(key):
        return f" (it belongs {' or '.join(homes)})"
    near = difflib.get_close_matches(key, list(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _homes(key: str) -> Sequence[str]:
    """The sections that have such a key; nothing where it could be many."""
    found = []
    for name, schema in SCHEMA["properties"].items():
        inner = schema.get("items", schema)
        if key in inner.get("properties", {}):
            found.append(f"below [[{name}]]" if schema.get("type") == "array" else f"below [{name}]")
    if key in SCHEMA["properties"]:
        return ["at the top of the file, before the first section"]
    return found if len(found) <= 2 else []
