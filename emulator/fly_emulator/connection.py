"""A client's connection."""

from __future__ import annotations

import socket
import struct

from aiohttp import web


def drop(request: web.BaseRequest) -> None:
    """End the connection without an answer; plain TCP gets a reset."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
