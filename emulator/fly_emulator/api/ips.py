"""/apps/{app}/ip_assignments: addresses, with no id and no type in the reply, as on Fly."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations, ids
from ..state.model import App, IpAssignment
from . import request as r
from .errors import ApiError, invalid, not_found, not_implemented

routes = web.RouteTableDef()
KINDS = ("v4", "v6", "shared_v4", "private_v6")
EGRESS = ("egress_v4", "egress_v6", "egress_pair")


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
    return web.json_response(view(allocate(request, r.app(request), await r.body(request))))


def allocate(request: web.Request, app: App, sent: dict[str, Any]) -> IpAssignment:
    """Give the app an address of {type, region?, network?, org_slug?, service_name?}; raises ApiError."""
    shared = r.context(request)
    kind = sent.get("type")
    if kind in EGRESS:
        raise not_implemented(f"ip_assignments type {kind}")
    if kind not in KINDS:
        raise invalid(f"type must be one of {', '.join((*KINDS, *EGRESS))}, not {kind!r}")
    if kind == "shared_v4" and (held := app.address("shared_v4")):
        return held
    org, network = sent.get("org_slug") or app.org, sent.get("network") or app.network
    if kind == "private_v6":
        networks = {
            ("" if other.network == "default" else other.network)
            for other in shared.store.apps.values()
            if other.org == org
        } | {""}
        if org not in shared.settings.org_slugs or ("" if network == "default" else network) not in networks:
            raise ApiError(400, "network not found")
        address = ids.flycast_ipv6(org, "" if network == "default" else network)
    else:
        address = {"v4": ids.public_ipv4, "v6": ids.public_ipv6, "shared_v4": ids.shared_ipv4}[kind]()
    assignment = IpAssignment(
        ip=address,
        kind=kind,
        region=sent.get("region") or "global",
        created_at=shared.clock.now(),
        service_name=sent.get("service_name") or "",
        network="" if kind != "private_v6" or network == "default" else network,
        org=org if kind == "private_v6" else "",
    )
    app.ips.append(assignment)
    shared.store.save(app)
    return assignment


@routes.delete("/v1/apps/{app_name}/ip_assignments/{ip}")
async def release_ip(request: web.Request) -> web.Response:
    release(request, r.app(request), request.match_info["ip"])
    return web.Response(status=204)


def release(request: web.Request, app: App, address: str) -> None:
    """Take the address from the app; raises ApiError (404)."""
    held = next((ip for ip in app.ips if ip.ip == address), None)
    if held is None:
        raise not_found("ip assignment")
    app.ips.remove(held)
    r.context(request).store.save(app)
