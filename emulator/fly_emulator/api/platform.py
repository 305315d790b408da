"""/platform: regions and room."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from aiohttp import web

from .errors import invalid
from .request import body, context, integer, organization

routes = web.RouteTableDef()
ROOM = 20
"""How many machines a region that is not full is said to have room for."""


@cache
def regions() -> dict[str, dict[str, Any]]:
    """Fly's regions by code."""
    text = resources.files("fly_emulator.data").joinpath("regions.json").read_text(encoding="utf-8")
    return {region["code"]: region for region in json.loads(text)["regions"]}


def require_region(code: Any) -> str:
    """Return the code if machines can be placed there; raises ApiError (400)."""
    if code not in regions() or regions()[code]["deprecated"]:
        raise invalid(f"region {code!r} not found")
    return str(code)


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
    organization(request, sent.get("org_slug"))
    count = integer(sent.get("count") or 1, "count")
    wanted = [code.strip() for code in str(sent.get("region") or "").split(",") if code.strip() not in ("", "any")]
    codes = [require_region(code) for code in wanted] or [
        code for code, region in regions().items() if not region["deprecated"]
    ]
    free = [code for code in codes if code not in context(request).full_regions]
    return web.json_response(
        {"regions": [{"region": code, "count": min(count, ROOM), "concurrency": ROOM} for code in free]}
    )
