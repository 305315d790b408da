"""Why a connection to a machine did not come about, in the kernel's words."""

from __future__ import annotations

import os

import aiohttp


def reason(error: BaseException) -> str:
    """Return such as "connection refused", without aiohttp's wrapping."""
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
