"""Organisations, their members, and who calls."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import ids
from ..api import request as r
from ..api.errors import ApiError, not_found
from ..settings import Organization
from .connections import Connection

NOT_ALLOWED = "You must be authenticated to view this."
"""Fly's words for a token that may not list organisations or act in one."""


class UserNode:
    """Who acts; a deploy token is a machine of its own and no person."""

    typename = "User"
    enable_paid_hobby = True

    def __init__(self, email: str) -> None:
        self.id, self.email, self.name = ids.node_id("user", email), email, email.partition("@")[0]


class MacaroonNode:
    typename = "Macaroon"
    name = None

    def __init__(self, email: str) -> None:
        self.email = email


class OrganizationNode:
    billable = paid_plan = True
    billing_status = "CURRENT"
    provisions_beta_extensions = allow_all_cross_network_replays = False
    add_on_sso_link = remote_builder_app = None
    allowed_replay_source_org_slugs: tuple[str, ...] = ()
    remote_builder_image = "flyio/rchab"
    viewer_role = "admin"

    def __init__(self, request: web.Request, org: Organization) -> None:
        self._request = request
        self.slug = self.raw_slug = org.slug
        self.name = org.name or org.slug
        self.id = organization_id(org.slug)
        self.internal_numeric_id = ids.organization_number(org.slug)
        self.type = "PERSONAL" if org.slug == "personal" else "SHARED"

    def apps(self, request: web.Request, **page: Any) -> Connection:
        from .apps import AppNode

        apps = r.context(request).store.apps.values()
        return Connection([AppNode(request, app) for app in apps if app.org == self.slug], **page)

    def members(self, request: web.Request, **page: Any) -> Connection:
        user = UserNode(r.token(request).owner)
        connection = Connection([user], **page)
        joined = {"cursor": "1", "node": user, "role": "ADMIN", "joinedAt": 0.0}
        return _WithEdges(connection, [joined] if connection.nodes else [])

    def limited_access_tokens(self, request: web.Request, **page: Any) -> Connection:
        from .tokens import token_nodes

        require(request, self.slug)
        return Connection(token_nodes(request, self.slug), **page)

    def add_ons(self, request: web.Request, type: str | None = None, **page: Any) -> Connection:
        return Connection([], **page)

    def delegated_wire_guard_tokens(self, request: web.Request, **page: Any) -> Connection:
        return Connection([], **page)

    def wire_guard_peer(self, request: web.Request, name: str) -> Any:
        require(request, self.slug)
        peer = r.context(request).store.organization(self.slug).peers.get(name)
        if peer is None:
            raise not_found("wireguard peer")
        return peer

    def wire_guard_peers(self, request: web.Request, **page: Any) -> Connection:
        require(request, self.slug)
        return Connection(list(r.context(request).store.organization(self.slug).peers.values()), **page)


class _WithEdges(Connection):
    def __init__(self, connection: Connection, edges: list[dict[str, Any]]) -> None:
        self.nodes, self.total_count, self.page_info = connection.nodes, connection.total_count, connection.page_info
        self.edges = edges


def organization_id(slug: str) -> str:
    return ids.node_id("organization", slug)


def node(request: web.Request, slug: str) -> OrganizationNode:
    """The organisation of an app, which whoever sees the app may see."""
    known = {org.slug: org for org in r.context(request).settings.orgs}
    return OrganizationNode(request, known.get(slug) or Organization(slug))


def require(request: web.Request, slug: str) -> None:
    """Refuse whoever may not act in the organisation; raises ApiError."""
    caller = r.token(request)
    if caller.apps is not None or (caller.orgs is not None and slug not in caller.orgs):
        raise ApiError(403, NOT_ALLOWED)


def by_id(request: web.Request, identity: str) -> str:
    """The slug of an organisation that the caller may act in; raises ApiError."""
    for org in r.context(request).settings.orgs:
        if identity == organization_id(org.slug):
            require(request, org.slug)
            return org.slug
    raise not_found("organization")


def organization(request: web.Request, id: str | None = None, slug: str | None = None) -> OrganizationNode:
    if id is not None:
        return node(request, by_id(request, id))
    if slug not in r.context(request).settings.org_slugs:
        raise ApiError(404, "Could not find Organization")
    require(request, str(slug))
    return node(request, str(slug))


def organizations(request: web.Request, admin: bool | None = None, **page: Any) -> Connection:
    caller = r.token(request)
    if caller.apps is not None:
        raise ApiError(403, NOT_ALLOWED)
    orgs = [org for org in r.context(request).settings.orgs if caller.orgs is None or org.slug in caller.orgs]
    return Connection([OrganizationNode(request, org) for org in orgs], **page)


def personal_organization(request: web.Request) -> OrganizationNode:
    return organization(request, slug="personal")


def viewer(request: web.Request) -> UserNode | MacaroonNode:
    caller = r.token(request)
    return MacaroonNode(caller.owner) if caller.value in r.context(request).minted else UserNode(caller.owner)
