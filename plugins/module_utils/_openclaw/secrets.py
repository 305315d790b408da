# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in openclaw.json: how a config refers to them, what they are called, and how they are kept out of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard

from .._base.secret_recognition import Finding, Path, find_secrets
from .._base.secret_words import words_of

MASKED: Final = "(secret)"

_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}\Z")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
ENV_SUBSTITUTION: Final = re.compile(r"(?<!\$)\$\{([A-Z_][A-Z0-9_]*)\}")
_HEADERS = frozenset({"authorization", "cookie"})
_FILLERS = frozenset({"accounts", "args", "auth", "config", "entries", "env", "headers", "profiles", "providers",
                      "servers", "value", "values", "vars"})  # fmt: skip
"""Levels of the config that say nothing about what a secret is for."""


def is_secret_ref(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Is this a SecretRef object, ``{source, provider, id}``?"""
    return (
        isinstance(value, Mapping)
        and value.get("source") in ("env", "file", "exec", "store")
        and set(value) <= {"source", "provider", "id"}
    )


def secret_ref(name: str, provider: str = "default") -> dict[str, str]:
    """The SecretRef for an environment variable of the machine."""
    return {"source": "env", "provider": provider, "id": name}


def is_env_name(text: str) -> bool:
    return bool(_ENV_NAME.match(text))


def masked(path: Sequence[str | int], value: object) -> object:
    """The value, safe to print: secrets in it, by their key or by their shape, are replaced by MASKED."""
    found = {finding.path for finding in find_secrets(value, path)}
    return _masked(tuple(path), value, found) if found else value


def _masked(path: Path, value: object, found: set[Path]) -> object:
    if path in found:
        return MASKED
    if isinstance(value, Mapping):
        return {key: _masked((*path, str(key)), inner, found) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked((*path, index), inner, found) for index, inner in enumerate(value)]
    return value


def secret_name(path: Sequence[str | int], name: str = "") -> str:
    """A Fly secret's name for the secret at this path; `name` is what it is called there, such as an option.

    ``channels.discord.token`` is DISCORD_BOT_TOKEN, a variable keeps its name, others are called by what they are for
    and their last word. Different paths may get one name: `secret_names` keeps them apart.
    """
    return _names(path, name)[0]


def secret_names(findings: Iterable[Finding], taken: Iterable[str] = ()) -> dict[Path, str]:
    """A name for each finding, no two of them the same and none of `taken`; a longer one if a short one is used."""
    used = set(taken)
    names: dict[Path, str] = {}
    for finding in findings:
        if finding.path in names:
            continue
        known = (name for name in _names(finding.path, finding.name) if name not in used)
        names[finding.path] = next(known, None) or next(_numbered(_names(finding.path, finding.name)[-1], used))
        used.add(names[finding.path])
    return names


def _numbered(name: str, used: set[str]) -> Iterator[str]:
    number = 2
    while f"{name}_{number}" in used:
        number += 1
    yield f"{name}_{number}"


def _names(path: Sequence[str | int], name: str) -> list[str]:
    """From the shortest that says what it is for to the whole path."""
    words = [part for part in path if isinstance(part, str)]
    own = words[-1] if words else ""
    called = name or own
    last = "token" if called.lower() in _HEADERS else called
    above = [word for word in (words[:-1] if own in (called, *_FILLERS) else words) if word not in _FILLERS]
    found = [called] if _VARIABLE.match(called) else []
    if words[:1] == ["channels"] and last in ("token", "botToken"):
        last, above = "bot_token", above[1:]
        found += ["_".join((*above, last))] if above else []
    found += ["_".join((above[-1], last))] if above else []
    found += ["_".join((*above[-2:], last)), "_".join((*above, last)), "_".join((*words[:-1], last))]
    upper = [_upper(text) for text in found]
    return [text if text[:1].isalpha() else f"SECRET_{text}".rstrip("_") for text in upper]


def _upper(text: str) -> str:
    """As a variable's name; one that is such a name already is not torn apart."""
    parts = re.split(r"[^A-Za-z0-9]+", text)
    return "_".join(part if part.isupper() else "_".join(words_of(part)).upper() for part in parts if part)
