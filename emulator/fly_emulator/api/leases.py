"""/machines/{id}/lease"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..platform import leases
from ..state.model import Lease
from ..web import request as r

routes = web.RouteTableDef()
DEFAULT_TTL = 120
PATH = "/v1/apps/{app_name}/machines/{machine_id}/lease"


def _reply(lease: Lease, status: int) -> web.Response:
    data: dict[str, Any] = {
        "nonce": lease.nonce,
        "expires_at": int(lease.expires_at),
        "owner": lease.owner,
        "description": lease.description,
        "version": lease.version,
    }
    return web.json_response({"status": "success", "data": data}, status=status)


@routes.get(PATH)
async def get_lease(request: web.Request) -> web.Response:
    _, machine, _ = r.machine(request, alive=True)
    return _reply(leases.find(r.context(request), machine), 200)


@routes.post(PATH)
async def acquire_lease(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    sent = await r.body(request)
    ttl = r.integer(request.query.get("ttl") or sent.get("ttl") or DEFAULT_TTL, "ttl")
    holder = leases.Holder(r.token(request).owner, str(sent.get("description") or ""))
    return _reply(leases.acquire(r.context(request), app, machine, holder, ttl, r.nonce(request)), 201)


@routes.delete(PATH)
async def release_lease(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    leases.release(r.context(request), app, machine, r.nonce(request))
    return web.json_response({"status": "success", "data": {"ok": True}})
