"""What serves the private networks: their names, and the private addresses of apps (Flycast)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial

from aiohttp import web

from ..context import Context
from ..runtime.sixpn import Network, Networks, prefix_of
from ..state.model import App
from .dns import NameServer, NotOurs
from .names import PRIVATE_SUFFIXES, PUBLIC_SUFFIX, Names
from .proxy import Edge, server
from .routing import Router, ports_of

DNS_PORT = 53
LOG = logging.getLogger("fly_emulator.private")


class Flycast(Edge):
    """A port of an app's private address. The client is a peer of the network, and plain HTTP is all it gets."""

    def __init__(self, context: Context, router: Router, app: str, address: str, port: int) -> None:
        super().__init__(context, router, port, "http")
        self._app_name, self._own_address = app, address

    def _app(self, request: web.BaseRequest) -> App | None:
        return self._context.store.apps.get(self._app_name)

    def _client(self, request: web.BaseRequest) -> str:
        return request.remote or ""

    def _address(self, app: App, client: str) -> str:
        return self._own_address


class PrivateEdge:
    def __init__(self, context: Context, router: Router, networks: Networks) -> None:
        self._context, self._router, self._networks = context, router, networks
        self._names = Names(context)
        self._named: set[str] = set()
        self._open: dict[tuple[str, int], tuple[str, web.ServerRunner]] = {}
        """(address, port) to the app and its server."""
        self._stack = AsyncExitStack()

    async def run(self) -> None:
        """Follow what apps are there until cancelled."""
        changed = self._context.store.changed
        try:
            while True:
                changed.clear()
                try:
                    await self._follow()
                except (RuntimeError, OSError) as error:
                    LOG.error("the private networks do not follow: %s", error)
                await changed.wait()
        finally:
            for _, runner in self._open.values():
                await runner.cleanup()
            await self._stack.aclose()

    async def _follow(self) -> None:
        if self._context.gateway is not None:
            records = self._context.store.organizations.values()
            await self._context.gateway.follow(peer for record in records for peer in record.peers.values())
        for network in self._networks.made():
            if network.prefix not in self._named:
                self._named.add(network.prefix)
                await self._serve_names(network)
            await self._serve_flycast(network)

    async def _serve_names(self, network: Network) -> None:
        for address in network.resolvers:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                partial(NameServer, partial(self._lookup, network.prefix)),
                sock=await network.socket(address, DNS_PORT, datagrams=True),
            )
            self._stack.callback(transport.close)

    def _lookup(self, prefix: str, name: str, kind: str) -> list[str] | None:
        if not name.lower().rstrip(".").endswith((*PRIVATE_SUFFIXES, PUBLIC_SUFFIX)):
            raise NotOurs
        found = self._names.private(name, kind, prefix)
        return found if found is not None else self._names.public(name, kind)

    async def _serve_flycast(self, network: Network) -> None:
        wanted = {
            (ip.ip, port): app.name
            for app in self._context.store.apps.values()
            for ip in app.ips
            if ip.kind == "private_v6" and prefix_of(ip.ip) == network.prefix
            for port in self._ports(app)
        }
        mine = {place: app for place, (app, _) in self._open.items() if prefix_of(place[0]) == network.prefix}
        for place in mine.keys() - wanted.keys():
            _, runner = self._open.pop(place)
            await runner.cleanup()
            if all(address != place[0] for address, _ in self._open):
                await network.serve(place[0], False)
        for (address, port), app_name in sorted(wanted.items()):
            if (address, port) in self._open:
                continue
            if all(held != address for held, _ in self._open):
                await network.serve(address, True)
            runner = web.ServerRunner(server(Flycast(self._context, self._router, app_name, address, port)))
            await runner.setup()
            await web.SockSite(runner, await network.socket(address, port)).start()
            self._open[address, port] = (app_name, runner)

    def _ports(self, app: App) -> set[int]:
        """The ports that speak plain HTTP."""
        found = {number for machine in app.live_machines() for number in ports_of(machine.config)}
        return {number for number in found if (port := self._router.port(app, number)) and port.handlers == ("http",)}
