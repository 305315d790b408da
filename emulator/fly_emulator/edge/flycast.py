"""A way into Flycast from this machine: a port on loopback that stands for port 80 of every app's private address.

The Host header says which app's, `APP.flycast`; a client counts as a WireGuard peer of the app's organisation. It is
there in every tier; within the private networks the addresses are real (see private.py).
"""

from __future__ import annotations

from aiohttp import web

from ..context import Context
from ..state.model import App
from . import headers
from .proxy import HTTP_PORT, Edge
from .routing import Router


class FlycastDoor(Edge):
    def __init__(self, context: Context, router: Router) -> None:
        super().__init__(context, router, HTTP_PORT, "http")

    def _app(self, request: web.BaseRequest) -> App | None:
        return self._router.private_app(request.host)

    def _client(self, request: web.BaseRequest) -> str:
        return headers.peer_address(request.remote or "127.0.0.1")

    def _address(self, app: App, client: str) -> str:
        address = app.address("private_v6")
        assert address is not None
        return address.ip
