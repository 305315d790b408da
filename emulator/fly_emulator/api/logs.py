"""/api/v1/apps/{app}/logs: the app's log in pages, as `fly logs` reads it."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from ..errors import Unauthenticated
from ..macaroon import PREFIX
from ..web import request as r

routes = web.RouteTableDef()


def _require_scheme(authorization: str) -> None:
    """Unlike the other APIs it refuses a macaroon as a bearer (superfly/docs#2264); the status is a guess."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.removeprefix("FlyV1 ").startswith(PREFIX):
        raise Unauthenticated("Authenticate: token validation error")


@routes.get("/api/v1/apps/{app_name}/logs")
async def read_logs(request: web.Request) -> web.Response:
    _require_scheme(request.headers.get("Authorization", ""))
    app = r.app(request)
    after = r.integer(request.query.get("next_token") or 0, "next_token")
    lines = r.context(request).logbook.read(
        app.name, after, request.query.get("instance", ""), request.query.get("region", "")
    )
    data = [
        {
            "id": str(line.id),
            "type": "log",
            "attributes": {
                "timestamp": datetime.fromtimestamp(line.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "message": line.message,
                "level": line.level,
                "instance": line.instance,
                "region": line.region,
                "meta": {
                    "instance": line.instance,
                    "region": line.region,
                    "event": {"provider": line.provider},
                    "http": {"request": {"id": "", "method": "", "version": ""}, "response": {"status_code": 0}},
                    "error": {"code": 0, "message": ""},
                    "url": {"full": ""},
                },
            },
        }
        for line in lines
    ]
    return web.json_response({"data": data, "meta": {"next_token": str(lines[-1].id if lines else after)}})
