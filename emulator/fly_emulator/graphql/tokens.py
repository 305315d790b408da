"""Limited access tokens: deploy tokens and organisation tokens."""

from __future__ import annotations

from typing import Any

from ..errors import NotFound, invalid, not_implemented
from ..platform import tokens
from ..platform.call import Call, organization_id
from . import access, nodes


def create(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    profile, params = input["profile"], input.get("profile_params") or {}
    if profile not in ("deploy", "deploy_organization"):
        raise not_implemented(f"createLimitedAccessToken with profile {profile}")
    names: tuple[str, ...] | None = None
    if profile == "deploy":
        if not isinstance(params.get("app_id"), str):
            raise invalid("profileParams.app_id is required for the profile deploy")
        app = access.find(call, params["app_id"])
        names, slug = (app.name,), app.org
        if input["organization_id"] != organization_id(slug):
            raise invalid("the app is of another organization")
    else:
        slug = call.organization_by_id(input["organization_id"])
    token = tokens.mint(call.context, slug, names, input["name"], profile, input.get("expiry"))
    return {"limitedAccessToken": nodes.TokenNode(call, slug, token, token.value)}


def delete(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    for org, token in tokens.all_of(call.context):
        if (token.id, token.value)[input.get("id") is None] != (input.get("id") or input.get("token")):
            continue
        if token.apps is None:
            call.require_organization(org)
        else:
            access.find(call, token.apps[0])
        tokens.revoke(call.context, org, token)
        return {"token": None}
    raise NotFound("Could not find LimitedAccessToken")
