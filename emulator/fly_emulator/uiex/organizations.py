"""/api/v1/organizations"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api import request as r
from ..api.errors import ApiError, not_found
from ..graphql.access import NOT_ALLOWED
from ..graphql.nodes import OrganizationNode, organization

routes = web.RouteTableDef()


def view(org: OrganizationNode) -> dict[str, Any]:
    return {
        "id": org.id,
        "internal_numeric_id": org.internal_numeric_id,
        "slug": org.slug,
        "raw_slug": org.raw_slug,
        "name": org.name,
        "personal": org.type == "PERSONAL",
        "paid_plan": org.paid_plan,
        "billable": org.billable,
        "billing_status": org.billing_status,
        "provisions_beta_extensions": org.provisions_beta_extensions,
        "remote_builder_image": org.remote_builder_image,
    }


@routes.get("/api/v1/organizations")
async def list_organizations(request: web.Request) -> web.Response:
    caller = r.token(request)
    if caller.apps is not None:
        raise ApiError(403, NOT_ALLOWED)
    slugs = [org.slug for org in r.context(request).settings.orgs if caller.orgs is None or org.slug in caller.orgs]
    return web.json_response({"organizations": [view(organization(request, slug)) for slug in slugs]})


@routes.get("/api/v1/organizations/{slug}")
async def get_organization(request: web.Request) -> web.Response:
    slug, caller = request.match_info["slug"], r.token(request)
    if slug not in r.context(request).settings.org_slugs:
        raise not_found("organization")
    # A deploy token's app is in an organisation, which deploys ask for.
    if caller.orgs is not None and slug not in caller.orgs:
        raise ApiError(403, NOT_ALLOWED)
    return web.json_response({"organization": view(organization(request, slug))})
