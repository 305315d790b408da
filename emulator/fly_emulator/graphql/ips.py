"""Addresses."""

from __future__ import annotations

from typing import Any

from ..errors import invalid
from ..platform import addresses
from ..platform.addresses import NewAddress
from ..platform.call import Call
from . import access, nodes


def allocate(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    app = access.find(call, input["app_id"])
    organization = input.get("organization_id")
    wanted = NewAddress(
        input["type"],
        input.get("region"),
        input.get("network"),
        call.organization_by_id(organization) if organization else None,
        input.get("service_name"),
    )
    assignment = addresses.allocate(call.context, app, wanted)
    # Fly gives the shared address only as the app's sharedIpAddress.
    shown = None if assignment.kind == "shared_v4" else nodes.AddressNode(call, app, assignment)
    return {"app": nodes.AppNode(call, app), "ipAddress": shown}


def release(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    if not input.get("app_id"):
        raise invalid("appId is required by the emulator")
    app = access.find(call, input["app_id"])
    held = [item.ip for item in app.ips if input.get("ip_address_id") in (None, nodes.address_id(app, item))]
    address = input.get("ip") or (held[0] if input.get("ip_address_id") and held else "")
    addresses.release(call.context, app, address)
    return {"app": nodes.AppNode(call, app)}
