"""The whole: state, machines, APIs and edge in one process, startable from tests as from the command line."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import ssl
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from . import __version__
from . import tokens as tokens_given_out
from .api import (
    actions,
    apps,
    certificates,
    control,
    guard,
    ips,
    leases,
    logs,
    machines,
    metadata,
    middleware,
    orgs,
    platform,
    secrets,
    tokens,
    unimplemented,
    volumes,
    wait,
)
from .api.request import CONTEXT, FLEET
from .clock import Clock
from .context import Context
from .daemon import PortInUse
from .edge.autostop import Autostop
from .edge.certificates import Certificates
from .edge.dial import Dialer
from .edge.flycast import FlycastDoor
from .edge.gateway import Gateway
from .edge.private import PrivateEdge
from .edge.proxy import HTTP_PORT, HTTPS_PORT, Edge, server
from .edge.routing import Router
from .faults import Faults
from .graphql import execute
from .images.base import ImageCatalog
from .journal import Journal
from .logbook import Logbook
from .machines.fleet import Fleet
from .machines.pulls import Pulls
from .runtime import RuntimeUnavailable
from .runtime.base import Runtime
from .runtime.egress import Egress
from .runtime.sixpn import Networks
from .settings import Settings, Token, default_cache_dir
from .state import directory
from .state.store import Store
from .uiex import builds, organizations, releases

SECTIONS = (
    apps,
    ips,
    volumes,
    certificates,
    secrets,
    machines,
    actions,
    wait,
    leases,
    metadata,
    orgs,
    platform,
    tokens,
    logs,
    execute,
    organizations,
    releases,
    builds,
    control,
)
MAX_BODY = 64 * 1024 * 1024
SHUTDOWN = 1.0
"""Seconds that open requests get at the end."""


class Emulator:
    """`async with Emulator(Settings(...)) as emulator:` serves until the block ends."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.api_url = ""
        self.edge_http_port = 0
        self.edge_https_port = 0
        self.flycast_port = 0
        self.ca_file = Path()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Emulator:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        settings = self.settings
        directory.claim(settings.state_dir)
        if not settings.tokens:
            token = Token(directory.own_token(settings.state_dir))
            settings = self.settings = replace(
                settings, tokens=(token,), token_file=settings.state_dir / directory.TOKEN_FILE
            )
        clock = Clock(settings.clock_running)
        store = Store(settings.state_dir)
        store.load()
        journal = Journal(settings.state_dir / "journal.jsonl")
        self._stack.callback(journal.close)
        runtime = await self._runtime()
        images = settings.images or self._images()
        pulls = Pulls(images)
        self._stack.push_async_callback(pulls.close)
        networks = Networks() if runtime.guarantees.sixpn else None
        if networks is not None:
            self._stack.push_async_callback(networks.close)
        logbook = Logbook(settings.state_dir / "logs", clock)
        self.context = context = Context(settings, clock, store, logbook, journal, Faults(), runtime, pulls, networks)
        if settings.egress and runtime.guarantees.private_network:
            context.egress = await self._egress()
        if settings.wireguard_port is not None:
            context.gateway = await self._gateway(networks, settings.wireguard_port)
        for app in [app for app in store.apps.values() if app.deleting]:
            store.remove(app)
        tokens_given_out.restore(context)
        self.fleet = Fleet(context)
        self._stack.push_async_callback(self.fleet.shutdown)
        self.router = Router(context, self.fleet)
        autostop = asyncio.create_task(Autostop(context, self.fleet).run())
        self._stack.callback(autostop.cancel)
        if networks is not None:
            private = asyncio.create_task(PrivateEdge(context, self.router, networks).run())
            self._stack.push_async_callback(_ended, private)
        await self._serve_api()
        await self._serve_edge()
        directory.write_atomic(settings.state_dir / "emulator.json", json.dumps(self.info(), indent=2) + "\n", 0o644)
        self.fleet.resume()

    async def _egress(self) -> Egress:
        found = await Egress.probe()
        if isinstance(found, str):
            raise RuntimeUnavailable(f"Machines cannot have a way out here: {found}")
        return found

    async def _gateway(self, networks: Networks | None, port: int) -> Gateway:
        if networks is None:
            missing = "; ".join(self.context.runtime.guarantees.missing)
            raise RuntimeUnavailable(f"WireGuard access needs machines with 6PN: {missing}.")
        gateway = Gateway(networks, self.settings.state_dir / "wireguard.key", self.settings.host, port)
        await gateway.open()
        self._stack.push_async_callback(gateway.close)
        return gateway

    async def _runtime(self) -> Runtime:
        chosen = self.settings.runtime
        if not isinstance(chosen, str):
            return chosen
        from .runtime import select

        return await select(chosen, self.settings.state_dir / "runtime")

    def _images(self) -> ImageCatalog:
        from .images.catalog import Catalog

        return Catalog(self.settings.cache_dir or default_cache_dir(), self.settings.image_dir)

    async def _serve_api(self) -> None:
        api = web.Application(middlewares=[middleware.journalled], client_max_size=MAX_BODY)
        api[CONTEXT], api[FLEET] = self.context, self.fleet
        api[apps.DELETIONS] = set()
        api[certificates.POINTING_HERE] = set()
        api[guard.GUARD] = guard.Guard((self.settings.host, *self.settings.allowed_hosts))
        api[middleware.LIMITER] = middleware.RateLimiter(self.context.clock, self.settings.rate_limits)
        api[control.INFO], api[control.RESET] = self.info, self.reset
        api[control.DIALER] = Dialer(self.context, self.fleet, self.router)
        for section in SECTIONS:
            api.add_routes(section.routes)
        api.add_routes(unimplemented.routes())
        port = await self._listen(
            web.AppRunner(api, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN),
            self.settings.api_port,
            "--api-port",
        )
        self.api_url = f"http://{self.settings.host}:{port}"

    async def _serve_edge(self) -> None:
        edge_certificates = Certificates(
            self.settings.state_dir / "tls", lambda name: self.router.public_app(name) is not None
        )
        self.ca_file = edge_certificates.ca_file
        http = Edge(self.context, self.router, HTTP_PORT, "http")
        https = Edge(self.context, self.router, HTTPS_PORT, "https")

        async def listen(edge: Edge, port: int, flag: str, tls: ssl.SSLContext | None) -> int:
            return await self._listen(web.ServerRunner(server(edge), shutdown_timeout=SHUTDOWN), port, flag, tls)

        self.edge_https_port = await listen(
            https, self.settings.edge_https_port, "--edge-https-port", edge_certificates.server_context()
        )
        http.https_port = https.https_port = self.edge_https_port
        self.edge_http_port = await listen(http, self.settings.edge_http_port, "--edge-http-port", None)
        flycast = FlycastDoor(self.context, self.router)
        self.flycast_port = await listen(flycast, self.settings.flycast_port, "--flycast-port", None)

    async def _listen(self, runner: web.BaseRunner, port: int, flag: str, tls: ssl.SSLContext | None = None) -> int:
        """Listen on a port (0: any free one) until the end; return it. Raises PortInUse."""
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self.settings.host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            why = "is in use" if error.errno == errno.EADDRINUSE else "may not be used by this user"
            raise PortInUse(
                f"Port {port} on {self.settings.host} {why}. Another emulator (see `fly-emulator status "
                f"--state-dir DIR`) or another program may hold it (`ss -ltnp 'sport = :{port}'` names it). "
                f"Choose another port with {flag}."
            ) from error
        addresses: list[tuple[str, int]] = runner.addresses
        return addresses[0][1]

    def info(self) -> dict[str, Any]:
        """What emulator.json and /emulator/v1/info say."""
        guarantees = self.context.runtime.guarantees
        egress = self.context.egress is not None or not guarantees.private_network
        no_egress = [] if egress else ["machines cannot reach the internet: it was started without --egress"]
        missing = [*guarantees.missing, *no_egress]
        return {
            "version": __version__,
            "pid": os.getpid(),
            "api_url": self.api_url,
            "token_file": str(self.settings.token_file) if self.settings.token_file else None,
            "edge_http_port": self.edge_http_port,
            "edge_https_port": self.edge_https_port,
            "flycast_port": self.flycast_port,
            "ca_file": str(self.ca_file),
            "tier": guarantees.tier,
            "egress": egress,
            "guarantees": {
                "private_root": guarantees.private_root,
                "private_network": guarantees.private_network,
                "memory_limit": guarantees.memory_limit,
                "owners": guarantees.owners,
                "sixpn": guarantees.sixpn,
                "missing": missing,
            },
            "state_dir": str(self.settings.state_dir),
            "options": dict(self.settings.options),
        }

    async def reset(self) -> None:
        """Forget everything: apps, machines, volumes, journal, faults."""
        context = self.context
        context.faults.clear()
        context.full_regions.clear()
        for app in list(context.store.apps.values()):
            await asyncio.gather(*(self.fleet.destroy(machine) for machine in app.live_machines()))
            for machine_id in app.machines:
                self.fleet.runners.pop(machine_id, None)
            context.store.remove(app)
            context.logbook.remove(app.name)
        context.minted.clear()
        context.store.forget_organizations()
        context.journal.clear()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class EmulatorThread:
    """An emulator in a thread of its own, for synchronous tests: `with EmulatorThread(settings) as emulator:`."""

    def __init__(self, settings: Settings) -> None:
        self.emulator = Emulator(settings)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="fly-emulator", daemon=True)

    @property
    def api_url(self) -> str:
        return self.emulator.api_url

    def __enter__(self) -> EmulatorThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return when it serves; raises what kept it from that."""
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        """Stop the machines and everything else; return when done."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        async with self.emulator:
            self._ready.set()
            await self._stop.wait()
