"""Connections over the private network, for proofs of what is reachable: Flycast and 6PN."""

from __future__ import annotations

from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .. import ids
from ..context import Context
from ..errors import invalid, not_found
from ..machines.fleet import Fleet
from ..machines.reasons import reason
from ..state.model import App
from .headers import end_to_end, forwarded, peer_address
from .routing import NoRoute, Router

TIMEOUT = 10.0
MAX_BODY = 1024 * 1024
PEER = peer_address("127.0.0.1")


class Dialer:
    def __init__(self, context: Context, fleet: Fleet, router: Router) -> None:
        self._context = context
        self._fleet = fleet
        self._router = router

    async def dial(self, sent: dict[str, Any]) -> dict[str, Any]:
        """One request; `{status, headers, body}` or `{error}` when no connection comes about.

        `sent`: app, network (flycast or 6pn), port (80 for flycast by default), method, path, headers, body,
        machine (an id, for 6pn; the first started one by default).
        """
        app = self._context.store.apps.get(str(sent.get("app")))
        if app is None:
            raise not_found("app")
        network, port = sent.get("network"), sent.get("port", 80)
        if network not in ("flycast", "6pn"):
            raise invalid("network must be flycast or 6pn")
        if isinstance(port, bool) or not isinstance(port, int):
            raise invalid("port must be an integer")
        headers = sent.get("headers", {})
        if not isinstance(headers, dict):
            raise invalid("headers must be an object")
        try:
            return await (
                self._flycast(app, port, sent, CIMultiDict(headers))
                if network == "flycast"
                else self._sixpn(app, port, sent, CIMultiDict(headers))
            )
        except (NoRoute, aiohttp.ClientError, OSError, TimeoutError, NotImplementedError) as error:
            return {"error": reason(error)}

    async def _flycast(self, app: App, port: int, sent: dict[str, Any], headers: CIMultiDict[str]) -> dict[str, Any]:
        address = app.address("private_v6")
        if address is None:
            raise NoRoute(f"{app.name}.flycast does not resolve: the app has no private_v6 address")
        found = self._router.port(app, port)
        if found is None:
            raise NoRoute(f"connection refused: no machine of {app.name} has a service on port {port}")
        if "tls" in found.handlers:
            raise NoRoute(f"port {port} of {app.name} speaks TLS; this dial speaks plain HTTP")
        host = f"{app.name}.flycast"
        if found.force_https:
            return {"status": 301, "headers": {"Location": f"https://{host}{sent.get('path') or '/'}"}, "body": ""}
        route = await self._router.route(app, port)
        headers.setdefault("Host", host)
        if "http" in found.handlers:
            now = self._context.clock.now()
            headers = forwarded(
                end_to_end(headers.items(), ""),
                PEER,
                address.ip,
                "http",
                port,
                route.runner.machine.region,
                ids.request_id(now, self._context.settings.region),
                now,
            )
        url = f"http://{route.runner.machine.ipv4}:{route.port.internal_port}"
        with route.runner.busy():
            return await self._request(route.runner.session(route.port.internal_port, "proxy"), url, sent, headers)

    async def _sixpn(self, app: App, port: int, sent: dict[str, Any], headers: CIMultiDict[str]) -> dict[str, Any]:
        runners = [
            self._fleet.runner(machine) for machine in app.live_machines() if sent.get("machine") in (None, machine.id)
        ]
        runner = next((runner for runner in runners if runner.running is not None), None)
        if runner is None:
            raise NoRoute(f"{app.name}.internal does not resolve: the app has no started machine")
        guarantees = self._context.runtime.guarantees
        if not guarantees.private_network:
            raise NoRoute(f"refused: in the {guarantees.tier} tier machines have no private network")
        headers.setdefault("Host", f"{app.name}.internal:{port}")
        return await self._request(
            runner.session(port, "6pn"), f"http://[{runner.machine.private_ip}]:{port}", sent, headers
        )

    async def _request(
        self, session: aiohttp.ClientSession, base: str, sent: dict[str, Any], headers: CIMultiDict[str]
    ) -> dict[str, Any]:
        path = str(sent.get("path") or "/")
        async with session.request(
            str(sent.get("method") or "GET"),
            URL(base + path, encoded=True),
            headers=headers,
            data=sent.get("body"),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        ) as answer:
            body = (await answer.content.read(MAX_BODY)).decode(errors="replace")
            return {"status": answer.status, "headers": dict(answer.headers), "body": body}
