"""Machines and volumes."""

from __future__ import annotations

from aiohttp import web

from ..api import request as r
from ..api.errors import ApiError
from . import access, nodes


def machine(request: web.Request, machine_id: str) -> nodes.MachineNode:
    """Any machine that the caller may see; raises ApiError."""
    for app, found in r.context(request).store.machines():
        if found.id == machine_id and access.visible(request, app):
            return nodes.MachineNode(request, app, found)
    raise ApiError(404, "Could not find Machine")


def volume(request: web.Request, id: str) -> nodes.VolumeNode | None:
    for app in r.context(request).store.apps.values():
        found = app.volumes.get(id)
        if found is not None and found.state != "destroyed" and access.visible(request, app):
            return nodes.VolumeNode(request, app, found)
    raise ApiError(404, "Could not find Volume")
