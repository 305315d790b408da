"""Regions."""

from __future__ import annotations

from typing import Any

from ..platform.call import Call
from ..regions import regions


def platform(call: Call) -> dict[str, Any]:
    return {
        "requestRegion": call.context.settings.region,
        "regions": [region_view(region) for region in regions().values() if not region["deprecated"]],
    }


def nearest_region(call: Call, wireguard_gateway: bool | None = None) -> dict[str, Any]:
    return region_view(regions()[call.context.settings.region])


def region_view(region: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": region["code"],
        "name": region["name"],
        "latitude": region["latitude"],
        "longitude": region["longitude"],
        "gatewayAvailable": region["gateway_available"],
        "requiresPaidPlan": region["requires_paid_plan"],
        "deprecated": region["deprecated"],
    }
