"""Who asks, and what that token may see and touch."""

from __future__ import annotations

from dataclasses import dataclass

from .. import ids
from ..context import Context
from ..errors import Forbidden, NotFound, Unauthenticated, invalid, not_found
from ..machines.fleet import Fleet
from ..machines.runner import Runner
from ..settings import Organization, Token
from ..state.model import App, Machine, Volume

NOT_ALLOWED = "You must be authenticated to view this."
"""Fly's words for a token that may not list organisations or act in one."""


def authenticate(context: Context, authorization: str) -> Token:
    """Find the token of an Authorization header; raises Unauthenticated.

    Bearer and FlyV1 count, and a pasted `FlyV1 ` inside Bearer too.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() not in ("bearer", "flyv1"):
        raise Unauthenticated("Authenticate: token validation error")
    value = value.strip().removeprefix("FlyV1 ").strip()
    accepted = {token.value.removeprefix("FlyV1 "): token for token in context.settings.tokens} | context.minted
    for part in (value, *value.split(",")):
        token = accepted.get(part.strip())
        if token is not None and (token.expires_at is None or token.expires_at > context.clock.now()):
            return token
    raise Unauthenticated("Authenticate: token validation error")


def organization_id(slug: str) -> str:
    return ids.node_id("organization", slug)


@dataclass(frozen=True)
class Call:
    """One caller at the platform; what it may not see does not exist for it."""

    context: Context
    fleet: Fleet
    caller: Token

    # Apps and what they own

    def app(self, name: str) -> App:
        """An app that the caller may touch; raises NotFound, or Forbidden when it is somebody else's."""
        caller = self.caller
        found = self.context.store.apps.get(name)
        if name in self.context.settings.foreign_apps or (caller.apps is not None and name not in caller.apps):
            raise Forbidden("unauthorized")
        if found is None:
            raise not_found("app")
        if caller.orgs is not None and found.org not in caller.orgs:
            raise Forbidden("unauthorized")
        return found

    def sees(self, app: App) -> bool:
        try:
            return self.app(app.name) is app
        except (Forbidden, NotFound):
            return False

    def machine(self, app: App, identity: str, alive: bool = False) -> tuple[Machine, Runner]:
        """A machine of the app; with `alive` a destroyed one is not found."""
        found = app.machines.get(identity)
        if found is None or (alive and found.gone) or found.id not in self.fleet.runners:
            raise not_found("machine")
        return found, self.fleet.runner(found)

    def volume(self, app: App, identity: str, gone: bool = False) -> Volume:
        """A volume of the app; with `gone` a destroyed one too: its snapshots outlive it."""
        found = app.volumes.get(identity)
        if found is None or (found.gone and not gone):
            raise not_found("volume")
        return found

    # Organisations

    def organization(self, slug: object) -> str:
        """Check that the caller may act in this organisation; raises PlatformError."""
        if not isinstance(slug, str) or not slug:
            raise invalid("org_slug is required")
        if slug not in self.context.settings.org_slugs:
            raise not_found(f"organization {slug}")
        if not self._acts_in(slug):
            raise Forbidden("unauthorized")
        return slug

    def require_organization(self, slug: str) -> None:
        """Refuse whoever may not act in the organisation, in Fly's words."""
        if not self._acts_in(slug):
            raise Forbidden(NOT_ALLOWED)

    def _acts_in(self, slug: str) -> bool:
        return self.caller.apps is None and (self.caller.orgs is None or slug in self.caller.orgs)

    def organization_by_id(self, identity: str) -> str:
        """The slug of an organisation that the caller may act in; raises PlatformError."""
        for org in self.context.settings.orgs:
            if identity == organization_id(org.slug):
                self.require_organization(org.slug)
                return org.slug
        raise not_found("organization")

    def organizations(self) -> list[Organization]:
        """The caller's; raises Forbidden for a token of single apps."""
        if self.caller.apps is not None:
            raise Forbidden(NOT_ALLOWED)
        return [org for org in self.context.settings.orgs if self.caller.orgs is None or org.slug in self.caller.orgs]
