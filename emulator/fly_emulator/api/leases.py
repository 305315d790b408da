"""/machines/{id}/lease, and the lease rule for every write to a machine."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from .. import durations
from ..context import Context
from ..state.model import App, Lease, Machine
from . import request as r
from .errors import LeaseError, invalid

routes = web.RouteTableDef()
HEADER = "fly-machine-lease-nonce"
DEFAULT_TTL = 120
PATH = "/v1/apps/{app_name}/machines/{machine_id}/lease"


def held(context: Context, machine: Machine) -> Lease | None:
    """The lease that holds now; an expired one is dropped."""
    if machine.lease is not None and machine.lease.expires_at <= context.clock.now():
        machine.lease = None
    return machine.lease


def require(request: web.Request, machine: Machine) -> None:
    """Refuse a write by whoever does not hold the machine's lease (409)."""
    lease = held(r.context(request), machine)
    if lease is not None and request.headers.get(HEADER) != lease.nonce:
        raise _conflict(machine, lease)


def _conflict(machine: Machine, lease: Lease) -> LeaseError:
    return LeaseError(
        409,
        f"machine ID {machine.id} lease currently held by {lease.owner}, expires at "
        f"{durations.rfc3339(lease.expires_at)}",
    )


def grant(request: web.Request, app: App, machine: Machine, ttl: int, description: str = "") -> Lease:
    shared = r.context(request)
    machine.lease = Lease(
        secrets.token_hex(6), shared.clock.now() + ttl, r.token(request).owner, description, machine.current.version
    )
    shared.store.save(app)
    return machine.lease


def envelope(lease: Lease, status: int) -> web.Response:
    data: dict[str, Any] = {
        "nonce": lease.nonce,
        "expires_at": int(lease.expires_at),
        "owner": lease.owner,
        "description": lease.description,
        "version": lease.version,
    }
    return web.json_response({"status": "success", "data": data}, status=status)


@routes.get(PATH)
async def get_lease(request: web.Request) -> web.Response:
    _, machine, _ = r.machine(request, alive=True)
    lease = held(r.context(request), machine)
    if lease is None:
        raise LeaseError(404, "lease not found")
    return envelope(lease, 200)


@routes.post(PATH)
async def acquire_lease(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    sent = await r.body(request)
    ttl = r.integer(request.query.get("ttl") or sent.get("ttl") or DEFAULT_TTL, "ttl")
    if ttl < 1:
        raise invalid("ttl must be at least 1 second")
    lease = held(r.context(request), machine)
    if lease is None:
        return envelope(grant(request, app, machine, ttl, str(sent.get("description") or "")), 201)
    if request.headers.get(HEADER) != lease.nonce:
        raise _conflict(machine, lease)
    lease.expires_at = r.context(request).clock.now() + ttl
    lease.version = machine.current.version
    r.context(request).store.save(app)
    return envelope(lease, 201)


@routes.delete(PATH)
async def release_lease(request: web.Request) -> web.Response:
    app, machine, _ = r.machine(request, alive=True)
    if held(r.context(request), machine) is None:
        raise LeaseError(404, "lease not found")
    require(request, machine)
    machine.lease = None
    r.context(request).store.save(app)
    return web.json_response({"status": "success", "data": {"ok": True}})
