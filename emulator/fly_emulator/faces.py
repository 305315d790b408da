"""REST, GraphQL, the web API and the emulator's own API: one application."""

from __future__ import annotations

from aiohttp import web

from .api import (
    actions,
    apps,
    certificates,
    control,
    ips,
    leases,
    logs,
    machines,
    metadata,
    orgs,
    platform,
    secrets,
    tokens,
    unimplemented,
    volumes,
    wait,
)
from .context import Context
from .edge.dial import Dialer
from .edge.routing import Router
from .graphql import execute
from .machines.fleet import Fleet
from .uiex import builds, organizations, releases
from .web import guard, lag, middleware
from .web.request import CONTEXT, FLEET

SECTIONS = (
    apps,
    ips,
    volumes,
    certificates,
    secrets,
    machines,
    actions,
    wait,
    leases,
    metadata,
    orgs,
    platform,
    tokens,
    logs,
    execute,
    organizations,
    releases,
    builds,
    control,
)
MAX_BODY = 64 * 1024 * 1024
"""Of what Fly sets no known limit."""


def application(context: Context, fleet: Fleet, router: Router, control_of: control.Emulator) -> web.Application:
    api = web.Application(middlewares=[middleware.journalled], client_max_size=MAX_BODY)
    api[CONTEXT], api[FLEET] = context, fleet
    api[guard.GUARD] = guard.Guard((context.settings.host, *context.settings.allowed_hosts))
    api[middleware.LIMITER] = middleware.RateLimiter(context.clock, context.settings.rate_limits)
    api[lag.LAG] = lag.Lag(context)
    api[control.EMULATOR] = control_of
    api[control.DIALER] = Dialer(context, fleet, router)
    for section in SECTIONS:
        api.add_routes(section.routes)
    api.add_routes(unimplemented.routes())
    return api
