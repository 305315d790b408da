"""`config.statics`: files of the machine that the edge serves itself, without the app."""

from __future__ import annotations

import mimetypes
import posixpath
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from ..machines.runner import Runner

READ_SECONDS = 10.0
SCRIPT = 'if [ -d "$1" ] && [ -n "$2" ]; then set -- "$1/$2"; fi; [ -f "$1" ] && exec cat -- "$1"'


async def serve(request: web.BaseRequest, runner: Runner) -> web.Response | None:
    """The file that the request is for, or None when the app has to answer."""
    statics = runner.machine.config.get("statics") or []
    found = _find(statics, request.path) if request.method in ("GET", "HEAD") else None
    if found is None or runner.running is None:
        return None
    file, index = found
    read = await runner.running.exec(("sh", "-c", SCRIPT, "sh", file, index), b"", READ_SECONDS)
    if read.exit_code:
        return None
    kind, encoding = mimetypes.guess_type(file if posixpath.splitext(file)[1] else index or file)
    return web.Response(
        body=read.stdout,
        headers={
            "Content-Type": kind or "application/octet-stream",
            **({"Content-Encoding": encoding} if encoding else {}),
            "server": "Fly/emulator",
            "via": "1.1 fly.io",
        },
    )


def _find(statics: list[dict[str, Any]], path: str) -> tuple[str, str] | None:
    """The file of the longest prefix that fits, and the document that stands for a directory."""
    path = unquote(path)
    for static in sorted(statics, key=lambda item: -len(item["url_prefix"])):
        prefix = static["url_prefix"].rstrip("/")
        if path != prefix and not path.startswith(prefix + "/"):
            continue
        inside = posixpath.normpath("/" + path[len(prefix) :])
        return static["guest_path"].rstrip("/") + inside, str(static.get("index_document") or "")
    return None
