"""Around every API request: faults, the token, rate limits, the journal, Fly's headers and error bodies."""

from __future__ import annotations

import asyncio
import logging
import time

from aiohttp import web

from .. import ids
from ..clock import Clock
from ..connection import drop
from ..errors import Forbidden, PlatformError, RateLimited
from ..faults import Rule
from ..journal import Entry
from ..platform.call import authenticate
from .errors import reply
from .guard import GUARD
from .lag import LAG
from .operations import describe
from .request import APP_NAME, CONTEXT, REQUEST_ID, TOKEN, Handler

GRAPHQL = "/graphql"
CONTROL = "/emulator/v1"
READ_POSTS = ("/v1/platform/placements", "/v1/tokens/")
LOG = logging.getLogger("fly_emulator.api")
POLL = 0.05


class _Lost(Exception):
    """The client gets no answer."""


def kind(request: web.Request) -> str:
    """read, write or exec: what the journal counts a request as."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith(READ_POSTS):
        return "read"
    return "exec" if request.path.endswith("/exec") else "write"


@web.middleware
async def journalled(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: refuse whom the guard refuses; note any other request, whatever becomes of it."""
    if refused := request.app[GUARD].refusal(request):
        LOG.warning("refused %s %s: %s", request.method, request.path, refused)
        return web.json_response({"error": refused}, status=403)
    if request.path.startswith(CONTROL):
        return await answered(request, handler)
    context = request.app[CONTEXT]
    number = ids.request_id(context.clock.now(), context.settings.region)
    request[REQUEST_ID] = number
    begun, when = time.perf_counter(), context.clock.now()
    operation = describe(await request.read()) if request.path == GRAPHQL else None
    target = f"{GRAPHQL} {operation.name}" if operation else request.path_qs
    rule = context.faults.take(request.method, target)
    status, effect = 0, not (rule is not None and rule.when == "before" and rule.action != "latency")
    try:
        response = await _with_fault(request, handler, rule)
        status = response.status
        return response
    except _Lost:
        return web.Response(status=500)  # goes nowhere: the connection is closed
    finally:
        context.journal.append(
            Entry(
                id=number,
                time=when,
                method=request.method,
                path=request.path,
                query=operation.name if operation else request.query_string,
                kind=operation.kind if operation else kind(request),
                status=status,
                app=operation.app if operation else request.get(APP_NAME) or request.match_info.get("app_name", ""),
                machine=request.match_info.get("machine_id", ""),
                duration_ms=round((time.perf_counter() - begun) * 1000, 2),
                fault=rule.id if rule else "",
                effect=effect,
            )
        )


async def _with_fault(request: web.Request, handler: Handler, rule: Rule | None) -> web.StreamResponse:
    if rule is None:
        return await answered(request, handler)
    if rule.action == "latency":
        await asyncio.sleep(rule.seconds)
        return await answered(request, handler)
    if rule.when == "after":
        await answered(request, handler)
    if rule.action == "timeout":
        deadline = time.monotonic() + rule.seconds
        while time.monotonic() < deadline and request.transport and not request.transport.is_closing():
            await asyncio.sleep(POLL)
    if rule.action in ("timeout", "reset"):
        drop(request)
        raise _Lost
    body = rule.body if rule.body is not None else {"error": f"injected by {rule.id}"}
    response = web.json_response(body) if isinstance(body, dict) else web.Response(text=body)
    response.set_status(rule.status)
    response.headers.update(rule.headers)
    return _headed(request, response)


async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever happens into Fly's reply."""
    try:
        if request.match_info.http_exception is not None:
            # Go's router answers before the token is looked at.
            return _headed(request, web.Response(status=404, text="404 page not found\n"))
        request[TOKEN] = caller = authenticate(request.app[CONTEXT], request.headers.get("Authorization", ""))
        if not request.path.startswith(CONTROL):
            request.app[LIMITER].check(request)
        elif caller.orgs is not None or caller.apps is not None:
            raise Forbidden("the emulator's own API is for the token of its owner")
        return _headed(request, await request.app[LAG].answer(request, handler, kind(request) == "write"))
    except PlatformError as error:
        return _headed(request, reply(error))
    except web.HTTPException as error:
        return _headed(request, web.json_response({"error": error.reason}, status=error.status))
    except Exception as error:
        LOG.exception("%s %s", request.method, request.path)
        return _headed(
            request, web.json_response({"error": f"internal: the emulator failed: {type(error).__name__}"}, status=500)
        )


def _headed(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if not response.prepared:
        response.headers["fly-request-id"] = request.get(REQUEST_ID, "")
        response.headers["server"] = "Fly/emulator"
        if not request.app[LIMITER].enabled:
            response.headers["fly-emulator-rate-limits"] = "off"  # or a client would keep Fly's for nothing
        if not request.app[CONTEXT].machines_reach_out:
            response.headers["fly-emulator-egress"] = "off"  # or a client would have them fetch what they cannot
    return response


class RateLimiter:
    """Fly's: per action and machine (or app) 1/s with a burst of 3; Get Machine 5/s with a burst of 10.

    Of what names neither, such as a new app, Fly documents no limit.
    """

    USUAL, GET_MACHINE = (1.0, 3.0), (5.0, 10.0)
    MACHINE = "/v1/apps/{app_name}/machines/{machine_id}"

    def __init__(self, clock: Clock, enabled: bool) -> None:
        self.enabled = enabled
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def check(self, request: web.Request) -> None:
        """Count the request; raises PlatformError when it is too many."""
        subject = request.match_info.get("machine_id") or request.match_info.get("app_name")
        if not self.enabled or not subject or not request.path.startswith("/v1/"):
            return
        resource = request.match_info.route.resource
        one = request.method == "GET" and resource is not None and resource.canonical == self.MACHINE
        rate, burst = self.GET_MACHINE if one else self.USUAL
        action = f"{request.method} {resource.canonical if resource else request.path}"
        key = (action, subject)
        now = self._clock.now()
        left, seen = self._buckets.get(key, (burst, now))
        left = min(burst, left + (now - seen) * rate)
        if left < 1:
            self._buckets[key] = (left, now)
            raise RateLimited(max(1, round((1 - left) / rate)))
        self._buckets[key] = (left - 1, now)


LIMITER: web.AppKey[RateLimiter] = web.AppKey("limiter", RateLimiter)
