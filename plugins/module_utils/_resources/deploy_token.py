# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token that may do one app's deploys and nothing else, in a file of ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .._base import clock
from .._base.files import read_file, remove_file, write_file
from .._converge.resource import Change, Resource
from .._fly.client.api import Json
from .._fly.client.graphql import GraphqlApi
from .._fly.toml.durations import go

_MODE = 0o600
_SKEW = 300.0
"""Seconds that Fly.io's clock and ours may differ."""


@dataclass(frozen=True)
class TokenState:
    app: Json
    tokens: list[Json]
    """Those of this name that are not revoked, newest first."""
    value: str
    mode: int
    written: float


class DeployToken(Resource[TokenState]):
    """Fly.io shows a token once, so the file's time ties it to the newest token of this name.

    A token whose value was lost on the way is followed by another, and all older ones of the name are revoked.
    """

    def __init__(
        self,
        api: GraphqlApi,
        app: str,
        name: str,
        dest: Path,
        *,
        lifetime: float,
        renew_before: float,
        state: str = "present",
        secret: Callable[[str], str],
        show: bool = False,
    ) -> None:
        self._api, self._app, self._name, self._dest = api, app, name, dest
        self._lifetime, self._renew_before = lifetime, renew_before
        self._state, self._show = state, show
        self._made = ""
        self._secret: Callable[[str], str] = str if show else secret

    @property
    def title(self) -> str:
        return f"deploy token {self._name} of {self._app}"

    def observe(self) -> TokenState:
        app, found = self._api.app_tokens(self._app)
        live = [token for token in found if token["name"] == self._name and not token.get("revokedAt")]
        text, mode = read_file(self._dest) or ("", _MODE)
        self._secret(text.strip())
        written = self._dest.stat().st_mtime if text else 0.0
        newest_first = sorted(live, key=lambda one: (one["id"] == self._made, _seconds(one["createdAt"])), reverse=True)
        return TokenState(app, newest_first, text.strip(), mode, written)

    def plan(self, observed: TokenState) -> list[Change]:
        if self._state == "absent":
            return self._removals(observed)
        newest = observed.tokens[0] if observed.tokens else None
        why = self._why_not(observed, newest)
        if why:
            after = {"name": self._name, "good for": go(self._lifetime), "file": str(self._dest)}
            return [Change(f"make a token: {why}", _shown(newest), after, lambda: self._make(observed))]
        changes = [self._revocation(token) for token in observed.tokens[1:]]
        if observed.mode != _MODE:
            before, after = {"mode": f"{observed.mode:o}"}, {"mode": f"{_MODE:o}"}
            changes.append(Change("set the file's mode", before, after, lambda: self._dest.chmod(_MODE)))
        return changes

    def describe(self, observed: TokenState) -> dict[str, Any]:
        newest = observed.tokens[0] if observed.tokens else None
        told = {"dest": str(self._dest), "id": newest and newest["id"], "expires_at": newest and newest["expiresAt"]}
        return {**told, "token": observed.value} if self._show and observed.value else told

    def _why_not(self, observed: TokenState, newest: Json | None) -> str:
        """Why what is there will not do; empty when it will."""
        if newest is None:
            return "there is none"
        if not observed.value:
            return f"{self._dest} holds none"
        if observed.written < _seconds(newest["createdAt"]) - _SKEW:
            return f"{self._dest} is older than the newest one"
        if _seconds(newest["expiresAt"]) - clock.now() < self._renew_before:
            return f"it ends {newest['expiresAt']}"
        return ""

    def _make(self, observed: TokenState) -> None:
        app, expiry = observed.app, go(self._lifetime)
        self._made, value = self._api.create_deploy_token(app["organization"]["id"], app["id"], self._name, expiry)
        write_file(self._dest, self._secret(value) + "\n", _MODE)
        os.utime(self._dest, (clock.now(), clock.now()))

    def _removals(self, observed: TokenState) -> list[Change]:
        changes = [self._revocation(token) for token in observed.tokens]
        if observed.value:
            file = {"file": str(self._dest)}
            changes.append(Change("remove the file", file, None, lambda: remove_file(self._dest)))
        return changes

    def _revocation(self, token: Json) -> Change:
        identity = token["id"]
        return Change(f"revoke {identity}", _shown(token), None, lambda: self._api.delete_token(identity))


def _shown(token: Json | None) -> Json | None:
    return {key: token[key] for key in ("id", "name", "expiresAt")} if token else None


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
