"""The ports that the emulator serves on."""

from __future__ import annotations

import errno
import ssl
from contextlib import AsyncExitStack

from aiohttp import web

SHUTDOWN = 1.0
"""Seconds that open requests get at the end."""


class PortInUse(Exception):
    """A port is not available; the text names it, who may hold it and what to do."""


async def listen(
    stack: AsyncExitStack, runner: web.BaseRunner, host: str, port: int, flag: str, tls: ssl.SSLContext | None = None
) -> int:
    """Serve on a port (0: any free one) until the stack closes; return it. `flag` chooses another. Raises PortInUse."""
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is in use" if error.errno == errno.EADDRINUSE else "may not be used by this user"
        raise PortInUse(
            f"Port {port} on {host} {why}. Another emulator (see `fly-emulator status "
            f"--state-dir DIR`) or another program may hold it (`ss -ltnp 'sport = :{port}'` names it). "
            f"Choose another port with {flag}."
        ) from error
    addresses: list[tuple[str, int]] = runner.addresses
    return addresses[0][1]
