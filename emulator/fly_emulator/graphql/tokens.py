"""Limited access tokens: deploy tokens and organisation tokens."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import tokens
from ..api import request as r
from ..api.apps import lifetime
from ..api.errors import ApiError, invalid, not_implemented
from ..state.model import LimitedToken
from . import apps, organizations

HIDDEN = ""
"""A token's value is shown when it is made and never again."""


class TokenNode:
    def __init__(self, request: web.Request, org: str, token: LimitedToken, value: str = HIDDEN) -> None:
        self._org = org
        self.id, self.name, self.profile = token.id, token.name, token.profile
        self.profile_params = None if token.apps is None else {"app_id": token.apps[0]}
        self.created_at, self.expires_at, self.revoked_at = token.created_at, token.expires_at, token.revoked_at
        self.token = value
        self.token_header = f"FlyV1 {value}" if value else None
        self.user = organizations.UserNode(token.owner)

    def organization(self, request: web.Request) -> organizations.OrganizationNode:
        return organizations.node(request, self._org)


def token_nodes(request: web.Request, org: str, app: str | None = None) -> list[TokenNode]:
    """The tokens of an app, or of a whole organisation."""
    held = r.context(request).store.organization(org).tokens.values()
    wanted = [app] if app else None
    return [TokenNode(request, org, token) for token in held if token.apps == wanted]


def create(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    profile, params = input["profile"], input.get("profile_params") or {}
    if profile not in ("deploy", "deploy_organization"):
        raise not_implemented(f"createLimitedAccessToken with profile {profile}")
    names: tuple[str, ...] | None = None
    if profile == "deploy":
        if not isinstance(params.get("app_id"), str):
            raise invalid("profileParams.app_id is required for the profile deploy")
        app = apps.find(request, params["app_id"])
        names, slug = (app.name,), app.org
        if input["organization_id"] != organizations.organization_id(slug):
            raise invalid("the app is of another organization")
    else:
        slug = organizations.by_id(request, input["organization_id"])
    token = tokens.mint(r.context(request), slug, names, input["name"], profile, lifetime(input.get("expiry")))
    return {"limitedAccessToken": TokenNode(request, slug, token, token.value)}


def delete(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    for record in r.context(request).store.organizations.values():
        for token in record.tokens.values():
            if (token.id, token.value)[input.get("id") is None] != (input.get("id") or input.get("token")):
                continue
            if token.apps is None:
                organizations.require(request, record.slug)
            else:
                apps.find(request, token.apps[0])
            tokens.revoke(r.context(request), record.slug, token)
            return {"token": None}
    raise ApiError(404, "Could not find LimitedAccessToken")
