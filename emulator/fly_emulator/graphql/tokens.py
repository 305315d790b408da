"""Limited access tokens: deploy tokens and organisation tokens."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import tokens
from ..api import request as r
from ..api.apps import lifetime
from ..api.errors import ApiError, invalid, not_implemented
from . import access, nodes


def create(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    profile, params = input["profile"], input.get("profile_params") or {}
    if profile not in ("deploy", "deploy_organization"):
        raise not_implemented(f"createLimitedAccessToken with profile {profile}")
    names: tuple[str, ...] | None = None
    if profile == "deploy":
        if not isinstance(params.get("app_id"), str):
            raise invalid("profileParams.app_id is required for the profile deploy")
        app = access.find(request, params["app_id"])
        names, slug = (app.name,), app.org
        if input["organization_id"] != access.organization_id(slug):
            raise invalid("the app is of another organization")
    else:
        slug = access.by_id(request, input["organization_id"])
    token = tokens.mint(r.context(request), slug, names, input["name"], profile, lifetime(input.get("expiry")))
    return {"limitedAccessToken": nodes.TokenNode(request, slug, token, token.value)}


def delete(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    for record in r.context(request).store.organizations.values():
        for token in record.tokens.values():
            if (token.id, token.value)[input.get("id") is None] != (input.get("id") or input.get("token")):
                continue
            if token.apps is None:
                access.require(request, record.slug)
            else:
                access.find(request, token.apps[0])
            tokens.revoke(r.context(request), record.slug, token)
            return {"token": None}
    raise ApiError(404, "Could not find LimitedAccessToken")
