"""HTTP probes against a server that answers as the gateway was seen to answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.errors import InvalidValue
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import (
    HttpProbe,
    NotReady,
    ProbeFailed,
    ProxyAttributionRequired,
    TokenRefused,
)

ATTRIBUTION = {"error": {"message": "Proxy client attribution is required.", "type": "proxy_attribution_required"}}
PAGE = b"<!doctype html><title>OpenClaw</title>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: dict[str, tuple[int, Any]] = {}
    hosts: list[str] = []
    connections: set[Any] = set()

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        self.connections.add(self.client_address)
        status, body = self.answers.get(self.path, (200, PAGE))
        if self.path == "/control-ui-config.json" and self.headers["Authorization"] != "Bearer good":
            status, body = 401, {"error": {"message": "Unauthorized", "type": "unauthorized"}}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if body is PAGE else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.answers = {"/control-ui-config.json": (200, {"serverVersion": "2026.9.6"})}
    Handler.hosts, Handler.connections = [], set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def probe(server: ThreadingHTTPServer) -> Iterator[HttpProbe]:
    probe = HttpProbe(Endpoint.parse(f"http://app.localhost:{server.server_port}"), timeout=60)
    yield probe
    probe.close()


def test_started_is_told_by_the_json(probe: HttpProbe) -> None:
    Handler.answers["/startupz"] = 200, {"ok": True, "status": "started"}
    assert probe.startup() == {"ok": True, "status": "started"}


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (200, PAGE, ProbeFailed, "a web page, not the probe's JSON"),
        (
            503,
            {"ok": False, "status": "starting", "pendingReason": "startup-sidecars"},
            NotReady,
            "starting.*waits for startup-sidecars",
        ),
        (503, {"ok": False, "status": "draining"}, NotReady, "is draining"),
        (403, ATTRIBUTION, ProxyAttributionRequired, "gateway.trustedProxies"),
        (502, b"upstream", NotReady, "proxy does not reach the gateway"),
        (404, b"{}", ProbeFailed, "not a gateway's.*404"),
    ],
)
def test_what_is_not_started(probe: HttpProbe, status: int, body: Any, error: type[ProbeFailed], message: str) -> None:
    Handler.answers["/startupz"] = status, body
    with pytest.raises(error, match=message):
        probe.startup()


def test_ready_names_what_fails(probe: HttpProbe) -> None:
    Handler.answers["/readyz"] = 503, {"ready": False, "failing": ["discord"]}
    with pytest.raises(NotReady, match="discord"):
        probe.ready()


def test_the_token_is_proved_and_never_told(probe: HttpProbe) -> None:
    assert probe.auth("good")["serverVersion"] == "2026.9.6"
    assert probe.refuses()
    with pytest.raises(TokenRefused) as raised:
        probe.auth("bad-token-value")
    assert "bad-token-value" not in str(raised.value)


def test_one_connection_with_the_urls_host(probe: HttpProbe, server: ThreadingHTTPServer) -> None:
    for _ in range(3):
        probe.get("/")
    assert Handler.hosts == [f"app.localhost:{server.server_port}"] * 3
    assert len(Handler.connections) == 1


def test_another_address_can_stand_in_for_the_name(server: ThreadingHTTPServer) -> None:
    probe = HttpProbe(Endpoint.parse("http://my-openclaw.example", ("127.0.0.1", server.server_port)))
    assert probe.get("/").status == 200
    assert Handler.hosts == ["my-openclaw.example"]


def test_nobody_listens(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(ProbeFailed, match=r"does not answer.*Nothing listens there"):
        HttpProbe(Endpoint.parse(f"http://app.localhost:{server.server_port}"), timeout=60).startup()


@pytest.mark.parametrize(
    "url", ["ftp://x", "x.fly.dev", "https://", "https://u:secret@x", "https://x/?token=secret", "http://x:99999"]
)
def test_a_url_that_cannot_be_used(url: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        Endpoint.parse(url)
    assert "secret" not in str(raised.value)


def test_urls_of_both_kinds() -> None:
    endpoint = Endpoint.parse("wss://App.localhost:8443/base/")
    assert endpoint.http_url == "https://app.localhost:8443/base"
    assert endpoint.ws_url == "wss://app.localhost:8443/base"
    assert endpoint.address == ("127.0.0.1", 8443)
    assert Endpoint.parse("https://a.fly.dev").ws_url == "wss://a.fly.dev/"
