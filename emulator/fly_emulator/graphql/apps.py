"""Apps, their secrets and their parts."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..api import apps as api
from ..api import request as r
from ..api import secrets as api_secrets
from ..api.errors import ApiError, invalid
from ..state.model import App
from . import access, nodes
from .connections import Connection


class Unchanged(ApiError):
    """Nothing to do; flyctl takes it for success."""


def app(request: web.Request, name: str | None = None, internal_id: str | None = None) -> nodes.AppNode:
    if name is None:
        numbered = (item.name for item in r.context(request).store.apps.values() if str(item.number) == internal_id)
        name = next(numbered, "")
    return nodes.AppNode(request, access.find(request, name))


def apps(
    request: web.Request,
    type: str | None = None,
    role: str | None = None,
    organization_id: str | None = None,
    **page: Any,
) -> Connection:
    caller = r.token(request)
    if caller.apps is not None:
        raise ApiError(403, access.NOT_ALLOWED)
    slug = access.by_id(request, organization_id) if organization_id else None
    found = [
        item
        for item in r.context(request).store.apps.values()
        if slug in (None, item.org) and access.visible(request, item) and not role
    ]
    return Connection([nodes.AppNode(request, item) for item in found], **page)


def name_available(request: web.Request, name: str) -> bool:
    shared = r.context(request)
    return name not in shared.store.apps and name not in shared.settings.foreign_apps


def can_perform_bluegreen_deployment(request: web.Request, name: str) -> bool:
    access.find(request, name)
    return True


def create(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    slug = access.by_id(request, input["organization_id"])
    sent = {"name": input.get("name"), "org_slug": slug, "network": input.get("network")}
    return {"app": nodes.AppNode(request, api.create(request, sent))}


def delete(request: web.Request, app_id: str) -> dict[str, Any]:
    doomed = access.find(request, app_id)
    api.begin_deletion(request, doomed)
    return {"organization": nodes.organization(request, doomed.org)}


def set_secrets(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    changed = access.find(request, input["app_id"])
    values: dict[str, Any] = {pair["key"]: pair["value"] for pair in input["secrets"]}
    if input.get("replace_all"):
        values = {**dict.fromkeys(changed.secrets), **values}
    return _change_secrets(request, changed, values)


def unset_secrets(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    changed = access.find(request, input["app_id"])
    if unknown := [key for key in input["keys"] if key not in changed.secrets]:
        raise invalid(f"there is no secret {unknown[0]}")
    return _change_secrets(request, changed, dict.fromkeys(input["keys"]))


def _change_secrets(request: web.Request, changed: App, values: dict[str, Any]) -> dict[str, Any]:
    held = {name: secret.value for name, secret in changed.secrets.items()}
    if all(held.get(name) == value for name, value in values.items()):
        raise Unchanged(200, "No change detected to secrets. Skipping release.")
    api_secrets.change(request, changed, values)
    return {"app": nodes.AppNode(request, changed), "release": None}
