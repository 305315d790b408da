"""/apps/{app}/ip_assignments: addresses, with no id and no type in the reply, as on Fly."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..platform import addresses
from ..platform.addresses import NewAddress
from ..state.model import IpAssignment
from ..web import request as r

routes = web.RouteTableDef()


def view(assignment: IpAssignment) -> dict[str, Any]:
    private = assignment.kind == "private_v6"
    return {
        "ip": assignment.ip,
        "region": assignment.region,
        "service_name": assignment.service_name,
        "shared": assignment.kind == "shared_v4",
        "created_at": durations.rfc3339(assignment.created_at),
        "network": {"name": assignment.network, "org_slug": assignment.org} if private else None,
    }


@routes.get("/v1/apps/{app_name}/ip_assignments")
async def list_ips(request: web.Request) -> web.Response:
    return web.json_response({"ips": [view(ip) for ip in r.app(request).ips]})


@routes.post("/v1/apps/{app_name}/ip_assignments")
async def assign_ip(request: web.Request) -> web.Response:
    app, sent = r.app(request), await r.body(request)
    wanted = NewAddress(
        sent.get("type"), sent.get("region"), sent.get("network"), sent.get("org_slug"), sent.get("service_name")
    )
    return web.json_response(view(addresses.allocate(r.context(request), app, wanted)))


@routes.delete("/v1/apps/{app_name}/ip_assignments/{ip}")
async def release_ip(request: web.Request) -> web.Response:
    addresses.release(r.context(request), r.app(request), request.match_info["ip"])
    return web.Response(status=204)
