"""/apps"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from .. import durations, ids, tokens
from ..machines.fleet import Fleet
from ..state.model import App
from . import request as r
from .errors import ApiError, invalid

routes = web.RouteTableDef()
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def organization_view(request: web.Request, slug: str) -> dict[str, object]:
    orgs = {org.slug: org for org in r.context(request).settings.orgs}
    return {
        "name": orgs[slug].name if slug in orgs else slug,
        "slug": slug,
        "internal_numeric_id": ids.organization_number(slug),
    }


def status(app: App) -> str:
    return "deployed" if app.live_machines() else "pending"


def view(request: web.Request, app: App) -> dict[str, object]:
    return {
        "id": app.id,
        "name": app.name,
        "internal_numeric_id": app.number,
        "status": status(app),
        "network": app.network or "default",
        "machine_count": len(app.live_machines()),
        "volume_count": sum(volume.state != "destroyed" for volume in app.volumes.values()),
        "organization": organization_view(request, app.org),
        "cname_target": f"{app.id}.fly.dev",
        "app_role": "",
    }


@routes.get("/v1/apps")
async def list_apps(request: web.Request) -> web.Response:
    slug = r.organization(request, request.query.get("org_slug"))
    apps = [view(request, app) for app in r.context(request).store.apps.values() if app.org == slug]
    return web.json_response({"apps": apps, "total_apps": len(apps)})


@routes.post("/v1/apps")
async def create_app(request: web.Request) -> web.Response:
    return web.json_response(view(request, create(request, await r.body(request))), status=201)


def create(request: web.Request, sent: dict[str, Any]) -> App:
    """Register an app of {name, org_slug, network?}; raises ApiError."""
    shared = r.context(request)
    name = sent.get("name") or sent.get("app_name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid("name must have 1 to 63 lowercase letters, digits and dashes, no dash at its ends")
    slug = r.organization(request, sent.get("org_slug"))
    if name in shared.store.apps or name in shared.settings.foreign_apps:
        raise ApiError(422, "Name has already been taken", status="name_taken")
    number = max((app.number for app in shared.store.apps.values()), default=1000) + 1
    app = App(
        name=name,
        id=ids.app_id(),
        number=number,
        org=slug,
        network=sent.get("network") or "",
        created_at=shared.clock.now(),
    )
    shared.store.apps[name] = app
    shared.store.save(app)
    return app


@routes.get("/v1/apps/{app_name}")
async def get_app(request: web.Request) -> web.Response:
    return web.json_response(view(request, r.app(request)))


@routes.delete("/v1/apps/{app_name}")
async def delete_app(request: web.Request) -> web.Response:
    begin_deletion(request, r.app(request))
    return web.Response(status=202)


def begin_deletion(request: web.Request, app: App) -> None:
    """Mark the app as going and remove it in the background."""
    if not app.deleting:
        app.deleting = True
        background = asyncio.ensure_future(destroy(request.app[r.FLEET], request, app))
        # What is left after a kill is a deleting app; its removal goes on at the next start.
        request.app[DELETIONS].add(background)
        background.add_done_callback(request.app[DELETIONS].discard)


DELETIONS: web.AppKey[set[asyncio.Future[None]]] = web.AppKey("deletions", set)


async def destroy(fleet: Fleet, request: web.Request, app: App) -> None:
    """Destroy the app's machines, then forget it with its volumes and addresses."""
    shared = r.context(request)
    shared.store.save(app)
    await asyncio.gather(*(fleet.destroy(machine) for machine in app.live_machines()))
    for machine in app.machines:
        fleet.runners.pop(machine, None)
    await asyncio.to_thread(shared.store.remove, app)
    shared.logbook.remove(app.name)


@routes.post("/v1/apps/{app_name}/deploy_token")
async def deploy_token(request: web.Request) -> web.Response:
    app = r.app(request)
    sent = await r.body(request)
    minted = tokens.mint(
        r.context(request), app.org, (app.name,), "deploy token", "deploy", lifetime(sent.get("expiry"))
    )
    return web.json_response({"token": f"FlyV1 {minted.value}"})


def lifetime(expiry: Any) -> float:
    """Seconds that a token is good for, 20 years when nothing is said; raises ApiError (400)."""
    try:
        return durations.parse(expiry or "175200h")
    except ValueError as error:
        raise invalid(f"expiry: {error}") from error
