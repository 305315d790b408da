"""The whole: state, machines, APIs and edge in one process, startable from tests as from the command line."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from . import __version__
from .assemble import assemble
from .edge.autostop import Autostop
from .edge.certificates import Certificates
from .edge.flycast import FlycastDoor
from .edge.private import PrivateEdge
from .edge.proxy import HTTP_PORT, HTTPS_PORT, Edge, server
from .edge.routing import Router
from .faces import application
from .listen import SHUTDOWN, listen
from .machines.fleet import Fleet
from .platform import apps, tokens, volumes
from .settings import Settings
from .state.directory import write_atomic


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
        self.context = context = await assemble(self.settings, self._stack)
        self.settings = context.settings
        for part in (apps, tokens, volumes):
            part.resume(context)
        self.fleet = Fleet(context)
        self._stack.push_async_callback(self.fleet.shutdown)
        self.router = Router(context, self.fleet)
        autostop = asyncio.create_task(Autostop(context, self.fleet).run())
        self._stack.callback(autostop.cancel)
        if context.networks is not None:
            private = asyncio.create_task(PrivateEdge(context, self.router, context.networks).run())
            self._stack.push_async_callback(_ended, private)
        await self._serve_api()
        await self._serve_edge()
        write_atomic(self.settings.state_dir / "emulator.json", json.dumps(self.info(), indent=2) + "\n", 0o644)
        self.fleet.resume()

    async def _serve_api(self) -> None:
        api = application(self.context, self.fleet, self.router, self)
        runner = web.AppRunner(api, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN)
        port = await listen(self._stack, runner, self.settings.host, self.settings.api_port, "--api-port")
        self.api_url = f"http://{self.settings.host}:{port}"

    async def _serve_edge(self) -> None:
        certificates = Certificates(
            self.settings.state_dir / "tls", lambda name: self.router.public_app(name) is not None
        )
        self.ca_file = certificates.ca_file
        http = Edge(self.context, self.router, HTTP_PORT, "http")
        https = Edge(self.context, self.router, HTTPS_PORT, "https")
        flycast = FlycastDoor(self.context, self.router)
        chosen = self.settings
        self.edge_https_port = await self._listen(
            https, chosen.edge_https_port, "--edge-https-port", certificates.server_context()
        )
        http.https_port = https.https_port = self.edge_https_port
        self.edge_http_port = await self._listen(http, chosen.edge_http_port, "--edge-http-port")
        self.flycast_port = await self._listen(flycast, chosen.flycast_port, "--flycast-port")

    async def _listen(self, edge: Edge, port: int, flag: str, tls: ssl.SSLContext | None = None) -> int:
        runner = web.ServerRunner(server(edge), shutdown_timeout=SHUTDOWN)
        return await listen(self._stack, runner, self.settings.host, port, flag, tls)

    def info(self) -> dict[str, Any]:
        """What emulator.json and /emulator/v1/info say."""
        guarantees = self.context.runtime.guarantees
        egress = self.context.machines_reach_out
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
            "answers": self.context.answers.chosen(),
        }

    async def reset(self) -> None:
        """Forget everything: apps, machines, volumes, journal, faults."""
        context = self.context
        context.faults.clear()
        context.full_regions.clear()
        context.full_hosts.clear()
        context.unready_images.clear()
        for app in list(context.store.apps.values()):
            await asyncio.gather(*(self.fleet.destroy(machine) for machine in app.live_machines()))
            self.fleet.forget(app)
            context.store.remove(app)
            context.logbook.remove(app.name)
        context.minted.clear()
        context.store.forget_organizations()
        context.journal.clear()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
