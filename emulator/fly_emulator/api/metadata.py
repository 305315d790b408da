"""/machines/{id}/metadata: does not restart the machine and does not ask for its lease."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..state.model import App, Machine
from . import request as r
from .errors import ApiError, invalid, not_found
from .machines import MACHINE

routes = web.RouteTableDef()
KEY = MACHINE + "/metadata/{key}"


def _saved(request: web.Request, app: App, machine: Machine) -> web.Response:
    shared = r.context(request)
    machine.updated_at = shared.clock.now()
    shared.store.save(app)
    return web.Response(status=204)


def _change(metadata: dict[str, str], values: dict[str, Any]) -> None:
    for key, value in values.items():
        if value in (None, ""):
            metadata.pop(key, None)
        elif isinstance(value, str):
            metadata[key] = value
        else:
            raise invalid(f"metadata {key} must be a string")


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
    expected = sent.get("machine_version")
    if expected and expected != machine.current.version:
        raise ApiError(412, f"failed_precondition: machine version {expected} is not {machine.current.version}")
    metadata: dict[str, str] = {} if request.method == "PUT" else dict(machine.config.get("metadata", {}))
    _change(metadata, values)
    machine.config["metadata"] = metadata
    return _saved(request, app, machine)


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
    _change(
        machine.config.setdefault("metadata", {}), {request.match_info["key"]: (await r.body(request)).get("value")}
    )
    return _saved(request, app, machine)


@routes.delete(KEY)
async def delete_key(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    machine.config.get("metadata", {}).pop(request.match_info["key"], None)
    return _saved(request, app, machine)
