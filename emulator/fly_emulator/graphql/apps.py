"""Apps, their secrets and their parts."""

from __future__ import annotations

from typing import Any

from ..errors import Forbidden, PlatformError, invalid
from ..platform import apps as platform_apps
from ..platform import secrets
from ..platform.call import NOT_ALLOWED, Call
from ..state.model import App
from . import access, nodes
from .connections import Connection


class Unchanged(PlatformError):
    """Nothing to do; flyctl takes it for success."""

    code = "unchanged"


def app(call: Call, name: str | None = None, internal_id: str | None = None) -> nodes.AppNode:
    if name is None:
        numbered = (item.name for item in call.context.store.apps.values() if str(item.number) == internal_id)
        name = next(numbered, "")
    return nodes.AppNode(call, access.find(call, name))


def apps(
    call: Call,
    type: str | None = None,
    role: str | None = None,
    organization_id: str | None = None,
    **page: Any,
) -> Connection:
    if call.caller.apps is not None:
        raise Forbidden(NOT_ALLOWED)
    slug = call.organization_by_id(organization_id) if organization_id else None
    found = [
        item for item in call.context.store.apps.values() if slug in (None, item.org) and call.sees(item) and not role
    ]
    return Connection([nodes.AppNode(call, item) for item in found], **page)


def name_available(call: Call, name: str) -> bool:
    return platform_apps.available(call.context, name)


def can_perform_bluegreen_deployment(call: Call, name: str) -> bool:
    access.find(call, name)
    return True


def create(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    slug = call.organization_by_id(input["organization_id"])
    made = platform_apps.create(call.context, input.get("name"), slug, input.get("network") or "")
    return {"app": nodes.AppNode(call, made)}


def delete(call: Call, app_id: str) -> dict[str, Any]:
    doomed = access.find(call, app_id)
    platform_apps.begin_deletion(call.context, call.fleet, doomed)
    return {"organization": nodes.organization(call, doomed.org)}


def set_secrets(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    changed = access.find(call, input["app_id"])
    values: dict[str, Any] = {pair["key"]: pair["value"] for pair in input["secrets"]}
    if input.get("replace_all"):
        values = {**dict.fromkeys(changed.secrets), **values}
    return _change_secrets(call, changed, values)


def unset_secrets(call: Call, input: dict[str, Any]) -> dict[str, Any]:
    changed = access.find(call, input["app_id"])
    if unknown := [key for key in input["keys"] if key not in changed.secrets]:
        raise invalid(f"there is no secret {unknown[0]}")
    return _change_secrets(call, changed, dict.fromkeys(input["keys"]))


def _change_secrets(call: Call, changed: App, values: dict[str, Any]) -> dict[str, Any]:
    if not secrets.differ(changed, values):
        raise Unchanged("No change detected to secrets. Skipping release.")
    secrets.change(call.context, changed, values)
    return {"app": nodes.AppNode(call, changed), "release": None}
