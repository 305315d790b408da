"""/platform: regions and room."""

from __future__ import annotations

from aiohttp import web

from ..regions import regions, require_region
from ..web.request import body, call, context, integer

routes = web.RouteTableDef()
ROOM = 20
"""How many machines a region that is not full is said to have room for."""


@routes.get("/v1/platform/regions")
async def list_regions(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "nearest": context(request).settings.region,
            "regions": [region for region in regions().values() if not region["deprecated"]],
        }
    )


@routes.post("/v1/platform/placements")
async def placements(request: web.Request) -> web.Response:
    sent = await body(request)
    call(request).organization(sent.get("org_slug"))
    count = integer(sent.get("count") or 1, "count")
    wanted = [code.strip() for code in str(sent.get("region") or "").split(",") if code.strip() not in ("", "any")]
    codes = [require_region(code) for code in wanted] or [
        code for code, region in regions().items() if not region["deprecated"]
    ]
    free = [code for code in codes if code not in context(request).full_regions]
    return web.json_response(
        {"regions": [{"region": code, "count": min(count, ROOM), "concurrency": ROOM} for code in free]}
    )
