"""Organisations, their members, and who calls."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api import request as r
from ..api.errors import ApiError
from . import access, nodes
from .connections import Connection


def organization(request: web.Request, id: str | None = None, slug: str | None = None) -> nodes.OrganizationNode:
    if id is not None:
        return nodes.organization(request, access.by_id(request, id))
    if slug not in r.context(request).settings.org_slugs:
        raise ApiError(404, "Could not find Organization")
    access.require(request, str(slug))
    return nodes.organization(request, str(slug))


def organizations(request: web.Request, admin: bool | None = None, **page: Any) -> Connection:
    caller = r.token(request)
    if caller.apps is not None:
        raise ApiError(403, access.NOT_ALLOWED)
    orgs = [org for org in r.context(request).settings.orgs if caller.orgs is None or org.slug in caller.orgs]
    return Connection([nodes.OrganizationNode(request, org) for org in orgs], **page)


def personal_organization(request: web.Request) -> nodes.OrganizationNode:
    return organization(request, slug="personal")


def viewer(request: web.Request) -> nodes.UserNode | nodes.MacaroonNode:
    caller = r.token(request)
    kind = nodes.MacaroonNode if caller.value in r.context(request).minted else nodes.UserNode
    return kind(caller.owner)
