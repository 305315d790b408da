# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request of a check and its answer, one a line of JSON, without secrets and without what is the operator's.

A line has `check`, `at` (seconds since the start), `took`, `method`, `path`, `query`, `body`, `lease`, `status`,
`headers` and `answer`; the first line says what was asked where. `tests/live/replay.py` reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._base import clock
from .._base.errors import CollectionError
from .._base.secret_recognition import hide

FORMAT = 1
LONG = 2000
"""Characters of a text from which on its length is recorded instead."""
HEADERS = ("retry-after", "fly-request-id", "fly-span-id", "fly-trace-id", "server", "via", "content-type")
_REMOVED = "<removed>"
_LIMIT_HEADER = re.compile(r"ratelimit|rate-limit|x-envoy-upstream")
_PRIVATE_PATHS = re.compile(r"/v1/tokens/current|/v1/apps|/api/v1/.*")
"""Their answers are about the operator: the token's owner, other apps, what was logged."""
_PRIVATE_KEYS = ("organization", "org_slug", "user", "email", "owner", "caller")
_ADDRESS = re.compile(r"[\w.+-]+@(?:localhost|[\w-]+(?:\.[\w-]+)+)")
"""A token's owner stands in texts about leases."""
_VERSIONED = re.compile(r"[0-9A-Za-z_:.-]{1,64}")


@dataclass
class Recorder:
    """`secrets` are values that are removed wherever they are; the file is written line by line, 0600."""

    path: Path | None
    secrets: set[str] = field(default_factory=set)
    check: str = ""
    lines: int = 0
    _began: float = field(default_factory=clock.monotonic)

    def begin(self, about: Mapping[str, object]) -> None:
        """Create the file. Raises when it exists or cannot be written."""
        self._began = clock.monotonic()
        if self.path is None:
            return
        try:
            self.path.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise CollectionError(
                "the recording cannot be created",
                where=str(self.path),
                why=error.strerror or str(error),
                todo="Give another path with recording; an existing file is never overwritten",
            ) from error
        self._write({"format": FORMAT, **about})

    def exchange(self, entry: Mapping[str, Any], took: float) -> None:
        """Record one request; `entry` has method, path, query, body, lease, status, headers and answer."""
        private = bool(_PRIVATE_PATHS.fullmatch(str(entry["path"])))
        answer = _shape(entry["answer"]) if private else entry["answer"]
        kept = {
            **entry,
            "headers": {
                name: value for name, value in entry["headers"].items() if name in HEADERS or _LIMIT_HEADER.search(name)
            },
            "body": self._clean(entry["body"]),
            "answer": self._clean(answer),
        }
        at = round(clock.monotonic() - self._began - took, 3)
        self._write({"check": self.check, "at": at, "took": round(took, 3), **kept})

    def _write(self, line: Mapping[str, object]) -> None:
        self.lines += 1
        if self.path is None:
            return
        text = json.dumps(_without(line, self.secrets), ensure_ascii=False)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError as error:
            raise CollectionError("the recording cannot be written", where=str(self.path), why=str(error)) from error

    def _clean(self, value: object, key: str = "") -> object:
        if isinstance(value, Mapping):
            return {str(name): self._clean(each, str(name)) for name, each in value.items()}
        if isinstance(value, list):
            return [self._clean(each, key) for each in value]
        if key in _PRIVATE_KEYS:
            return _shape(value)
        if not isinstance(value, str):
            return value
        if len(value) > LONG:
            return _long(value)
        value = _ADDRESS.sub(_REMOVED, value)
        # An identity of Fly.io looks as random as a secret, and is none.
        return value if _VERSIONED.fullmatch(value) and not value.startswith("fm") else hide(value)


def _long(value: str) -> str:
    """A long text by its length, and its character where it has only one."""
    of = f" of {value[0]!r}" if value.count(value[0]) == len(value) else ""
    return f"<{len(value)} characters{of}>"


def _shape(value: object) -> object:
    """The same keys and types, nothing of what was in it; of a list the first entry."""
    if isinstance(value, Mapping):
        return {str(key): _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value[:1]]
    if isinstance(value, bool) or value is None:
        return value
    return 0 if isinstance(value, int | float) else _REMOVED


def _without(value: object, secrets: Iterable[str]) -> object:
    """Take the secrets out of every text, keys too."""
    if isinstance(value, Mapping):
        return {_without(key, secrets): _without(each, secrets) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, secrets) for each in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _REMOVED)
    return value
