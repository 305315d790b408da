"""What every handler needs of a request: the context, the caller, the app, the machine, the body."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ..context import Context
from ..errors import TooLarge, invalid
from ..machines.fleet import Fleet
from ..machines.runner import Runner
from ..platform import leases
from ..platform.call import Call
from ..settings import Token
from ..state.model import App, Machine, Volume

CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
FLEET: web.AppKey[Fleet] = web.AppKey("fleet", Fleet)
TOKEN: web.RequestKey[Token] = web.RequestKey("token", Token)
APP_NAME: web.RequestKey[str] = web.RequestKey("app", str)
"""The app that a request is about, where its path does not say."""
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request-id", str)
LARGEST = 1024 * 1024
"""Bytes of a body; 989744 were taken, 1056412 were not."""
LEASE_HEADER = "fly-machine-lease-nonce"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def context(request: web.Request) -> Context:
    return request.app[CONTEXT]


def token(request: web.Request) -> Token:
    return request[TOKEN]


def call(request: web.Request) -> Call:
    """The caller at the platform."""
    return Call(request.app[CONTEXT], request.app[FLEET], request[TOKEN])


def app(request: web.Request) -> App:
    """The app of the path; raises 404, or 403 when it is somebody else's."""
    return call(request).app(request.match_info["app_name"])


def noted_app(request: web.Request, name: Any) -> App:
    """An app that the body names instead of the path; the journal notes it."""
    if not isinstance(name, str) or not name:
        raise invalid("app_name is required")
    request[APP_NAME] = name
    return call(request).app(name)


def machine(request: web.Request, alive: bool = False) -> tuple[App, Machine, Runner]:
    """The machine of the path; with `alive` a destroyed one is 404 too."""
    owner = app(request)
    return owner, *call(request).machine(owner, request.match_info["machine_id"], alive)


def leased(request: web.Request) -> tuple[App, Machine, Runner]:
    """The living machine of the path, for a write that asks for its lease."""
    owner, found, runner = machine(request, alive=True)
    leases.require(context(request), found, nonce(request))
    return owner, found, runner


def nonce(request: web.Request) -> str | None:
    """The lease that the caller says to hold."""
    return request.headers.get(LEASE_HEADER)


def volume(request: web.Request, gone: bool = False) -> tuple[App, Volume]:
    owner = app(request)
    return owner, call(request).volume(owner, request.match_info["volume_id"], gone)


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent, {} for an empty body; raises PlatformError."""
    text = await request.read()
    limited = request.path.startswith("/v1/") and not request.path.endswith("/exec")  # which has a limit of its own
    if limited and len(text) > LARGEST and context(request).answers["config-size"] == "1m":
        raise TooLarge(f"request body too large: more than {LARGEST} bytes")
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise invalid(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object")
    return value


def flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "").lower() in ("true", "1", "t")


def words(request: web.Request, name: str) -> set[str]:
    """A query parameter that may be repeated or comma-separated."""
    return {word for text in request.query.getall(name, []) for word in text.split(",") if word}


def integer(value: Any, name: str) -> int:
    """An integer of a body or a query; raises PlatformError."""
    try:
        if isinstance(value, bool | float):
            raise ValueError
        return int(value)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name} must be an integer, not {value!r}") from error
