"""/orgs/{slug}: all machines and volumes of an organisation, in pages."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..web import request as r
from .machines import filtered
from .machines import view as machine_view
from .volumes import view as volume_view

routes = web.RouteTableDef()
MAX_PAGE = 1000
DEFAULT_PAGE = 100


def _page(request: web.Request, items: list[tuple[float, dict[str, Any]]], name: str) -> web.Response:
    """One page, ordered by updated_at; the cursor is a position in that order."""
    after = request.query.get("updated_after")
    items = sorted(items, key=lambda item: (item[0], item[1]["id"]))
    if after:
        items = [item for item in items if durations.rfc3339(item[0]) > after]
    limit = min(r.integer(request.query.get("limit") or DEFAULT_PAGE, "limit"), MAX_PAGE)
    begin = r.integer(request.query.get("cursor") or 0, "cursor")
    page = items[begin : begin + limit]
    more = begin + limit < len(items)
    return web.json_response(
        {
            f"{name}s": [item for _, item in page],
            "next_cursor": str(begin + limit) if more else "",
            f"last_{name}_id": page[-1][1]["id"] if page else "",
            "last_updated_at": durations.rfc3339(page[-1][0]) if page else "",
            **({"error_regions": []} if name == "machine" else {}),
        }
    )


@routes.get("/v1/orgs/{org_slug}/machines")
async def org_machines(request: web.Request) -> web.Response:
    slug = r.call(request).organization(request.match_info["org_slug"])
    runners, summary = request.app[r.FLEET].runners, r.flag(request, "summary")
    items = []
    for app in r.context(request).store.apps.values():
        if app.org != slug:
            continue
        for machine in filtered(request, [m for m in app.machines.values() if m.id in runners]):
            shown = machine_view(machine, runners[machine.id], summary)
            items.append((machine.updated_at, {**shown, "app_name": app.name}))
    return _page(request, items, "machine")


@routes.get("/v1/orgs/{org_slug}/volumes")
async def org_volumes(request: web.Request) -> web.Response:
    slug = r.call(request).organization(request.match_info["org_slug"])
    states, region = r.words(request, "state"), request.query.get("region")
    items = [
        (
            volume.updated_at,
            {**volume_view(volume), "app_name": app.name, "updated_at": durations.rfc3339(volume.updated_at)},
        )
        for app in r.context(request).store.apps.values()
        if app.org == slug
        for volume in app.volumes.values()
        if (r.flag(request, "include_deleted") or volume.state == "created")
        and (not states or volume.state in states)
        and region in (None, "", volume.region)
    ]
    return _page(request, items, "volume")
