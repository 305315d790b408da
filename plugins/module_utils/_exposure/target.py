# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway that is looked at, and the routes to it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .._base.errors import CollectionError
from .._fly.client.api import MachinesApi
from .._fly.client.types import Json, Machine
from .._fly.facts.addresses import PUBLIC_TYPES, typed
from .._fly.machines.deployed import is_deployed, is_live
from .._fly.machines.pick import not_started, pick_of, started_machine
from .._fly.machines.remote_files import RemoteFile, RemoteFiles
from .._fly.machines.services import Port, published_by
from .._gateway.cli import GatewayCli
from .._openclaw import config_file
from .._openclaw.endpoint import Endpoint
from .._openclaw.probes import HttpProbe
from .._openclaw.releases import ReleaseFacts
from .notes import Skipped

_LONGEST = 200
"""Characters of a check's output."""
_ASLEEP = ("created", "stopping", "stopped", "suspending", "suspended")


class ForeignAddress(CollectionError):
    """A name leads to an address that is not one of the app's."""


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
        for name in ("addresses", "machines", "files", "config_file", "config", "trouble"):
            self.__dict__.pop(name, None)

    @cached_property
    def addresses(self) -> list[Json]:
        """The app's addresses, each with its type; egress ones are left out: nobody reaches the app by them."""
        return [entry for entry in typed(self.api.ips(self.app)) if entry["type"] != "egress"]

    @property
    def public_addresses(self) -> list[str]:
        return [entry["ip"] for entry in self.addresses if entry["type"] in PUBLIC_TYPES]

    @cached_property
    def machines(self) -> list[Machine]:
        """All that are not gone, whatever made them: Fly's proxy makes no difference either."""
        return [machine for machine in self.api.machines(self.app) or [] if is_live(machine)]

    @property
    def deployed(self) -> list[Machine]:
        return [machine for machine in self.machines if is_deployed(machine)]

    def must_run(self) -> None:
        """Raise unless a machine runs: there is nothing to ask without one, and a request starts one that sleeps."""
        if any(machine["state"] not in _ASLEEP for machine in self.machines):
            return
        first = pick_of(self.machines) or next(iter(self.machines), None)
        if first is None:
            raise not_started(None, self.app)
        states = ", ".join(f"{machine['id']} is {machine['state']}" for machine in self.machines)
        raise CollectionError(
            "no machine runs, so nothing was proved",
            where=f"app {self.app}",
            why=f"{states}; no request was sent, because Fly.io starts a machine for it",
            todo=f"Start it with fly machine start {first['id']} --app {self.app}, or run the playbook "
            "openclaw.fly.site; then verify again",
        )

    @property
    def ports(self) -> list[Port]:
        return published_by(self.machines)

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
    def config(self) -> dict[str, object]:
        """openclaw.json, as it is on the volume."""
        return config_file.read(self.config_file.content.decode(errors="replace"))

    @property
    def endpoint(self) -> Endpoint:
        """Where to talk to the gateway from here.

        Raises `Skipped` when there is no such route, and the reason when it leads to somebody else or nothing serves.
        """
        if self.trouble:
            raise self.trouble
        return self._route()

    def _route(self) -> Endpoint:
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

    @cached_property
    def trouble(self) -> CollectionError | None:
        """Why nothing can be learnt from the gateway: asked once, so that each check reports it at once."""
        endpoint = self._route()
        probe = HttpProbe(endpoint, self.timeout)
        try:
            self.must_be_ours(endpoint, private=self.exposure != "public")
            path = self.facts.health_path or "/"
            status = probe.get(path).status
        except CollectionError as error:
            return error
        finally:
            probe.close()
        if status < 500:
            return None
        return CollectionError(
            "the gateway does not serve",
            where=f"{endpoint.http_url}{path}",
            why="; ".join((f"status {status}", *self._obstacles())),
            todo=f"See fly logs --app {self.app}; site.yml puts a gateway right that cannot start",
        )

    def _obstacles(self) -> Iterator[str]:
        """What Fly.io's API shows of why a gateway does not serve."""
        elsewhere = {port.internal_port for port in published_by(self.deployed)} - {self.port}
        if elsewhere:
            ports = " and ".join(map(str, sorted(filter(None, elsewhere))))
            yield f"the service leads to port {ports}, but the gateway listens on {self.port} (fly_app_port)"
        for machine in self.deployed:
            for check in machine.get("checks") or []:
                if check.get("status") not in (None, "passing"):
                    said = " ".join(str(check.get("output") or "").split())[:_LONGEST]
                    yield f"the check {check.get('name')} of machine {machine['id']} is {check['status']}: {said}"

    def must_be_ours(self, endpoint: Endpoint, *, private: bool = False) -> None:
        """Raise when a name leads to an address that Fly.io's API does not list for the app: nobody else is contacted.

        Loopback is this machine. `private`: addresses that are not routed on the Internet are the user's own network.
        """
        if endpoint.connect_to:
            return
        host, port = endpoint.address
        ours = {ipaddress.ip_address(entry["ip"]) for entry in self.addresses}
        try:
            resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return  # Whoever connects says why it failed.
        for address in {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in resolved}:
            if address not in ours and not address.is_loopback and not (private and address.is_private):
                raise ForeignAddress(
                    f"{host} leads to {address}, which is not an address of the app",
                    where=f"app {self.app}",
                    why="it was not contacted",
                    todo="Correct the name's DNS records; after a change, DNS needs some minutes",
                )
