"""A private authority, and an address that stands in for a name, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from websockets.sync.server import ServerConnection, serve

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint, Obstacle
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_client import Login, login
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_errors import ConnectFailed, TokenMissing
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import HttpProbe, ProbeFailed

HOST = "my-openclaw.fly.dev"
CONNECTIONS = 200
"""With websockets' synchronous client one in about 1500 stalled."""


class Live(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert self.headers["Host"] == HOST
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ok":true,"status":"live"}')

    def log_message(self, *args: object) -> None:
        pass


def greet(connection: ServerConnection) -> None:
    challenge = {"type": "event", "event": "connect.challenge", "payload": {"nonce": "n", "ts": 1}}
    connection.send(json.dumps(challenge))
    frame = json.loads(connection.recv())
    payload = {"protocol": 4, "server": {"version": "2026.9.6"}}
    connection.send(json.dumps({"type": "res", "id": frame["id"], "ok": True, "payload": payload}))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return str(file)


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def https(context: ssl.SSLContext) -> Iterator[tuple[str, int]]:
    server = HTTPServer(("127.0.0.1", 0), Live)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield "127.0.0.1", server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def wss(context: ssl.SSLContext) -> Iterator[tuple[str, int]]:
    with serve(greet, "127.0.0.1", 0, ssl=context) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield "127.0.0.1", server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


def test_http(https: tuple[str, int], ca_file: str) -> None:
    assert HttpProbe(Endpoint.parse(f"https://{HOST}", https, ca_file)).health()["status"] == "live"
    with pytest.raises(ProbeFailed, match=r"certificate is not accepted.*as CA file"):
        HttpProbe(Endpoint.parse(f"https://{HOST}", https)).health()
    with pytest.raises(ProbeFailed, match=r"certificate is not accepted.*mismatch"):
        HttpProbe(Endpoint.parse("https://other.fly.dev", https, ca_file)).health()


def test_websocket(wss: tuple[str, int], ca_file: str) -> None:
    assert login(Endpoint.parse(f"https://{HOST}", wss, ca_file), Login()).server_version == "2026.9.6"
    with pytest.raises(ConnectFailed, match=r"certificate is not accepted.*as CA file") as refused:
        login(Endpoint.parse(f"https://{HOST}", wss), Login(), timeout=60)
    assert refused.value.obstacle is Obstacle.AUTHORITY
    with pytest.raises(ConnectFailed, match=r"certificate is not accepted.*mismatch") as refused:
        login(Endpoint.parse("https://other.fly.dev", wss, ca_file), Login(), timeout=60)
    assert refused.value.obstacle is Obstacle.CERTIFICATE_NAME


async def greeted(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_json({"type": "event", "event": "connect.challenge", "payload": {"nonce": "n", "ts": 1}})
    sent = await socket.receive_json()
    if not sent["params"]["auth"]:
        error = {"code": "INVALID_REQUEST", "message": "none", "details": {"code": "AUTH_TOKEN_MISSING"}}
        await socket.send_json({"type": "res", "id": sent["id"], "ok": False, "error": error})
        await socket.close(code=1008)
        return socket
    payload = {"server": {"version": "x" * 100_000}}
    await socket.send_json({"type": "res", "id": sent["id"], "ok": True, "payload": payload})
    await socket.receive()
    return socket


def test_many_connections_over_tls(context: ssl.SSLContext, ca_file: str) -> None:
    """TLS 1.3 sends session tickets just when the client sends its request; a refusal is followed by the end."""

    async def connect_often() -> None:
        app = web.Application()
        app.router.add_get("/", greeted)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        endpoint = Endpoint.parse(f"https://{HOST}", runner.addresses[0], ca_file)
        for _ in range(CONNECTIONS // 2):
            with pytest.raises(TokenMissing):
                await asyncio.to_thread(login, endpoint, Login(), timeout=60)
            hello = await asyncio.to_thread(login, endpoint, Login("t"), timeout=60)
            assert hello.server_version == "x" * 100_000
        await runner.cleanup()

    asyncio.run(connect_often())


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="CA file cannot be used"):
        assert Endpoint.parse("https://x", ca_file=str(tmp_path / "none.pem")).ssl_context
