"""/api/v1/builds: builds that clients tell of. Nothing is built here: there is no builder."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..errors import not_implemented
from ..platform import releases
from ..state.model import Build
from ..web import request as r

routes = web.RouteTableDef()


def _view(build: Build, took: int = 0) -> dict[str, Any]:
    return {"id": build.id, "status": build.status, "wallclock_time_ms": took}


@routes.post("/api/v1/builds")
async def create_build(request: web.Request) -> web.Response:
    sent = await r.body(request)
    return web.json_response(
        _view(releases.begin_build(r.context(request), r.noted_app(request, sent.get("app_name"))))
    )


@routes.post("/api/v1/builds/finish")
async def finish_build(request: web.Request) -> web.Response:
    sent = await r.body(request)
    app = r.noted_app(request, sent.get("app_name"))
    number = r.integer(sent.get("build_id"), "build_id")
    build, took = releases.end_build(r.context(request), app, number, sent.get("status"))
    return web.json_response(_view(build, took))


@routes.post("/api/v1/builds/depot_builder")
@routes.post("/api/v1/organizations/{slug}/builders")
async def remote_builder(request: web.Request) -> web.Response:
    raise not_implemented("remote builders: deploy with --image")
