"""Addresses."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api import ips as api
from ..api.errors import invalid
from . import access, nodes


def allocate(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    app = access.find(request, input["app_id"])
    organization = input.get("organization_id")
    sent = {
        "type": input["type"],
        "region": input.get("region"),
        "network": input.get("network"),
        "service_name": input.get("service_name"),
        "org_slug": access.by_id(request, organization) if organization else None,
    }
    assignment = api.allocate(request, app, sent)
    # Fly gives the shared address only as the app's sharedIpAddress.
    shown = None if assignment.kind == "shared_v4" else nodes.AddressNode(request, app, assignment)
    return {"app": nodes.AppNode(request, app), "ipAddress": shown}


def release(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    if not input.get("app_id"):
        raise invalid("appId is required by the emulator")
    app = access.find(request, input["app_id"])
    held = [item.ip for item in app.ips if input.get("ip_address_id") in (None, nodes.address_id(app, item))]
    address = input.get("ip") or (held[0] if input.get("ip_address_id") and held else "")
    api.release(request, app, address)
    return {"app": nodes.AppNode(request, app)}
