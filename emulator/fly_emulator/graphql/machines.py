"""Machines and volumes."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .. import ids
from ..api import request as r
from ..api.errors import ApiError
from ..machines.config import as_read
from ..state.model import App, Machine, Snapshot, Volume
from . import apps
from .connections import Connection


class MachineNode:
    def __init__(self, request: web.Request, app: App, machine: Machine) -> None:
        self._app, self._machine = app, machine
        self.id, self.name, self.state, self.region = machine.id, machine.name, machine.state, machine.region
        self.instance_id = machine.current.version
        self.created_at, self.updated_at = machine.created_at, machine.updated_at
        self.host = {"id": ids.node_id("host", machine.id)}

    def app(self, request: web.Request) -> apps.AppNode:
        return apps.AppNode(request, self._app)

    def config(self, request: web.Request) -> Any:
        return as_read(self._machine.config)

    def egress_ip_addresses(self, request: web.Request, **page: Any) -> Connection:
        return Connection([], **page)

    def ips(self, request: web.Request, **page: Any) -> Connection:
        address = {
            "id": ids.node_id("machine ip", self.id),
            "family": "v6",
            "kind": "privatenet",
            "ip": self._machine.private_ip,
            "maskSize": 112,
        }
        return Connection([address], **page)


class VolumeNode:
    def __init__(self, request: web.Request, app: App, volume: Volume) -> None:
        self._app, self._volume = app, volume
        self.id, self.name, self.region, self.state = volume.id, volume.name, volume.region, volume.state
        self.internal_id, self.status = volume.id, volume.state
        self.size_gb, self.encrypted, self.created_at = volume.size_gb, volume.encrypted, volume.created_at
        self.snapshot_retention_days = volume.snapshot_retention
        self.host = {"id": ids.node_id("host", volume.id)}

    def app(self, request: web.Request) -> apps.AppNode:
        return apps.AppNode(request, self._app)

    def attached_machine(self, request: web.Request) -> MachineNode | None:
        attached = self._app.machines.get(self._volume.attached_machine_id or "")
        return MachineNode(request, self._app, attached) if attached else None

    def snapshots(self, request: web.Request, **page: Any) -> Connection:
        return Connection([SnapshotNode(self, snapshot) for snapshot in self._volume.snapshots], **page)


class SnapshotNode:
    def __init__(self, volume: VolumeNode, snapshot: Snapshot) -> None:
        self.volume = volume
        self.id, self.size, self.digest = snapshot.id, snapshot.size, snapshot.digest
        self.created_at, self.retention_days = snapshot.created_at, snapshot.retention_days


def machine(request: web.Request, machine_id: str) -> MachineNode:
    """Any machine that the caller may see; raises ApiError."""
    for app, found in r.context(request).store.machines():
        if found.id == machine_id and apps.visible(request, app):
            return MachineNode(request, app, found)
    raise ApiError(404, "Could not find Machine")


def volume(request: web.Request, id: str) -> VolumeNode | None:
    for app in r.context(request).store.apps.values():
        found = app.volumes.get(id)
        if found is not None and found.state != "destroyed" and apps.visible(request, app):
            return VolumeNode(request, app, found)
    raise ApiError(404, "Could not find Volume")
