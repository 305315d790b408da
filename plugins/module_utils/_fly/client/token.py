# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token may do, asked before anything is done with it."""

from __future__ import annotations

from dataclasses import dataclass

from .api import MachinesApi
from .errors import FlyError, Forbidden, NotFound, Unauthorized
from .types import Token


@dataclass(frozen=True)
class Scope:
    """What `GET /tokens/current` tells of a token; a joined token is the sum of its parts."""

    organizations: frozenset[str]
    apps: frozenset[str]
    """The apps that it is limited to; empty when it is not."""
    user: str
    machine: str
    """The machine that it is limited to, or empty."""

    def as_dict(self) -> dict[str, object]:
        return {"organizations": sorted(self.organizations), "apps": sorted(self.apps), "user": self.user}

    def refusal(self, app: str | None, org: str | None, create: bool) -> str:
        """Why it cannot manage (with `create`, make) the app; empty when nothing known speaks against it."""
        if self.apps and create:
            return f"it is a deploy token of {', '.join(sorted(self.apps))}, and such a token cannot create apps"
        if self.apps and app and app not in self.apps:
            return f"it is a deploy token of {', '.join(sorted(self.apps))}"
        if org and self.organizations and org not in self.organizations and org != "personal":
            return f"it belongs to {', '.join(sorted(self.organizations))}, not to {org}"
        if self.machine:
            return f"it is limited to the machine {self.machine}"
        return ""


def scope(api: MachinesApi) -> Scope | None:
    """The token's scope; None when Fly.io does not tell. Raises `Unauthorized` for a token that is no good."""
    try:
        answer = api.current_token()
    except Unauthorized:
        raise
    except FlyError:
        return None
    return scope_of(answer)


def scope_of(answer: Token) -> Scope:
    """What `GET /tokens/current` answered, as a scope."""
    parts = answer.get("tokens") or []
    return Scope(
        frozenset(str(part["org_slug"]) for part in parts if part.get("org_slug")),
        frozenset(str(app) for part in parts for app in part.get("apps") or []),
        next((str(part["user"]) for part in parts if part.get("user")), ""),
        next((str(part["restricted_to_machine"]) for part in parts if part.get("restricted_to_machine")), ""),
    )


def require_creation(api: MachinesApi, app: str, org: str | None) -> None:
    """Raise `Forbidden`, before anything is written, when the token cannot create the app in the organization."""
    known = scope(api) or Scope(frozenset(), frozenset(), "", "")
    _refuse(known, app, None, create=True)
    if not org or org in known.organizations:
        return
    try:
        api.apps(org)  # it may be known by another name, as `personal` is
    except (Forbidden, NotFound) as error:
        others = ", ".join(sorted(known.organizations))
        raise Forbidden(
            "the API token cannot create apps there",
            where=f"organization {org}",
            why=f"it belongs to {others}" if others else error.why,
            todo="Correct org (fly orgs list prints the slugs), or use that organization's token",
            **error.details,
        ) from error


def required(api: MachinesApi, app: str | None, org: str | None, *, create: bool) -> Scope:
    """The scope, empty when Fly.io does not tell. Raises `Forbidden` when it does not cover the app or the org."""
    known = scope(api) or Scope(frozenset(), frozenset(), "", "")
    _refuse(known, app, org, create)
    return known


def _refuse(known: Scope, app: str | None, org: str | None, create: bool) -> None:
    why = known.refusal(app, org, create)
    if why:
        todo = "Use an organization's token (fly tokens create org)" if create else "Use a token that covers it"
        raise Forbidden("the API token cannot do this", where=f"app {app}" if app else f"{org}", why=why, todo=todo)
