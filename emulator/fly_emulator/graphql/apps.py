"""Apps, their secrets and their parts."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import ids
from ..api import apps as api
from ..api import request as r
from ..api import secrets as api_secrets
from ..api.errors import ApiError, invalid
from ..regions import regions
from ..state.model import App
from . import images, organizations
from .connections import Connection
from .platform import region_view

NOT_FOUND = "Could not find App"


class Unchanged(ApiError):
    """Nothing to do; flyctl takes it for success."""


class AppNode:
    platform_version = "machines"
    role = None

    def __init__(self, request: web.Request, app: App) -> None:
        self._app = app
        self.id = self.name = app.name
        self.internal_id, self.internal_numeric_id = str(app.number), app.number
        self.hostname = f"{app.name}.fly.dev"
        self.app_url = f"https://{self.hostname}"
        self.cname_target = f"{app.id}.fly.dev"
        self.network = app.network or "default"
        self.created_at = app.created_at
        self.status = api.status(app)
        self.deployed = self.status == "deployed"
        self.version = app.releases[-1].version if app.releases else 0
        shared = app.address("shared_v4")
        self.shared_ip_address = shared.ip if shared else None
        self.services: tuple[Any, ...] = ()

    def organization(self, request: web.Request) -> organizations.OrganizationNode:
        return organizations.node(request, self._app.org)

    def config(self, request: web.Request) -> dict[str, Any]:
        definition = self._app.releases[-1].definition if self._app.releases else {}
        return {"definition": definition, "errors": [], "services": [], "valid": True}

    def secrets(self, request: web.Request) -> list[dict[str, Any]]:
        return [
            {
                "id": ids.node_id("secret", self._app.id, name),
                "name": name,
                "digest": secret.digest,
                "createdAt": secret.created_at,
            }
            for name, secret in sorted(self._app.secrets.items())
        ]

    def regions(self, request: web.Request) -> list[Any]:
        codes = {machine.region for machine in self._app.live_machines()}
        return [region_view(regions()[code]) for code in sorted(codes)]

    # Addresses

    def ip_addresses(self, request: web.Request, **page: Any) -> Connection:
        from .ips import AddressNode

        own = [ip for ip in self._app.ips if ip.kind != "shared_v4"]
        return Connection([AddressNode(request, self._app, ip) for ip in own], **page)

    def ip_address(self, request: web.Request, address: str) -> Any:
        return next((node for node in self.ip_addresses(request).nodes if node.address == address), None)

    def egress_ip_addresses(self, request: web.Request, **page: Any) -> Connection:
        return Connection([], **page)

    def host_issues(self, request: web.Request, **page: Any) -> Connection:
        return Connection([], **page)

    # Releases and images

    def releases(self, request: web.Request, status: str | None = None, **page: Any) -> Connection:
        from .releases import ReleaseNode

        found = [item for item in reversed(self._app.releases) if status in (None, "", item.status)]
        return Connection([ReleaseNode(item) for item in found], **page)

    releases_unprocessed = releases

    def release(self, request: web.Request, id: str | None = None, version: int | None = None) -> Any:
        nodes = self.releases(request).nodes
        return next((node for node in nodes if id in (None, node.id) and version in (None, node.version)), None)

    def current_release(self, request: web.Request) -> Any:
        return self.release(request)

    current_release_unprocessed = current_release

    async def image(self, request: web.Request, ref: str) -> dict[str, Any]:
        return await images.resolve(request, ref)

    def image_details(self, request: web.Request) -> dict[str, Any] | None:
        for machine in self._app.live_machines():
            return images.version(machine.config["image"], machine.current.image_digest, machine.image_labels)
        return None

    # Machines and volumes

    def machines(self, request: web.Request, **page: Any) -> Connection:
        from .machines import MachineNode

        return Connection([MachineNode(request, self._app, item) for item in self._app.live_machines()], **page)

    def machine(self, request: web.Request, id: str) -> Any:
        return next((node for node in self.machines(request).nodes if node.id == id), None)

    def volumes(self, request: web.Request, **page: Any) -> Connection:
        from .machines import VolumeNode

        held = [volume for volume in self._app.volumes.values() if volume.state != "destroyed"]
        return Connection([VolumeNode(request, self._app, volume) for volume in held], **page)

    def limited_access_tokens(self, request: web.Request, **page: Any) -> Connection:
        from .tokens import token_nodes

        return Connection(token_nodes(request, self._app.org, self._app.name), **page)


def find(request: web.Request, name: str) -> App:
    """An app by its name, which is its id too; raises ApiError in GraphQL's words."""
    try:
        return r.named_app(request, name)
    except ApiError as error:
        raise ApiError(404, NOT_FOUND) from error


def visible(request: web.Request, app: App) -> bool:
    try:
        return r.named_app(request, app.name) is app
    except ApiError:
        return False


def app(request: web.Request, name: str | None = None, internal_id: str | None = None) -> AppNode:
    if name is None:
        numbered = (item.name for item in r.context(request).store.apps.values() if str(item.number) == internal_id)
        name = next(numbered, "")
    return AppNode(request, find(request, name))


def apps(
    request: web.Request,
    type: str | None = None,
    role: str | None = None,
    organization_id: str | None = None,
    **page: Any,
) -> Connection:
    caller = r.token(request)
    if caller.apps is not None:
        raise ApiError(403, organizations.NOT_ALLOWED)
    slug = organizations.by_id(request, organization_id) if organization_id else None
    found = [
        item
        for item in r.context(request).store.apps.values()
        if slug in (None, item.org) and visible(request, item) and not role
    ]
    return Connection([AppNode(request, item) for item in found], **page)


def name_available(request: web.Request, name: str) -> bool:
    shared = r.context(request)
    return name not in shared.store.apps and name not in shared.settings.foreign_apps


def can_perform_bluegreen_deployment(request: web.Request, name: str) -> bool:
    find(request, name)
    return True


def create(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    slug = organizations.by_id(request, input["organization_id"])
    sent = {"name": input.get("name"), "org_slug": slug, "network": input.get("network")}
    return {"app": AppNode(request, api.create(request, sent))}


def delete(request: web.Request, app_id: str) -> dict[str, Any]:
    doomed = find(request, app_id)
    api.begin_deletion(request, doomed)
    return {"organization": organizations.node(request, doomed.org)}


def set_secrets(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    changed = find(request, input["app_id"])
    values: dict[str, Any] = {pair["key"]: pair["value"] for pair in input["secrets"]}
    if input.get("replace_all"):
        values = {**dict.fromkeys(changed.secrets), **values}
    return _change_secrets(request, changed, values)


def unset_secrets(request: web.Request, input: dict[str, Any]) -> dict[str, Any]:
    changed = find(request, input["app_id"])
    if unknown := [key for key in input["keys"] if key not in changed.secrets]:
        raise invalid(f"there is no secret {unknown[0]}")
    return _change_secrets(request, changed, dict.fromkeys(input["keys"]))


def _change_secrets(request: web.Request, changed: App, values: dict[str, Any]) -> dict[str, Any]:
    held = {name: secret.value for name, secret in changed.secrets.items()}
    if all(held.get(name) == value for name, value in values.items()):
        raise Unchanged(200, "No change detected to secrets. Skipping release.")
    api_secrets.change(request, changed, values)
    return {"app": AppNode(request, changed), "release": None}
