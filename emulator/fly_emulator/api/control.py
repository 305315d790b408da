"""/emulator/v1: what the emulator itself lets tests and people see and steer. Not journalled."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any, Protocol

from aiohttp import web

from ..edge.dial import Dialer
from ..edge.names import PUBLIC_KINDS, Names
from ..errors import invalid
from ..faults import BadRule
from ..platform import certificates, machines
from ..questions import BadAnswer
from ..regions import regions
from ..web import request as r
from ..web.middleware import LIMITER

routes = web.RouteTableDef()
BASE = "/emulator/v1"


class Emulator(Protocol):
    """What the emulator itself does for its own API."""

    def info(self) -> dict[str, Any]: ...

    async def reset(self) -> None: ...


EMULATOR: web.AppKey[Emulator] = web.AppKey("emulator", Emulator)
DIALER: web.AppKey[Dialer] = web.AppKey("dialer", Dialer)


@routes.get(BASE + "/info")
async def info(request: web.Request) -> web.Response:
    return web.json_response(request.app[EMULATOR].info())


@routes.get(BASE + "/journal")
async def read_journal(request: web.Request) -> web.Response:
    query = request.query
    try:
        since = float(query.get("since") or 0)
    except ValueError as error:
        raise invalid("since must be unix seconds") from error
    entries = r.context(request).journal.select(
        query.get("kind", ""), query.get("app", ""), query.get("machine", ""), query.get("method", ""), since
    )
    return web.json_response({"entries": [asdict(entry) for entry in entries]})


@routes.delete(BASE + "/journal")
async def clear_journal(request: web.Request) -> web.Response:
    r.context(request).journal.clear()
    return web.Response(status=204)


@routes.get(BASE + "/faults")
async def list_faults(request: web.Request) -> web.Response:
    return web.json_response({"rules": r.context(request).faults.view()})


@routes.post(BASE + "/faults")
async def add_faults(request: web.Request) -> web.Response:
    sent = await r.body(request)
    try:
        added = [r.context(request).faults.add(rule) for rule in sent.get("rules", [sent])]
    except BadRule as error:
        raise invalid(str(error)) from error
    return web.json_response({"rules": [asdict(rule) for rule in added]}, status=201)


@routes.delete(BASE + "/faults")
async def clear_faults(request: web.Request) -> web.Response:
    r.context(request).faults.clear()
    return web.Response(status=204)


@routes.post(BASE + "/clock")
async def advance_clock(request: web.Request) -> web.Response:
    seconds = (await r.body(request)).get("advance")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise invalid("advance must be a number of seconds, 0 or more")
    clock = r.context(request).clock
    clock.advance(float(seconds))
    return web.json_response({"now": clock.now()})


@routes.get(BASE + "/clock")
async def read_clock(request: web.Request) -> web.Response:
    return web.json_response({"now": r.context(request).clock.now()})


@routes.put(BASE + "/quota")
async def set_quota(request: web.Request) -> web.Response:
    """What creating a machine may reach: `memory_mb` of an organisation in each region, `machines` of each app."""
    quota = await r.body(request)
    for name, most in quota.items():
        if name not in ("memory_mb", "machines") or isinstance(most, bool) or not isinstance(most, int):
            raise invalid("memory_mb and machines must be numbers")
    r.context(request).quota = quota
    return web.json_response(quota)


@routes.put(BASE + "/capacity")
async def set_capacity(request: web.Request) -> web.Response:
    full = (await r.body(request)).get("full")
    if not isinstance(full, list) or any(code not in regions() for code in full):
        raise invalid("full must be an array of region codes")
    r.context(request).full_regions = set(full)
    return web.json_response({"full": sorted(full)})


@routes.get(BASE + "/capacity")
async def get_capacity(request: web.Request) -> web.Response:
    return web.json_response({"full": sorted(r.context(request).full_regions)})


@routes.put(BASE + "/rate-limits")
async def set_rate_limits(request: web.Request) -> web.Response:
    enabled = (await r.body(request)).get("enabled")
    if not isinstance(enabled, bool):
        raise invalid("enabled must be true or false")
    request.app[LIMITER].enabled = enabled
    return web.json_response({"enabled": enabled})


@routes.put(BASE + "/machines/{id}")
async def set_machine(request: web.Request) -> web.Response:
    """What no API of Fly's can change: `host_status`, and with `host_full` whether its host has room."""
    sent, identity = await r.body(request), request.match_info["id"]
    context = r.context(request)
    if "host_full" in sent:
        (context.full_hosts.add if sent["host_full"] else context.full_hosts.discard)(identity)
    if "host_status" in sent or "host_full" not in sent:
        machines.set_host_status(context, identity, sent.get("host_status"))
    return web.json_response(sent)


@routes.get(BASE + "/answers")
async def read_answers(request: web.Request) -> web.Response:
    return web.json_response({"questions": r.context(request).answers.view()})


@routes.put(BASE + "/answers")
async def change_answers(request: web.Request) -> web.Response:
    """Names of questions and their answers; those that are not named stay."""
    try:
        r.context(request).answers.change(await r.body(request))
    except BadAnswer as error:
        raise invalid(str(error)) from error
    return web.json_response({"questions": r.context(request).answers.view()})


@routes.put(BASE + "/images")
async def push_image(request: web.Request) -> web.Response:
    """Treat an image as pushed just now: for `seconds` the registry does not show it yet."""
    sent = await r.body(request)
    reference, seconds = sent.get("reference"), sent.get("seconds", 15)
    if not isinstance(reference, str) or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise invalid("reference must be an image, and seconds a number")
    context = r.context(request)
    context.unready_images[reference] = context.clock.now() + seconds
    return web.json_response({"reference": reference, "seconds": seconds})


@routes.post(BASE + "/dial")
async def dial(request: web.Request) -> web.Response:
    return web.json_response(await request.app[DIALER].dial(await r.body(request)))


@routes.get(BASE + "/dns")
async def look_up(request: web.Request) -> web.Response:
    """Where a public name leads: A or AAAA records, null when there is no such name."""
    name, kind = request.query.get("name", ""), request.query.get("type", "A")
    if kind not in PUBLIC_KINDS:
        raise invalid(f"type must be one of {', '.join(PUBLIC_KINDS)}")
    records = Names(r.context(request)).public(name, kind)
    return web.json_response({"name": name, "type": kind, "records": records})


@routes.put(BASE + "/dns/{hostname}")
async def point_here(request: web.Request) -> web.Response:
    """Set whether a custom host name's DNS is right, or with `configured: false` not."""
    name = request.match_info["hostname"].lower()
    wanted = (await r.body(request)).get("configured") is not False
    certificates.point_here(r.context(request), name, wanted)
    return web.json_response({"hostname": name, "configured": wanted})


@routes.post(BASE + "/reset")
async def reset(request: web.Request) -> web.Response:
    await asyncio.shield(asyncio.ensure_future(request.app[EMULATOR].reset()))
    return web.Response(status=204)
