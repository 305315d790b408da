"""The public edge and the private networks, in front of real processes."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import ssl
from typing import Any

import pytest
import websockets
from emulator.client import Answer, App, Client, Machine, service, until
from support.hang import HANG

ECHO = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else ""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size).decode(); self.rfile.readline()
            self.rfile.readline()
        if self.path == "/slow":
            self.send_response(200); self.end_headers()
            self.wfile.write(b"first"); self.wfile.flush()
            import time; time.sleep(1)
            self.wfile.write(b"last"); self.close_connection = True
            return
        text = json.dumps({"method": self.command, "path": self.path, "body": body, "peer": self.client_address[0],
                           "headers": [[name.lower(), value] for name, value in self.headers.items()]}).encode()
        self.send_response(int(self.path[1:4]) if self.path[1:4].isdigit() else 200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Set-Cookie", "a=1"); self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(text)
    do_GET = do_POST = do_HEAD = do_PUT = answer
    def log_message(self, *_): pass

ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Echo).serve_forever()
"""


def echo(app: App, bind: str = "0.0.0.0", **config: Any) -> Machine:
    """A machine that answers with the request it got."""
    return app.machine(
        **{
            "image": "registry.fly.io/featherweight:1",
            "services": [service(3000)],
            "init": {"exec": ["node", "-c", ECHO, bind, "3000"]},
            "checks": {"up": {"type": "tcp", "port": 3000}},
            **config,
        }
    )


@pytest.fixture(scope="module")
def shown(fly: Client) -> App:
    """A public app with the echo behind it."""
    app = fly.app()
    app.ip("shared_v4")
    app.ip("v6")
    machine = echo(app)
    until(lambda: machine.view()["checks"][0]["status"] == "passing", "it listens")
    return app


def headers(answer: Answer) -> dict[str, str]:
    return dict(answer.json["headers"])


def test_the_headers_that_fly_sets(shown: App) -> None:
    address = shown.client.get(f"{shown.path}/ip_assignments").json["ips"][0]["ip"]
    answer = shown.client.edge(
        "GET",
        f"{shown.name}.fly.dev",
        "/a%2Fb?c=d%20e",
        headers={"Fly-Client-IP": "1.1.1.1", "Fly-Anything": "x", "X-Forwarded-Proto": "http", "X-Custom": "kept"},
    )
    seen = headers(answer)
    assert answer.json["path"] == "/a%2Fb?c=d%20e"
    assert seen["x-forwarded-for"] == f"203.0.113.1, {address}"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-port"], seen["x-forwarded-ssl"]) == ("https", "443", "on")
    assert (seen["fly-client-ip"], seen["fly-forwarded-proto"], seen["fly-forwarded-port"]) == (
        "203.0.113.1",
        "https",
        "443",
    )
    assert (seen["fly-region"], seen["via"], seen["x-custom"]) == ("iad", "1.1 fly.io", "kept")
    assert re.fullmatch(r"t=\d{16}", seen["x-request-start"])
    assert "fly-anything" not in seen
    assert seen["host"] == f"{shown.name}.fly.dev:{shown.client.emulator.edge_https_port}"
    assert answer.headers["via"] == "1.1 fly.io"
    assert answer.headers["fly-request-id"]
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
    if shown.client.emulator.context.runtime.guarantees.private_network:
        assert answer.json["peer"] == "172.19.0.1"


def test_a_spoofed_forwarded_for_stays_on_the_left(shown: App) -> None:
    sent = {"X-Forwarded-For": "127.0.0.1, 10.0.0.1"}
    seen = headers(shown.client.edge("GET", f"{shown.name}.fly.dev", headers=sent, source="127.0.0.9"))
    assert re.fullmatch(r"127\.0\.0\.1, 10\.0\.0\.1, 203\.0\.113\.9, 192\.0\.2\.\d+", seen["x-forwarded-for"])


@pytest.mark.parametrize("host", ["{}.fly.dev", "{}.fly.dev.localhost", "{}.localhost"])
def test_host_names_have_certificates(shown: App, host: str) -> None:
    assert shown.client.edge("GET", host.format(shown.name)).status == 200


def test_force_https(shown: App) -> None:
    name = f"{shown.name}.fly.dev.localhost"
    answer = shown.client.edge("GET", name, "/x?y=1", tls=False)
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{name}:{shown.client.emulator.edge_https_port}/x?y=1"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize("status", [200, 404, 503])
def test_answers_pass_unchanged(shown: App, method: str, status: int) -> None:
    body = "x" * 300_000 if method in ("POST", "PUT") else None
    answer = shown.client.edge(method, f"{shown.name}.fly.dev", f"/{status}", body=body)
    assert answer.status == status
    if method != "HEAD":
        assert (answer.json["method"], answer.json["body"]) == (method, body or "")


def test_bodies_stream(shown: App) -> None:
    port = shown.client.emulator.edge_https_port
    context = ssl.create_default_context(cafile=str(shown.client.emulator.ca_file))
    name = f"{shown.name}.fly.dev"
    connection = http.client.HTTPConnection(name, timeout=HANG)
    connection.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname=name)
    connection.request("GET", "/slow")
    answer = connection.getresponse()
    assert answer.read1(5) == b"first"  # before the rest is written
    assert answer.read() == b"last"
    connection.close()


def closed(client: Client, host: str) -> None:
    """Neither port gives an answer for this host."""
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        client.edge("GET", host)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.edge("GET", host, tls=False)


def test_only_an_app_with_an_address_and_a_service_is_reachable(fly: Client) -> None:
    closed(fly, "nobody-at-all.fly.dev")
    app = fly.app()
    machine = echo(app)
    closed(fly, f"{app.name}.fly.dev")
    app.ip("private_v6")
    closed(fly, f"{app.name}.fly.dev")
    address = app.ip("v6")
    until(lambda: fly.edge("GET", f"{app.name}.fly.dev").status == 200, "it is public")
    fly.delete(f"{app.path}/ip_assignments/{address}")
    closed(fly, f"{app.name}.fly.dev")
    app.ip("shared_v4")
    machine.update({**machine.view()["config"], "services": []})
    closed(fly, f"{app.name}.fly.dev")


def test_routing_follows_state_checks_and_cordon(fly: Client) -> None:
    app = fly.app()
    app.ip("v6")
    host = f"{app.name}.fly.dev"
    machine = echo(app, services=[service(3000, autostart=False, checks=[{"type": "tcp", "interval": "1s"}])])
    assert fly.edge("GET", host).status == 200  # held until the check passes
    machine.post("cordon")
    assert fly.edge("GET", host).status == 503
    machine.post("uncordon")
    assert fly.edge("GET", host).status == 200
    machine.post("stop")
    machine.wait("stopped")
    assert fly.edge("GET", host).status == 503
    config = machine.view()["config"]
    config["services"][0]["autostart"] = True
    machine.update(config, wait=False, skip_launch=True)
    machine.wait("stopped")
    assert fly.edge("GET", host).status == 200  # the request started it
    assert machine.view()["state"] == "started"
    config["services"][0] |= {"internal_port": 3999, "checks": []}
    machine.update(config)
    assert fly.edge("GET", host).status == 502
    assert any("connection refused. Is it listening on 0.0.0.0:3999?" in line for line in app.logs())


WEBSOCKET = """
import base64, hashlib, socketserver, struct, sys

class WebSocket(socketserver.StreamRequestHandler):
    def frame(self):
        opcode, size = self.rfile.read(2)
        size &= 127
        if size > 125:
            size, = struct.unpack(">H" if size == 126 else ">Q", self.rfile.read(2 if size == 126 else 8))
        mask = self.rfile.read(4)
        body = bytearray(self.rfile.read(size))
        for i in range(size): body[i] ^= mask[i & 3]
        return opcode & 15, bytes(body)
    def send(self, opcode, body):
        size = struct.pack(">B", len(body)) if len(body) < 126 else struct.pack(">BQ", 127, len(body))
        self.wfile.write(bytes([128 | opcode]) + size + body)
    def handle(self):
        path = self.rfile.readline().split()[1]
        headers = {}
        while (line := self.rfile.readline().strip()):
            name, _, value = line.decode().partition(":"); headers[name.lower()] = value.strip()
        if path == b"/refuse":
            self.wfile.write(b"HTTP/1.1 403 Forbidden\\r\\nX-Why: no\\r\\nContent-Length: 6\\r\\n\\r\\nreason"); return
        key = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] +
            "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        if "second" in headers.get("sec-websocket-protocol", ""): lines.append("Sec-WebSocket-Protocol: second")
        lines += ["Sec-WebSocket-Accept: " + key, "", ""]
        self.wfile.write("\\r\\n".join(lines).encode())
        if path == b"/close":
            self.send(8, struct.pack(">H", 4321) + b"go away"); self.frame(); return
        if path == b"/headers":
            self.send(1, headers["x-forwarded-for"].encode())
        while True:
            opcode, body = self.frame()
            if opcode == 8:
                print("closed with", struct.unpack(">H", body[:2])[0], body[2:].decode(), flush=True)
                self.send(8, body); return
            self.send(opcode, body)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
Server(("0.0.0.0", int(sys.argv[1])), WebSocket).serve_forever()
"""


def test_websockets_pass_whole(fly: Client) -> None:
    """Subprotocol, large messages both ways, close code and reason both ways, a refusal with its body."""
    app = fly.app()
    app.ip("shared_v4")
    echo(app, init={"exec": ["node", "-c", WEBSOCKET, "3000"]})
    host = f"{app.name}.fly.dev"

    def connect(path: str, **options: Any) -> websockets.connect:
        context = ssl.create_default_context(cafile=str(fly.emulator.ca_file))
        return websockets.connect(
            f"wss://{host}{path}",
            host="127.0.0.1",
            port=fly.emulator.edge_https_port,
            ssl=context,
            server_hostname=host,
            proxy=None,
            max_size=None,
            **options,
        )

    async def talk() -> None:
        async with connect("/", subprotocols=["first", "second"]) as socket:
            assert socket.subprotocol == "second"
            for message in ("grüß", b"\x00\xff", "x" * 3_000_000, ""):
                await socket.send(message)
                assert await socket.recv() == message
            await socket.close(4001, "bye")
        async with connect("/headers") as socket:
            assert (await socket.recv()).startswith("203.0.113.1, 192.0.2.")
        async with connect("/close") as socket:
            with pytest.raises(websockets.ConnectionClosed) as closed_by_app:
                await socket.recv()
            assert closed_by_app.value.rcvd is not None
            assert (closed_by_app.value.rcvd.code, closed_by_app.value.rcvd.reason) == (4321, "go away")
        with pytest.raises(websockets.InvalidStatus) as refused:
            await connect("/refuse")
        answer = refused.value.response
        assert (answer.status_code, answer.headers["X-Why"], bytes(answer.body or b"")) == (403, "no", b"reason")

    asyncio.run(talk())
    until(lambda: "closed with 4001 bye" in app.logs(), "the app sees the client's close code")


def test_a_gateway_that_does_not_trust_the_proxy_refuses_the_public(fly: Client) -> None:
    """As measured with the real gateway: it looks healthy and serves nobody."""
    app = fly.app()
    app.ip("shared_v4")
    app.gateway()
    host = f"{app.name}.fly.dev"
    assert fly.edge("GET", host, "/healthz").status == 200  # held until it listens
    assert fly.edge("GET", host, "/startupz").json["error"]["type"] == "proxy_attribution_required"


def dial(app: App, network: str, port: int = 80, **fields: Any) -> dict[str, Any]:
    answer = app.client.post("/emulator/v1/dial", {"app": app.name, "network": network, "port": port, **fields})
    assert answer.status == 200, answer.text
    return dict(answer.json)


def test_flycast_needs_an_address_and_a_service_and_speaks_ipv4(fly: Client) -> None:
    app = fly.app()
    private = service(3000, ports=[{"port": 80, "handlers": ["http"]}])
    machine = echo(app, services=[private])
    assert "no private_v6 address" in dial(app, "flycast")["error"]
    address = app.ip("private_v6")
    found = until(lambda: dial(app, "flycast", path="/x").get("body"), "Flycast answers")
    seen = dict(json.loads(found)["headers"])
    assert seen["host"] == f"{app.name}.flycast"
    assert seen["x-forwarded-for"].endswith(f", {address}")
    assert seen["x-forwarded-proto"] == "http"
    assert "no machine" in dial(app, "flycast", 3000)["error"]
    machine.update({**machine.view()["config"], "services": [service(3000)]})
    assert dial(app, "flycast")["status"] == 301  # force_https has no place on Flycast
    machine.update({**machine.view()["config"], "services": []})
    assert "no machine" in dial(app, "flycast")["error"]


def test_6pn_is_ipv6_only(fly: Client) -> None:
    app = fly.app()
    machine = echo(app, services=[])
    until(lambda: machine.view()["checks"][0]["status"] == "passing", "it listens on IPv4")
    assert "refused" in dial(app, "6pn", 3000)["error"]
    tier = fly.get("/emulator/v1/info").json
    if not tier["guarantees"]["private_network"]:
        assert f"the {tier['tier']} tier machines have no private network" in dial(app, "6pn", 3000)["error"]
    machine.post("stop")
    machine.wait("stopped")
    assert "no started machine" in dial(app, "6pn", 3000)["error"]


def test_autostop_ends_what_nobody_uses_and_a_request_brings_it_back(run: Any) -> None:
    with run() as fly:
        app = fly.app()
        app.ip("v6")
        idle = echo(app, services=[service(3000, autostop="stop")])
        kept = [echo(app, services=[service(3000, **fields)]) for fields in (
            {"autostop": "off"}, {"autostop": "stop", "min_machines_running": 3})]  # fmt: skip
        assert idle.view()["config"]["services"][0]["autostop"] is True
        until(lambda: fly.advance(30) or idle.view()["state"] == "stopped", "it stops")
        assert [event["source"] for event in idle.view()["events"] if event["status"] == "stopping"] == ["proxy"]
        assert [machine.view()["state"] for machine in kept] == ["started", "started"]
        assert any("excess capacity" in line for line in app.logs())
        for machine in kept:
            fly.delete(f"{machine.path}?force=true")
        assert fly.edge("GET", f"{app.name}.fly.dev").status == 200
        assert idle.view()["state"] == "started"
