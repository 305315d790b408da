"""Machines and volumes."""

from __future__ import annotations

from ..errors import NotFound
from ..platform.call import Call
from . import nodes


def machine(call: Call, machine_id: str) -> nodes.MachineNode:
    """Any machine that the caller may see; raises PlatformError."""
    for app, found in call.context.store.machines():
        if found.id == machine_id and call.sees(app):
            return nodes.MachineNode(call, app, found)
    raise NotFound("Could not find Machine")


def volume(call: Call, id: str) -> nodes.VolumeNode | None:
    for app in call.context.store.apps.values():
        found = app.volumes.get(id)
        if found is not None and not found.gone and call.sees(app):
            return nodes.VolumeNode(call, app, found)
    raise NotFound("Could not find Volume")
