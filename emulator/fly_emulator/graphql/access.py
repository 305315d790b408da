"""Which apps and organisations a caller may see, in GraphQL's words."""

from __future__ import annotations

from aiohttp import web

from .. import ids
from ..api import request as r
from ..api.errors import ApiError, not_found
from ..state.model import App

NOT_FOUND = "Could not find App"
NOT_ALLOWED = "You must be authenticated to view this."
"""Fly's words for a token that may not list organisations or act in one."""


def find(request: web.Request, name: str) -> App:
    """An app by its name, which is its id too; raises ApiError in GraphQL's words."""
    try:
        return r.named_app(request, name)
    except ApiError as error:
        raise ApiError(404, NOT_FOUND) from error


def visible(request: web.Request, app: App) -> bool:
    try:
        return r.named_app(request, app.name) is app
    except ApiError:
        return False


def organization_id(slug: str) -> str:
    return ids.node_id("organization", slug)


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
