"""/api/v1/organizations"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import ids
from ..errors import Forbidden, not_found
from ..platform import organizations
from ..platform.call import NOT_ALLOWED, organization_id
from ..settings import Organization
from ..web import request as r

routes = web.RouteTableDef()


def view(org: Organization) -> dict[str, Any]:
    return {
        "id": organization_id(org.slug),
        "internal_numeric_id": ids.organization_number(org.slug),
        "slug": org.slug,
        "raw_slug": org.slug,
        "name": org.name or org.slug,
        "personal": org.slug == "personal",
        "paid_plan": True,
        "billable": True,
        "billing_status": "CURRENT",
        "provisions_beta_extensions": False,
        "remote_builder_image": organizations.BUILDER_IMAGE,
    }


@routes.get("/api/v1/organizations")
async def list_organizations(request: web.Request) -> web.Response:
    return web.json_response({"organizations": [view(org) for org in r.call(request).organizations()]})


@routes.get("/api/v1/organizations/{slug}")
async def get_organization(request: web.Request) -> web.Response:
    slug, call = request.match_info["slug"], r.call(request)
    if slug not in call.context.settings.org_slugs:
        raise not_found("organization")
    # A deploy token's app is in an organisation, which deploys ask for.
    if call.caller.orgs is not None and slug not in call.caller.orgs:
        raise Forbidden(NOT_ALLOWED)
    return web.json_response({"organization": view(organizations.named(call.context, slug))})
