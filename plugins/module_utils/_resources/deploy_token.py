# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token that may do one app's deploys and nothing else, in a file of ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .._base import clock
from .._base.files import read_file, remove_file, write_file
from .._converge.resource import Change, Plan, Resource
from .._fly.client.graphql import AppOwner, GraphqlApi, TokenNode
from .._fly.toml.durations import go

_MODE = 0o600
_SKEW = 300.0
"""Seconds that Fly.io's clock and ours may differ."""


@dataclass(frozen=True)
class WantedToken:
    """`lifetime` and `renew_before` are seconds; `state` is present or absent."""

    app: str
    name: str
    dest: Path
    lifetime: float
    renew_before: float
    state: str = "present"


@dataclass(frozen=True)
class TokenState:
    app: AppOwner
    tokens: list[TokenNode]
    """Those of this name that are not revoked, newest first."""
    value: str
    mode: int
    written: float
    now: float


class DeployToken(Resource[TokenState]):
    """Fly.io shows a token once, so the file's time ties it to the newest token of this name.

    A token whose value was lost on the way is followed by another, and all older ones of the name are revoked.
    `secret` masks a value; with `show` it is returned instead.
    """

    def __init__(self, api: GraphqlApi, wanted: WantedToken, secret: Callable[[str], str], show: bool = False) -> None:
        self._api, self._wanted, self._dest = api, wanted, wanted.dest
        self._show = show
        self._secret: Callable[[str], str] = str if show else secret

    @property
    def title(self) -> str:
        return f"deploy token {self._wanted.name} of {self._wanted.app}"

    def observe(self) -> TokenState:
        app, found = self._api.app_tokens(self._wanted.app)
        current = [token for token in found if token["name"] == self._wanted.name and not token.get("revokedAt")]
        text, mode = read_file(self._dest) or ("", _MODE)
        self._secret(text.strip())
        written = self._dest.stat().st_mtime if text else 0.0
        # Of two that were made in one second, the one listed last.
        made = [(clock.parse(token["createdAt"]), number) for number, token in enumerate(current)]
        newest_first = [current[number] for _at, number in sorted(made, reverse=True)]
        return TokenState(app, newest_first, text.strip(), mode, written, clock.now())

    def plan(self, observed: TokenState) -> Plan:
        if self._wanted.state == "absent":
            return self._removals(observed)
        newest = observed.tokens[0] if observed.tokens else None
        why = self._why_not(observed, newest)
        if why:
            after = {"name": self._wanted.name, "good for": go(self._wanted.lifetime), "file": str(self._dest)}
            known = {token["id"] for token in observed.tokens}

            def made(now: TokenState) -> bool:
                return any(token["id"] not in known for token in now.tokens)

            what = f"make a token: {why}"
            make = Change("make", what, _shown(newest), after, lambda: self._make(observed), took_effect=made)
            return [make, *(self._revocation(token) for token in observed.tokens)]
        changes = [self._revocation(token) for token in observed.tokens[1:]]
        if observed.mode != _MODE:
            before, after = {"mode": f"{observed.mode:o}"}, {"mode": f"{_MODE:o}"}
            changes.append(Change("mode", "set the file's mode", before, after, lambda: self._dest.chmod(_MODE)))
        return changes

    def describe(self, observed: TokenState) -> dict[str, object]:
        newest = _shown(observed.tokens[0] if observed.tokens else None) or {}
        result = {"dest": str(self._dest), "id": newest.get("id"), "expires_at": newest.get("expiresAt")}
        return {**result, "token": observed.value} if self._show and observed.value else result

    def _why_not(self, observed: TokenState, newest: TokenNode | None) -> str:
        """Why the present token will not do; empty when it will."""
        if newest is None:
            return "none exists"
        if not observed.value:
            return f"{self._dest} holds none"
        if observed.written < clock.parse(newest["createdAt"]) - _SKEW:
            return f"{self._dest} is older than the newest one"
        if clock.parse(newest["expiresAt"]) - observed.now < self._wanted.renew_before:
            return f"it ends {newest['expiresAt']}"
        return ""

    def _make(self, observed: TokenState) -> None:
        app, expiry = observed.app, go(self._wanted.lifetime)
        with suppress(OSError):  # when the answer is lost, the file is not to be taken for the new token's
            os.utime(self._dest, (0, 0))
        _id, value = self._api.create_deploy_token(app["organization"]["id"], app["id"], self._wanted.name, expiry)
        write_file(self._dest, self._secret(value) + "\n", _MODE)
        os.utime(self._dest, (clock.now(), clock.now()))

    def _removals(self, observed: TokenState) -> Plan:
        changes = [self._revocation(token) for token in observed.tokens]
        if observed.value:
            file = {"file": str(self._dest)}
            changes.append(Change("file", "remove the file", file, None, lambda: remove_file(self._dest)))
        return changes

    def _revocation(self, token: TokenNode) -> Change:
        identity = token["id"]
        what = f"revoke {identity}"
        return Change(what, what, _shown(token), None, lambda: self._api.delete_token(identity))


def _shown(token: TokenNode | None) -> dict[str, object] | None:
    return {key: token[key] for key in ("id", "name", "expiresAt")} if token else None
