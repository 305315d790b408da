"""/apps/{app}/machines: list, create, read, update, destroy, history."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..errors import invalid, precondition
from ..images.reference import image_ref
from ..machines import config as machine_config
from ..machines.runner import Runner
from ..platform import leases
from ..state.model import App, Event, Machine
from ..web import request as r

routes = web.RouteTableDef()
MACHINES = "/v1/apps/{app_name}/machines"
MACHINE = MACHINES + "/{machine_id}"
DEFAULT_EVENTS = 20
MAX_EVENTS = 20
HEAVY = ("config", "checks", "events", "host_status", "nonce", "incomplete_config")
"""What `summary=true` leaves out."""


def event_view(event: Event) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": event.id,
        "type": event.type,
        "status": event.status,
        "source": event.source,
        "timestamp": event.timestamp,
    }
    if event.request is not None:
        shown["request"] = event.request
    return shown


def view(machine: Machine, runner: Runner, summary: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": machine.id,
        "name": machine.name,
        "state": machine.state,
        "region": machine.region,
        "image_ref": image_ref(machine.config["image"], machine.current.image_digest, machine.image_labels),
        "instance_id": machine.current.version,
        "version": machine.current.version,
        "private_ip": machine.private_ip,
        "created_at": durations.rfc3339(machine.created_at),
        "updated_at": durations.rfc3339(machine.updated_at),
        "config": machine_config.as_read(machine.config),
        "events": [event_view(event) for event in machine.events[:DEFAULT_EVENTS]],
        "checks": [check.view() for check in runner.checks],
        "host_status": machine.host_status,
    }
    if machine.cordoned:
        shown["cordoned"] = True
    return {key: value for key, value in shown.items() if key not in HEAVY} if summary else shown


def filtered(request: web.Request, machines: list[Machine]) -> list[Machine]:
    """The machines that the query asks for: include_deleted, region, state, metadata.KEY."""
    states, region = r.words(request, "state"), request.query.get("region")
    metadata = {
        key.removeprefix("metadata."): value for key, value in request.query.items() if key.startswith("metadata.")
    }
    hidden = not r.flag(request, "include_deleted") and "destroyed" not in states
    return [
        machine
        for machine in machines
        if not (hidden and machine.gone)
        and (not states or machine.state in states)
        and region in (None, "", machine.region)
        and metadata.items() <= machine.config.get("metadata", {}).items()
    ]


@routes.get(MACHINES)
async def list_machines(request: web.Request) -> web.Response:
    app = r.app(request)
    runners, summary = request.app[r.FLEET].runners, r.flag(request, "summary")
    shown = []
    for machine in filtered(request, [m for m in app.machines.values() if m.id in runners]):
        item = view(machine, runners[machine.id], summary)
        if r.flag(request, "include_leases") and (lease := leases.held(r.context(request), machine)):
            item["lease"] = {
                "owner": lease.owner,
                "expires_at": int(lease.expires_at),
                "description": lease.description,
                "version": lease.version,
            }
        shown.append(item)
    return web.json_response(shown)


def _lease_ttl(sent: dict[str, Any]) -> int:
    ttl = r.integer(sent.get("lease_ttl") or 0, "lease_ttl")
    if ttl < 0:
        raise invalid("lease_ttl must not be negative")
    return ttl


def _grant(request: web.Request, app: App, machine: Machine, ttl: int) -> str:
    """A lease for the caller; its nonce."""
    return leases.grant(r.context(request), app, machine, leases.Holder(r.token(request).owner), ttl).nonce


@routes.post(MACHINES)
async def create_machine(request: web.Request) -> web.Response:
    app = r.app(request)
    sent = await r.body(request)
    ttl = _lease_ttl(sent)
    machine = await request.app[r.FLEET].create(app, sent)
    shown = view(machine, request.app[r.FLEET].runner(machine))
    if ttl:
        shown["nonce"] = leases.grant(
            r.context(request), app, machine, leases.Holder(r.token(request).owner), ttl
        ).nonce
    return web.json_response(shown)


@routes.get(MACHINE)
async def get_machine(request: web.Request) -> web.Response:
    _, machine, runner = r.machine(request)
    return web.json_response(view(machine, runner))


@routes.post(MACHINE)
async def update_machine(request: web.Request) -> web.Response:
    app, machine, runner = r.leased(request)
    sent = await r.body(request)
    ttl = _lease_ttl(sent)
    await request.app[r.FLEET].update(app, machine, sent)
    shown = view(machine, runner)
    if ttl:
        lease = leases.held(r.context(request), machine)
        shown["nonce"] = lease.nonce if lease else _grant(request, app, machine, ttl)
    return web.json_response(shown)


@routes.delete(MACHINE)
async def destroy_machine(request: web.Request) -> web.Response:
    _, machine, _ = r.leased(request)
    forced = r.flag(request, "force") or r.flag(request, "kill")
    if not forced and machine.state not in ("stopped", "suspended", "created", "failed"):
        raise precondition(
            f"unable to destroy machine, not currently stopped, suspended or failed: "
            f"'{machine.state}'; stop it first or use force"
        )
    await request.app[r.FLEET].destroy(machine)
    return web.json_response({"ok": True})


@routes.get(MACHINE + "/events")
async def list_events(request: web.Request) -> web.Response:
    _, machine, _ = r.machine(request)
    limit = r.integer(request.query.get("limit") or DEFAULT_EVENTS, "limit")
    return web.json_response([event_view(event) for event in machine.events[: min(limit, MAX_EVENTS)]])


@routes.get(MACHINE + "/versions")
async def list_versions(request: web.Request) -> web.Response:
    _, machine, _ = r.machine(request)
    return web.json_response(
        [
            {"version": version.version, "user_config": machine_config.as_read(version.config)}
            for version in reversed([*machine.history, machine.current])
        ]
    )
