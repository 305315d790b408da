"""Regions."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api import request as r
from ..regions import regions


def platform(request: web.Request) -> dict[str, Any]:
    return {
        "requestRegion": r.context(request).settings.region,
        "regions": [region_view(region) for region in regions().values() if not region["deprecated"]],
    }


def nearest_region(request: web.Request, wireguard_gateway: bool | None = None) -> dict[str, Any]:
    return region_view(regions()[r.context(request).settings.region])


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
