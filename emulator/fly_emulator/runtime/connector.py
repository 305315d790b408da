"""aiohttp connections to a port of a machine, whatever host the URL names."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.client_exceptions import ClientConnectorError

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace

Opener = Callable[[], Awaitable[socket.socket]]
"""Gives a connected, non-blocking socket; raises OSError as connect does."""


class MachineConnector(aiohttp.BaseConnector):
    """Every connection is one socket of `opener`; a refused one is aiohttp's ClientConnectorError."""

    def __init__(self, opener: Opener) -> None:
        super().__init__(limit=0)
        self._opener = opener

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        try:
            async with asyncio.timeout(timeout.sock_connect):
                connected = await self._opener()
                _, protocol = await self._loop.create_connection(self._factory, sock=connected)
        except OSError as error:
            raise ClientConnectorError(req.connection_key, error) from error
        return protocol
