"""What every handler needs of a request: the context, the caller, the app, the machine, the body."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ..context import Context
from ..machines.fleet import Fleet
from ..machines.runner import Runner
from ..settings import Token
from ..state.model import App, Machine, Volume
from .errors import ApiError, invalid, not_found

CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
FLEET: web.AppKey[Fleet] = web.AppKey("fleet", Fleet)
TOKEN: web.RequestKey[Token] = web.RequestKey("token", Token)
APP_NAME: web.RequestKey[str] = web.RequestKey("app", str)
"""The app that a request is about, where its path does not say."""
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request-id", str)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def context(request: web.Request) -> Context:
    return request.app[CONTEXT]


def token(request: web.Request) -> Token:
    return request[TOKEN]


def app(request: web.Request) -> App:
    """The app of the path; raises 404, or 403 when it is somebody else's."""
    return named_app(request, request.match_info["app_name"])


def named_app(request: web.Request, name: str) -> App:
    """An app that the caller may touch; raises 404, or 403 when it is somebody else's."""
    shared = context(request)
    caller = token(request)
    found = shared.store.apps.get(name)
    if name in shared.settings.foreign_apps or (caller.apps is not None and name not in caller.apps):
        raise ApiError(403, "unauthorized")
    if found is None:
        raise not_found("app")
    if caller.orgs is not None and found.org not in caller.orgs:
        raise ApiError(403, "unauthorized")
    return found


def noted_app(request: web.Request, name: Any) -> App:
    """An app that the body names instead of the path; the journal is told."""
    if not isinstance(name, str) or not name:
        raise invalid("app_name is required")
    request[APP_NAME] = name
    return named_app(request, name)


def organization(request: web.Request, slug: Any) -> str:
    """Check that the caller may act in this organisation; raises ApiError."""
    if not isinstance(slug, str) or not slug:
        raise invalid("org_slug is required")
    if slug not in context(request).settings.org_slugs:
        raise not_found(f"organization {slug}")
    caller = token(request)
    if caller.apps is not None or (caller.orgs is not None and slug not in caller.orgs):
        raise ApiError(403, "unauthorized")
    return slug


def machine(request: web.Request, alive: bool = False) -> tuple[App, Machine, Runner]:
    """The machine of the path; with `alive` a destroyed one is 404 too."""
    owner = app(request)
    found = owner.machines.get(request.match_info["machine_id"])
    if found is None or (alive and found.gone) or found.id not in request.app[FLEET].runners:
        raise not_found("machine")
    return owner, found, request.app[FLEET].runner(found)


def volume(request: web.Request) -> tuple[App, Volume]:
    owner = app(request)
    found = owner.volumes.get(request.match_info["volume_id"])
    if found is None or found.state == "destroyed":
        raise not_found("volume")
    return owner, found


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent, {} for an empty body; raises ApiError (400)."""
    text = await request.read()
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
    """An integer of a body or a query; raises ApiError (400)."""
    try:
        if isinstance(value, bool | float):
            raise ValueError
        return int(value)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name} must be an integer, not {value!r}") from error
