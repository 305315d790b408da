"""The public edge: HTTP on port 80's stand-in, HTTPS on 443's, to the machines.

An app without a public address, or without a service on the port, is not served: its TLS handshake gets the
alert `unrecognized_name`, its HTTP connection is closed without an answer. On Fly its name would not resolve.
"""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from .. import ids
from ..connection import drop
from ..context import Context
from ..machines.reasons import reason
from ..state.model import App
from . import headers as fly_headers
from . import statics
from .routing import NoRoute, Route, Router

HTTP_PORT, HTTPS_PORT = 80, 443
CHUNK = 64 * 1024
CONNECT_FAILED = (aiohttp.ClientConnectorError, ConnectionRefusedError)
POLL = 0.1
LONG_LINE = 64 * 1024


class Edge:
    """A handler for aiohttp's low-level server; `public_port` is the port that it stands for on Fly."""

    def __init__(self, context: Context, router: Router, public_port: int, scheme: str) -> None:
        self._context = context
        self._router = router
        self._public_port = public_port
        self._scheme = scheme
        self.https_port = HTTPS_PORT
        """Where redirects to https go, when the client came to an unusual port."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        app = self._app(request)
        port = self._router.port(app, self._public_port) if app else None
        scheme = self._scheme
        if app is None or port is None or ("tls" in port.handlers) != (scheme == "https"):
            drop(request)
            return web.Response(status=400)  # goes nowhere: the connection is closed
        if scheme == "http" and port.force_https:
            return self._redirect(request)
        number = ids.request_id(self._context.clock.now(), self._context.settings.region)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._context.settings.edge_hold
        while True:
            try:
                route = await self._router.route(app, self._public_port)
            except NoRoute as error:
                return self._page(503, number, str(error))
            try:
                with route.runner.busy():
                    return await self._forward(request, app, route, scheme, number)
            except CONNECT_FAILED as error:
                # Like Fly's proxy: a machine that has only just started may not listen yet.
                if loop.time() < deadline:
                    await asyncio.sleep(POLL)
                    continue
                self._tell(
                    app,
                    route,
                    f"could not connect to the app: {reason(error)}. Is it listening on "
                    f"0.0.0.0:{route.port.internal_port}?",
                )
                return self._page(502, number, "")
            except (aiohttp.ClientError, OSError) as error:
                self._tell(app, route, f"the app broke the connection: {reason(error)}")
                return self._page(502, number, "")

    def _app(self, request: web.BaseRequest) -> App | None:
        return self._router.public_app(request.host)

    def _client(self, request: web.BaseRequest) -> str:
        return fly_headers.client_address(request.remote or "127.0.0.1")

    def _address(self, app: App, client: str) -> str:
        """The app's address that the client came to."""
        kinds = ("v6",) if ":" in client else ("v4", "shared_v4")
        address = app.address(*kinds) or app.address("v4", "shared_v4", "v6")
        assert address is not None
        return address.ip

    async def _forward(
        self, request: web.BaseRequest, app: App, route: Route, scheme: str, number: str
    ) -> web.StreamResponse:
        static = await statics.serve(request, route.runner)
        if static is not None:
            static.headers["fly-request-id"] = number
            return static
        forward = self._headers(request, app, route, scheme, number)
        if _wants_websocket(request):
            return await self._websocket(request, route, forward, number)
        return await self._http(request, route, forward, number)

    def _tell(self, app: App, route: Route, text: str) -> None:
        machine = route.runner.machine
        self._context.logbook.append(app.name, text, machine.id, machine.region, "error", "proxy")

    def _redirect(self, request: web.BaseRequest) -> web.Response:
        host, _, given = request.host.partition(":")
        port = f":{self.https_port}" if given not in ("", str(HTTP_PORT)) else ""
        return web.Response(
            status=301,
            headers={
                "Location": f"https://{host}{port}{request.raw_path}",
                "server": "Fly/emulator",
                "via": "1.1 fly.io",
            },
        )

    def _headers(self, request: web.BaseRequest, app: App, route: Route, scheme: str, number: str) -> CIMultiDict[str]:
        plain = fly_headers.end_to_end(request.headers.items(), request.headers.get("Connection", ""))
        client = self._client(request)
        return fly_headers.forwarded(
            plain,
            client,
            self._address(app, client),
            scheme,
            self._public_port,
            route.runner.machine.region,
            number,
            self._context.clock.now(),
        )

    def _page(self, status: int, number: str, why: str) -> web.Response:
        return web.Response(
            status=status,
            text=f"{status}: {why}\n" if why else "",
            headers={"server": "Fly/emulator", "via": "1.1 fly.io", "fly-request-id": number},
        )

    async def _http(
        self, request: web.BaseRequest, route: Route, forward: CIMultiDict[str], number: str
    ) -> web.StreamResponse:
        session = route.runner.session(route.port.internal_port, "proxy")
        async with session.request(
            request.method,
            _target(route, request),
            headers=forward,
            allow_redirects=False,
            data=request.content if request.body_exists else None,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as answer:
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            for name, value in fly_headers.end_to_end(
                answer.headers.items(), answer.headers.get("Connection", "")
            ).items():
                response.headers.add(name, value)
            response.headers["server"] = "Fly/emulator"
            response.headers["via"] = "1.1 fly.io"
            response.headers["fly-request-id"] = number
            await response.prepare(request)
            try:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            except (aiohttp.ClientError, ConnectionError):
                drop(request)  # the answer has begun: only a broken connection tells that it is cut
            return response

    async def _websocket(
        self, request: web.BaseRequest, route: Route, forward: CIMultiDict[str], number: str
    ) -> web.StreamResponse:
        """Connect to the app first, so that its refusal reaches the client; then pass messages both ways."""
        wanted = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name]
        plain = CIMultiDict(item for item in forward.items() if not item[0].lower().startswith("sec-websocket-"))
        session = route.runner.session(route.port.internal_port, "proxy")
        try:
            upstream = await session.ws_connect(
                _target(route, request),
                protocols=wanted,
                headers=plain,
                max_msg_size=0,
                autoping=False,
                autoclose=False,
                compress=15 if "permessage-deflate" in request.headers.get("Sec-WebSocket-Extensions", "") else 0,
            )
        except aiohttp.WSServerHandshakeError:
            # The refusal's body is gone with the handshake: ask again as plain HTTP, and pass all of the answer.
            return await self._http(
                request, route, CIMultiDict(forward, Connection="Upgrade", Upgrade="websocket"), number
            )
        client = web.WebSocketResponse(
            protocols=(upstream.protocol,) if upstream.protocol else (),
            max_msg_size=0,
            autoping=False,
            autoclose=False,
            timeout=5.0,
        )
        await client.prepare(request)
        ways = [asyncio.create_task(_pass(client, upstream)), asyncio.create_task(_pass(upstream, client))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await asyncio.gather(client.close(), upstream.close(), return_exceptions=True)
        return client


def server(edge: Edge) -> web.Server:
    """Serves an edge over whatever socket it is given."""
    return web.Server(
        edge.handle,
        access_log=None,
        max_line_size=LONG_LINE,
        max_field_size=LONG_LINE,
        auto_decompress=False,
        keepalive_timeout=75,
    )


def _wants_websocket(request: web.BaseRequest) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _target(route: Route, request: web.BaseRequest) -> URL:
    return URL(f"http://{route.runner.machine.ipv4}:{route.port.internal_port}{request.raw_path}", encoded=True)


async def _pass(
    source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    target: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    """Pass messages until one side closes; its close code and reason go to the other."""
    while True:
        message = await source.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.PING:
            await target.ping(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            await target.pong(message.data)
        elif message.type is aiohttp.WSMsgType.CLOSE:
            code = message.data or aiohttp.WSCloseCode.OK
            await target.close(code=code, message=(message.extra or "").encode())
            await source.close(code=code)
            return
        else:  # the connection broke
            await target.close(code=aiohttp.WSCloseCode.GOING_AWAY)
            return
