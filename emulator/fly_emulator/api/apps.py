"""/apps"""

from __future__ import annotations

from aiohttp import web

from .. import ids
from ..platform import apps, organizations, tokens, volumes
from ..platform.call import Call
from ..state.model import App
from ..web import request as r

routes = web.RouteTableDef()


def view(call: Call, app: App) -> dict[str, object]:
    org = organizations.named(call.context, app.org)
    return {
        "id": app.id,
        "name": app.name,
        "internal_numeric_id": app.number,
        "status": apps.status(app),
        "network": app.network or "default",
        "machine_count": len(app.live_machines()),
        "volume_count": len(volumes.live(app)),
        "organization": {
            "name": org.name or org.slug,
            "slug": org.slug,
            "internal_numeric_id": ids.organization_number(org.slug),
        },
        "cname_target": f"{app.id}.fly.dev",
        "app_role": "",
    }


@routes.get("/v1/apps")
async def list_apps(request: web.Request) -> web.Response:
    call = r.call(request)
    slug = call.organization(request.query.get("org_slug"))
    shown = [view(call, app) for app in call.context.store.apps.values() if app.org == slug]
    return web.json_response({"apps": shown, "total_apps": len(shown)})


@routes.post("/v1/apps")
async def create_app(request: web.Request) -> web.Response:
    call, sent = r.call(request), await r.body(request)
    name = sent.get("name") or sent.get("app_name")
    apps.require_name(name)
    app = apps.create(call.context, name, call.organization(sent.get("org_slug")), sent.get("network") or "")
    return web.json_response(view(call, app), status=201)


@routes.get("/v1/apps/{app_name}")
async def get_app(request: web.Request) -> web.Response:
    return web.json_response(view(r.call(request), r.app(request)))


@routes.delete("/v1/apps/{app_name}")
async def delete_app(request: web.Request) -> web.Response:
    call = r.call(request)
    apps.begin_deletion(call.context, call.fleet, r.app(request))
    return web.Response(status=202)


@routes.post("/v1/apps/{app_name}/deploy_token")
async def deploy_token(request: web.Request) -> web.Response:
    app, sent = r.app(request), await r.body(request)
    minted = tokens.mint(r.context(request), app.org, (app.name,), "deploy token", "deploy", sent.get("expiry"))
    return web.json_response({"token": f"FlyV1 {minted.value}"})
