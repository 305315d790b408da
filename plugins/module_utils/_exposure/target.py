# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway that is looked at, and the routes to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .._base.errors import CollectionError
from .._fly.client.api import Json, MachinesApi
from .._fly.facts.addresses import PUBLIC_TYPES, type_of
from .._fly.machines.deployed import is_deployed
from .._fly.machines.pick import started_machine
from .._fly.machines.remote_files import RemoteFile, RemoteFiles
from .._gateway.cli import GatewayCli
from .._openclaw import config_file
from .._openclaw.endpoint import Endpoint
from .._openclaw.releases import ReleaseFacts
from .notes import Skipped


@dataclass(frozen=True)
class EdgePorts:
    """Where Fly's edge is.

    `connect_to` is an address that stands for all of the app's, as the emulator's edge does; then only ports 80 and
    443 have a counterpart there, at `http_port` and `https_port`.
    """

    http_port: int = 80
    https_port: int = 443
    connect_to: str | None = None
    ca_file: str | None = None

    def to(self, address: str, port: int) -> tuple[str, int] | None:
        """Where to connect for a port of an address; None when nothing stands for it."""
        known = {80: self.http_port, 443: self.https_port}
        if self.connect_to:
            return (self.connect_to, known[port]) if port in known else None
        return address, known.get(port, port)

    def url(self, name: str, secure: bool = True) -> str:
        scheme, port, usual = ("https", self.https_port, 443) if secure else ("http", self.http_port, 80)
        return f"{scheme}://{name}" + ("" if port == usual else f":{port}")

    def endpoint(self, name: str, secure: bool = True) -> Endpoint:
        port = self.https_port if secure else self.http_port
        connect_to = (self.connect_to, port) if self.connect_to else None
        return Endpoint.parse(self.url(name, secure), connect_to, self.ca_file)


@dataclass(frozen=True)
class TunnelRoute:
    """A route that another network gives: its base URL, and the only paths that it is allowed to forward.

    A path ``/a/*`` stands for those one segment below ``/a``, and ``/`` for all.
    """

    url: str
    paths: tuple[str, ...]

    def declares(self, path: str) -> bool:
        above = path.rpartition("/")[0]
        return bool({path, f"{above}/*", "/"} & set(self.paths))


@dataclass
class Target:
    """One gateway. Only addresses that Fly.io's API lists for the app, and names given here, are ever contacted."""

    app: str
    api: MachinesApi
    exposure: str
    wanted: dict[str, int]
    """Addresses by type: shared_v4, v4, v6, private_v6."""
    hostnames: tuple[str, ...]
    facts: ReleaseFacts
    edge: EdgePorts = field(default_factory=EdgePorts)
    private_url: str | None = None
    private_connect_to: tuple[str, int] | None = None
    """In place of what the private URL's name resolves to."""
    token: str | None = field(repr=False, default=None)
    previous_token: str | None = field(repr=False, default=None)
    webhook_paths: tuple[str, ...] = ()
    tunnels: tuple[TunnelRoute, ...] = ()
    brute_force_from: str | None = None
    port: int = 3000
    state_dir: str = "/data"
    owner: str = "1000:1000"
    connect_timeout: float = 3.0
    timeout: float = 15.0

    def forget(self) -> None:
        """Look again at everything that was read."""
        for name in ("addresses", "machines", "files", "config_file", "config"):
            self.__dict__.pop(name, None)

    @cached_property
    def addresses(self) -> list[Json]:
        """The app's addresses, each with its type; egress ones are left out: nobody reaches the app by them."""
        found = [dict(entry, type=type_of(entry)) for entry in self.api.ips(self.app) or [] if entry.get("ip")]
        return [entry for entry in found if entry["type"] != "egress"]

    @property
    def public_addresses(self) -> list[str]:
        return [entry["ip"] for entry in self.addresses if entry["type"] in PUBLIC_TYPES]

    @cached_property
    def machines(self) -> list[Json]:
        return [machine for machine in self.api.machines(self.app) or [] if is_deployed(machine)]

    @property
    def services(self) -> list[Json]:
        return [s for machine in self.machines for s in (machine.get("config") or {}).get("services") or []]

    @cached_property
    def files(self) -> RemoteFiles:
        return RemoteFiles(self.api, self.app, started_machine(self.api, self.app)["id"])

    @property
    def cli(self) -> GatewayCli:
        return GatewayCli(self.files, self.owner)

    @cached_property
    def config_file(self) -> RemoteFile:
        path = f"{self.state_dir}/openclaw.json"
        file = self.files.read(path)[path]
        if file is None:
            raise CollectionError("there is no config", where=f"{path} in {self.app}", todo="Run site.yml")
        return file

    @cached_property
    def config(self) -> dict[str, Any]:
        """openclaw.json, as it is on the volume."""
        return config_file.read(self.config_file.content.decode(errors="replace"))

    @property
    def endpoint(self) -> Endpoint:
        """Where to talk to the gateway from here; raises `Skipped` when there is no such route."""
        if self.exposure == "public":
            return self.edge.endpoint(self.hostnames[0])
        if self.exposure == "sealed":
            raise Skipped("sealed: no route leads to the gateway")
        if self.private_url:
            return Endpoint.parse(self.private_url, self.private_connect_to, self.edge.ca_file)
        raise Skipped(
            "private: no route leads from here to the gateway; give private_url, such as http://APP.flycast over "
            "WireGuard, or http://localhost:3000 while fly proxy 3000:80 APP.flycast runs"
        )
