"""/apps/{app}/secrets: values go in, only digests come out."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import durations
from ..errors import invalid
from ..platform import secrets
from ..state.model import App, Secret
from ..web import request as r

routes = web.RouteTableDef()
SECRETS = "/v1/apps/{app_name}/secrets"
SECRET = SECRETS + "/{secret_name}"


def view(name: str, secret: Secret) -> dict[str, Any]:
    return {
        "name": name,
        "digest": secret.digest,
        "created_at": durations.rfc3339(secret.created_at),
        "updated_at": durations.rfc3339(secret.updated_at),
    }


def _versions(app: App) -> dict[str, int]:
    return {"version": app.secrets_version, "Version": app.secrets_version}


def _read(request: web.Request) -> App:
    """The app of the path, at the version that the query asks for."""
    app = r.app(request)
    if wanted := request.query.get("min_version") or request.query.get("version"):
        secrets.require_version(app, r.integer(wanted, "min_version"))
    return app


@routes.get(SECRETS)
async def list_secrets(request: web.Request) -> web.Response:
    app = _read(request)
    return web.json_response({"secrets": [view(name, app.secrets[name]) for name in sorted(app.secrets)]})


@routes.post(SECRETS)
async def set_secrets(request: web.Request) -> web.Response:
    app = r.app(request)
    values = (await r.body(request)).get("values")
    if not isinstance(values, dict):
        raise invalid("values must be an object of names and strings, null to delete")
    secrets.change(r.context(request), app, values)
    shown = [view(name, app.secrets[name]) for name in sorted(app.secrets)]
    return web.json_response({"secrets": shown, **_versions(app)})


@routes.get(SECRET)
async def get_secret(request: web.Request) -> web.Response:
    name = request.match_info["secret_name"]
    return web.json_response(view(name, secrets.find(_read(request), name)))


@routes.post(SECRET)
async def set_secret(request: web.Request) -> web.Response:
    app, name = r.app(request), request.match_info["secret_name"]
    value = (await r.body(request)).get("value")
    if not isinstance(value, str):
        raise invalid("value must be a string")
    secrets.change(r.context(request), app, {name: value})
    return web.json_response({**view(name, app.secrets[name]), "value": value, **_versions(app)}, status=201)


@routes.delete(SECRET)
async def delete_secret(request: web.Request) -> web.Response:
    app, name = r.app(request), request.match_info["secret_name"]
    secrets.find(app, name)
    secrets.change(r.context(request), app, {name: None})
    return web.json_response(_versions(app))
