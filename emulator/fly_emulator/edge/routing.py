"""Which app a host name means, and which of its machines serves a port."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ..context import Context
from ..machines.fleet import Fleet
from ..machines.lifecycle import STARTABLE
from ..machines.runner import Runner
from ..platform import leases
from ..state.model import App

SUFFIXES = (".fly.dev.localhost", ".fly.dev", ".localhost")
POLL = 0.1


class NoRoute(Exception):
    """Nothing serves this; the text says why, for the emulator's own log and pages."""


@dataclass(frozen=True)
class Port:
    """A public port of a service."""

    service: int
    config: dict[str, Any]
    internal_port: int
    autostart: bool

    @property
    def force_https(self) -> bool:
        return bool(self.config.get("force_https"))

    @property
    def handlers(self) -> tuple[str, ...]:
        return tuple(self.config.get("handlers") or ())


@dataclass(frozen=True)
class Route:
    runner: Runner
    port: Port


def bare(host: str) -> str:
    """A host name without its port, in lower case."""
    return host.lower().rpartition(":")[0] if ":" in host and not host.endswith("]") else host.lower()


def app_name(host: str) -> str | None:
    """The app that a Host header or SNI name means: APP.fly.dev, APP.fly.dev.localhost or APP.localhost."""
    name = bare(host)
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            label = name.removesuffix(suffix)
            return label if label and "." not in label else None
    return None


def port_of(config: dict[str, Any], number: int) -> Port | None:
    """The service port of a machine's config that listens on the public port `number`."""
    for index, service in enumerate(config.get("services", [])):
        for port in service.get("ports") or []:
            low = port.get("port") or port.get("start_port") or 0
            high = port.get("port") or port.get("end_port") or low
            if low <= number <= high:
                return Port(index, port, service["internal_port"], service.get("autostart") is not False)
    return None


def ports_of(config: dict[str, Any]) -> set[int]:
    """The public ports that a machine's config names; those of ranges are not among them."""
    services = config.get("services", [])
    return {port["port"] for service in services for port in service.get("ports") or [] if port.get("port")}


class Router:
    def __init__(self, context: Context, fleet: Fleet) -> None:
        self._context = context
        self._fleet = fleet

    def public_app(self, host: str) -> App | None:
        """The app of a host name if it holds a public address."""
        app = self._context.store.apps.get(app_name(host) or "") or self._by_hostname(bare(host))
        return app if app is not None and app.address("v4", "v6", "shared_v4") else None

    def private_app(self, host: str) -> App | None:
        """The app that `APP.flycast` means if it holds a Flycast address."""
        name = bare(host)
        app = self._context.store.apps.get(name.removesuffix(".flycast")) if name.endswith(".flycast") else None
        return app if app is not None and app.address("private_v6") else None

    def _by_hostname(self, name: str) -> App | None:
        """The app that has a certificate for this host name, itself or by a wildcard."""
        wildcard = f"*.{name.partition('.')[2]}"
        for app in self._context.store.apps.values():
            for held in (app.hostnames.get(name), app.hostnames.get(wildcard)):
                if held is not None and (held.custom or held.acme_issued_at is not None):
                    return app
        return None

    def port(self, app: App, number: int) -> Port | None:
        for machine in app.live_machines():
            if port := port_of(machine.config, number):
                return port
        return None

    async def route(self, app: App, number: int) -> Route:
        """A machine that takes a request now; starts one that sleeps and waits a little. Raises NoRoute."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._context.settings.edge_hold
        while True:
            candidates = self._candidates(app, number)
            for runner, port in candidates:
                if runner.routable(port.service):
                    return Route(runner, port)
            if not candidates:
                raise NoRoute(f"no machine of {app.name} has a service on port {number}")
            if not self._coming(candidates):
                raise NoRoute(f"no machine of {app.name} runs, and none may be started by a request")
            if loop.time() >= deadline:
                raise NoRoute(f"no machine of {app.name} is healthy")
            await asyncio.sleep(POLL)

    def _candidates(self, app: App, number: int) -> list[tuple[Runner, Port]]:
        return [
            (self._fleet.runner(machine), port)
            for machine in app.live_machines()
            if not machine.cordoned and (port := port_of(machine.config, number))
        ]

    def _coming(self, candidates: list[tuple[Runner, Port]]) -> bool:
        """Whether one of them runs or is on its way; starts the first that may be."""
        if any(runner.machine.state in ("started", "starting", "restarting", "replacing") for runner, _ in candidates):
            return True
        for runner, port in candidates:
            if not (port.autostart and runner.machine.state in STARTABLE):
                continue
            if leases.held(self._context, runner.machine):
                runner.log("[PM01] machines API returned an error: the machine's lease is held", "proxy", "error")
                continue
            runner.start("proxy")
            return True
        return False
