"""/tokens/current: what the caller's token is."""

from __future__ import annotations

from aiohttp import web

from ..web import request as r

routes = web.RouteTableDef()


@routes.get("/v1/tokens/current")
async def current(request: web.Request) -> web.Response:
    caller = r.token(request)
    slugs = caller.orgs if caller.orgs is not None else tuple(sorted(r.context(request).settings.org_slugs))
    return web.json_response(
        {
            "tokens": [
                {
                    "token_id": f"emulator-{index}",
                    "org_slug": slug,
                    "organization": slug,
                    "apps": list(caller.apps or ()),
                    "user": "" if caller.apps else caller.owner,
                    "restricted_to_machine": "",
                    "source_machine_id": "",
                }
                for index, slug in enumerate(slugs)
            ]
        }
    )
