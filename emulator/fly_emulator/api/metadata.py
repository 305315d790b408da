"""/machines/{id}/metadata: does not restart the machine and does not ask for its lease."""

from __future__ import annotations

from aiohttp import web

from ..errors import invalid, not_found
from ..platform import machines
from ..web import request as r
from .machines import MACHINE

routes = web.RouteTableDef()
KEY = MACHINE + "/metadata/{key}"


@routes.get(MACHINE + "/metadata")
async def get_metadata(request: web.Request) -> web.Response:
    _, machine, _ = r.machine(request)
    return web.json_response(machine.config.get("metadata", {}))


@routes.put(MACHINE + "/metadata")
@routes.patch(MACHINE + "/metadata")
async def write_metadata(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    sent = await r.body(request)
    values = sent.get("metadata")
    if not isinstance(values, dict):
        raise invalid("metadata must be an object")
    machines.require_version(machine, sent.get("machine_version"))
    machines.set_metadata(r.context(request), app, machine, values, whole=request.method == "PUT")
    return web.Response(status=204)


@routes.get(KEY)
async def get_key(request: web.Request) -> web.Response:
    _, machine, _ = r.machine(request)
    value = machine.config.get("metadata", {}).get(request.match_info["key"])
    if value is None:
        raise not_found("metadata key")
    return web.json_response({"value": value})


@routes.post(KEY)
async def set_key(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    value = (await r.body(request)).get("value")
    machines.set_metadata(r.context(request), app, machine, {request.match_info["key"]: value})
    return web.Response(status=204)


@routes.delete(KEY)
async def delete_key(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    machines.set_metadata(r.context(request), app, machine, {request.match_info["key"]: None})
    return web.Response(status=204)
