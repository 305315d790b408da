"""/api/v1/releases and /api/v1/apps/{app}/releases"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..errors import invalid
from ..platform import releases
from ..state.model import Release
from ..web import request as r

routes = web.RouteTableDef()
DEFAULT_LIMIT = 25


def view(release: Release) -> dict[str, Any]:
    return {
        "id": release.id,
        "version": release.version,
        "stable": release.status == "complete",
        "in_progress": release.in_progress,
        "status": release.status,
        "strategy": release.strategy,
        "user": release.user,
        "created_at": durations.rfc3339(release.created_at),
        "image_ref": release.image,
    }


@routes.get("/api/v1/releases/all_current")
async def all_current(request: web.Request) -> web.Response:
    caller = r.token(request)
    return web.json_response(
        {
            app.name: durations.rfc3339(app.releases[-1].created_at)
            for app in r.context(request).store.apps.values()
            if app.releases
            and (caller.apps is None or app.name in caller.apps)
            and (caller.orgs is None or app.org in caller.orgs)
        }
    )


@routes.get("/api/v1/apps/{app_name}/releases")
async def list_releases(request: web.Request) -> web.Response:
    app = r.app(request)
    limit = r.integer(request.query.get("limit") or DEFAULT_LIMIT, "limit")
    return web.json_response({"releases": [view(release) for release in app.releases[::-1][:limit]]})


@routes.get("/api/v1/apps/{app_name}/releases/current")
async def current_release(request: web.Request) -> web.Response:
    return web.json_response(view(releases.current(r.app(request))))


@routes.post("/api/v1/releases")
async def create_release(request: web.Request) -> web.Response:
    sent = await r.body(request)
    app = r.noted_app(request, sent.get("app_name"))
    release = releases.announce(
        r.context(request),
        app,
        r.token(request).owner,
        sent.get("definition"),
        sent.get("image"),
        sent.get("strategy"),
    )
    return web.json_response({"release": view(release)}, status=201)


@routes.patch("/api/v1/releases/{release_id}")
async def update_release(request: web.Request) -> web.Response:
    app, release = releases.find(r.context(request), request.match_info["release_id"])
    r.noted_app(request, app.name)
    sent = await r.body(request)
    if not sent:
        raise invalid("status or metadata is required")
    releases.update(r.context(request), app, release, sent.get("status"), sent.get("metadata"))
    return web.json_response(view(release))
