"""/apps/{app}/secrets: values go in, only digests come out."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

from aiohttp import web

from .. import durations
from ..state.model import App, Secret
from . import request as r
from .errors import ApiError, invalid, not_found

routes = web.RouteTableDef()
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def view(name: str, secret: Secret) -> dict[str, Any]:
    return {
        "name": name,
        "digest": secret.digest,
        "created_at": durations.rfc3339(secret.created_at),
        "updated_at": durations.rfc3339(secret.updated_at),
    }


def digest(app: App, value: str) -> str:
    """Stable for a value within an app, and not computable by a client."""
    return hmac.new(app.digest_key.encode(), value.encode(), hashlib.sha256).hexdigest()[:16]


def change(request: web.Request, app: App, values: dict[str, Any]) -> None:
    """Set, or with None delete, all at once; raises ApiError before anything changes."""
    for name, value in values.items():
        if not NAME.fullmatch(name):
            raise invalid(f"secret name {name!r} must be a valid environment variable name")
        if value is not None and not isinstance(value, str):
            raise invalid(f"the value of secret {name} must be a string")
    shared = r.context(request)
    now = shared.clock.now()
    for name, value in values.items():
        held = app.secrets.get(name)
        if value is None:
            app.secrets.pop(name, None)
        elif held is None:
            app.secrets[name] = Secret(value, digest(app, value), now, now)
        else:
            held.value, held.digest, held.updated_at = value, digest(app, value), now
    app.secrets_version += 1
    shared.store.save(app)


def _require_version(request: web.Request, app: App) -> None:
    wanted = request.query.get("min_version") or request.query.get("version")
    if wanted and r.integer(wanted, "min_version") > app.secrets_version:
        raise ApiError(
            400, f"failed_precondition: secrets version {wanted} is not there yet, the app is at {app.secrets_version}"
        )


@routes.get("/v1/apps/{app_name}/secrets")
async def list_secrets(request: web.Request) -> web.Response:
    app = r.app(request)
    _require_version(request, app)
    return web.json_response({"secrets": [view(name, app.secrets[name]) for name in sorted(app.secrets)]})


@routes.post("/v1/apps/{app_name}/secrets")
async def set_secrets(request: web.Request) -> web.Response:
    app = r.app(request)
    values = (await r.body(request)).get("values")
    if not isinstance(values, dict):
        raise invalid("values must be an object of names and strings, null to delete")
    change(request, app, values)
    return web.json_response(
        {
            "secrets": [view(name, app.secrets[name]) for name in sorted(app.secrets)],
            "version": app.secrets_version,
            "Version": app.secrets_version,
        }
    )


@routes.get("/v1/apps/{app_name}/secrets/{secret_name}")
async def get_secret(request: web.Request) -> web.Response:
    app = r.app(request)
    _require_version(request, app)
    name = request.match_info["secret_name"]
    if name not in app.secrets:
        raise not_found("secret")
    return web.json_response(view(name, app.secrets[name]))


@routes.post("/v1/apps/{app_name}/secrets/{secret_name}")
async def set_secret(request: web.Request) -> web.Response:
    app = r.app(request)
    name = request.match_info["secret_name"]
    value = (await r.body(request)).get("value")
    if not isinstance(value, str):
        raise invalid("value must be a string")
    change(request, app, {name: value})
    return web.json_response(
        {**view(name, app.secrets[name]), "version": app.secrets_version, "Version": app.secrets_version}, status=201
    )


@routes.delete("/v1/apps/{app_name}/secrets/{secret_name}")
async def delete_secret(request: web.Request) -> web.Response:
    app = r.app(request)
    name = request.match_info["secret_name"]
    if name not in app.secrets:
        raise not_found("secret")
    change(request, app, {name: None})
    return web.json_response({"version": app.secrets_version, "Version": app.secrets_version})
