"""Lists that lag behind writes: the first one after a write may be the one from before it."""

from __future__ import annotations

from aiohttp import web

from ..context import Context
from .request import Handler

LISTS = ("/machines", "/volumes", "/ip_assignments", "/snapshots", "/secrets")
LASTS = 10.0
"""Seconds after a write in which a list may be stale."""


class Lag:
    """Answers a list once more as it was, where the emulator is to answer so."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen: dict[str, dict[str, bytes]] = {}
        """By app and path, what was answered last."""
        self._stale: dict[str, dict[str, float]] = {}
        """By app and path, until when it may be answered again."""

    async def answer(self, request: web.Request, handler: Handler, writes: bool) -> web.StreamResponse:
        app = request.match_info.get("app_name")
        if not app or self._context.answers["lists"] != "lag":
            self._seen.clear()
            self._stale.clear()
            return await handler(request)
        if writes:
            response = await handler(request)
            self._written(app)
            return response
        path, now = request.path_qs, self._context.clock.now()
        if request.method != "GET" or not request.path.endswith(LISTS):
            return await handler(request)
        until = self._stale.get(app, {}).pop(path, None)
        if until is not None:
            old = self._seen[app].pop(path)
            if until > now:
                return web.Response(body=old, content_type="application/json")
        response = await handler(request)
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            self._seen.setdefault(app, {})[path] = response.body
        return response

    def _written(self, app: str) -> None:
        """From now on what was seen last is old; what was old already gets no older than it may be."""
        now = self._context.clock.now()
        seen, stale = self._seen.get(app, {}), self._stale.setdefault(app, {})
        for path in [path for path, until in stale.items() if until <= now]:
            del seen[path], stale[path]
        for path in seen:
            stale.setdefault(path, now + LASTS)


LAG: web.AppKey[Lag] = web.AppKey("lag", Lag)
