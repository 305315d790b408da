"""Known parts of Fly's APIs that are not here yet: 501 and the name of the thing, never a guess."""

from __future__ import annotations

from aiohttp import web

from ..errors import not_implemented
from ..web.request import Handler

APP = "/v1/apps/{app_name}"
MACHINE = APP + "/machines/{machine_id}"
KNOWN = {
    "secretkeys": (f"{APP}/secretkeys", f"{APP}/secretkeys/{{tail:.+}}"),
    "machine memory": (f"{MACHINE}/memory", f"{MACHINE}/memory/reclaim"),
    "token checks": ("/v1/tokens/authenticate", "/v1/tokens/authorize", "/v1/tokens/kms", "/v1/tokens/oidc"),
    "the ui-ex API": ("/api/v1/{tail:.+}",),
}


def _handler(name: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        raise not_implemented(f"{name} ({request.method} {request.path})")

    return answer


def routes() -> list[web.RouteDef]:
    return [web.route("*", path, _handler(name)) for name, paths in KNOWN.items() for path in paths]
