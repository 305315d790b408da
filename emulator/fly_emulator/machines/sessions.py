"""Client sessions into a running machine."""

from __future__ import annotations

import asyncio

import aiohttp

from ..runtime.base import RunningMachine


class Sessions:
    """One for each port and side that connections come from."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, str], aiohttp.ClientSession] = {}

    def get(self, running: RunningMachine, port: int, via: str) -> aiohttp.ClientSession:
        if (port, via) not in self._open:
            self._open[port, via] = aiohttp.ClientSession(
                connector=running.connector(port, via),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(),
                max_line_size=65536,
                max_field_size=65536,
            )
        return self._open[port, via]

    async def close(self) -> None:
        """End all; the next `get` opens new ones."""
        sessions, self._open = list(self._open.values()), {}
        await asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)
