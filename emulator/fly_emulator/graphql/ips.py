"""Addresses."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import ids
from ..api import ips as api
from ..api.errors import invalid
from ..state.model import App, IpAssignment
from . import apps, organizations


class AddressNode:
    def __init__(self, request: web.Request, app: App, assignment: IpAssignment) -> None:
        self._assignment = assignment
        self.id = address_id(app, assignment)
        self.address, self.type, self.region = assignment.ip, assignment.kind, assignment.region
        self.created_at, self.service_name = assignment.created_at, assignment.service_name

    def network(self, request: web.Request) -> dict[str, Any] | None:
        held = self._assignment
        if held.kind != "private_v6":
            return None
        return {
            "id": ids.node_id("network", held.org, held.network),
            "name": held.network,
            "organization": organizations.node(request, held.org),
        }


def address_id(app: App, assignment: IpAssignment) -> str:
    return f"ip_{ids.node_id(app.id, assignment.ip)}"


def allocate(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    app = apps.find(request, input["app_id"])
    organization = input.get("organization_id")
    sent = {
        "type": input["type"],
        "region": input.get("region"),
        "network": input.get("network"),
        "service_name": input.get("service_name"),
        "org_slug": organizations.by_id(request, organization) if organization else None,
    }
    assignment = api.allocate(request, app, sent)
    # Fly gives the shared address only as the app's sharedIpAddress.
    shown = None if assignment.kind == "shared_v4" else AddressNode(request, app, assignment)
    return {"app": apps.AppNode(request, app), "ipAddress": shown}


def release(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    if not input.get("app_id"):
        raise invalid("appId is required by the emulator")
    app = apps.find(request, input["app_id"])
    held = [item.ip for item in app.ips if input.get("ip_address_id") in (None, address_id(app, item))]
    address = input.get("ip") or (held[0] if input.get("ip_address_id") and held else "")
    api.release(request, app, address)
    return {"app": apps.AppNode(request, app)}
