# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway token that replaces the one in a file: made beside it, put in its place once the gateway runs with it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from .._base.errors import CollectionError
from .._base.project_folder import is_encrypted
from .._converge.resource import Change, Plan, Resource
from .._gateway import token_file

SUFFIX = ".next"
_BYTES = 32


@dataclass(frozen=True)
class WantedGatewayToken:
    """`state` is next (there is one that replaces `file`'s) or current (it is in its place)."""

    file: Path
    state: str
    token: str = field(repr=False)
    """What the inventory declares now."""

    @property
    def next(self) -> Path:
        return self.file.with_name(self.file.name + SUFFIX)


@dataclass(frozen=True)
class TokenState:
    kept: bool
    """Whether the inventory has its token from the file, and a run may replace it: it is not encrypted. A file that is
    yet to be written counts."""
    waiting: bool
    """Whether there is one that replaces it."""


class GatewayToken(Resource[TokenState]):
    """A run that ends in between is carried on with the same new token. The value is never shown."""

    def __init__(self, wanted: WantedGatewayToken) -> None:
        self._wanted = wanted

    @property
    def title(self) -> str:
        return str(self._wanted.file)

    def observe(self) -> TokenState:
        file = self._wanted.file
        try:
            text = file.read_text() if file.exists() else self._wanted.token
        except (OSError, UnicodeDecodeError) as error:
            raise token_file.unreadable(file, error) from None
        kept = not is_encrypted(file) and text.strip() == self._wanted.token
        return TokenState(kept, self._wanted.next.exists())

    def plan(self, observed: TokenState) -> Plan:
        wanted = self._wanted
        if wanted.state == "current":
            change = Change("current", f"put the token of {wanted.next.name} in place", None, None, self._replace)
            return [change] if observed.waiting else []
        if not observed.kept or observed.waiting:
            return []
        return [Change("next", f"make a new token in {wanted.next.name}", None, None, self._make)]

    def describe(self, observed: TokenState) -> dict[str, object]:
        return {"kept": observed.kept, "file": str(self._wanted.next)}

    def _make(self) -> None:
        try:
            token_file.keep(self._wanted.next, secrets.token_hex(_BYTES))
        except OSError as error:
            raise self._unwritable(error) from None

    def _replace(self) -> None:
        try:
            os.replace(self._wanted.next, self._wanted.file)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> CollectionError:
        why, todo = error.strerror or str(error), "Make its folder writable, and run again"
        return CollectionError("the new token cannot be kept", where=str(self._wanted.next), why=why, todo=todo)
