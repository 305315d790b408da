"""How long a proof waits: until a gateway serves, and no longer than it can help."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._gateway.proof import GatewayProof, permanent
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import Endpoint, Obstacle, host_and_port
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import ProbeFailed
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import Release


class Clock:
    """Sleeping costs no time of ours, and real time counts too."""

    def __init__(self) -> None:
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self.slept


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> Clock:
    virtual = Clock()
    monkeypatch.setattr(clock, "sleep", virtual.sleep)
    monkeypatch.setattr(clock, "monotonic", virtual.monotonic)
    return virtual


def proof(url: str, context: Context) -> GatewayProof:
    return GatewayProof(Endpoint.parse(url), None, Release.parse("2026.9.6"), context, 180.0)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9", "Nothing listens there"),
        ("http://no-such-host.invalid", "the name does not resolve"),
    ],
)
def test_a_reason_that_stays_ends_the_wait(
    slept: Clock, url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def unknown(host: str, *args: Any, **options: Any) -> Any:
        """As a resolver answers for a name that does not exist; without a network there is none to ask."""
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ProbeFailed, match=reason) as failed:
        proof(url, Context()).observe()
    assert slept.slept < 10
    assert float(str(failed.value.details["waited"])) < 60


@contextmanager
def answering(*statuses: int) -> Iterator[str]:
    """A server that gives these statuses in turn, then a started gateway."""
    left = list(statuses)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = left.pop(0) if left else 200
            body = b'{"ok": true, "status": "started", "ready": true}' if status == 200 else b"no"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_may_still_come_is_waited_for_and_reported_when_it_changes(slept: Clock) -> None:
    lines: list[str] = []
    with answering(*[502] * 40, *[404] * 10) as url:
        assert proof(url, Context(progress=lines.append)).observe()["started"] is True
    assert 45 < slept.slept < 60
    assert len(lines) == 3, lines  # at first, after half a minute, and when the answer was another
    assert "waiting for the gateway to serve: The proxy does not reach the gateway (it answers 502)" in lines[0]
    assert "404" in lines[2]


def test_a_gateway_that_never_serves_is_left_when_time_is_up(slept: Clock) -> None:
    with answering(*[503] * 1000) as url, pytest.raises(CollectionError, match="it answers 503") as failed:
        proof(url, Context()).observe()
    assert 170 < slept.slept < 190
    assert float(str(failed.value.details["waited"])) >= 180


@pytest.mark.parametrize(
    ("obstacle", "host", "waited", "is_permanent"),
    [
        (Obstacle.REFUSED, "a.fly.dev", 1, False),
        (Obstacle.REFUSED, "a.fly.dev", 4, True),
        (Obstacle.UNREACHABLE, "a.fly.dev", 4, True),
        (Obstacle.AUTHORITY, "a.fly.dev", 4, True),
        (Obstacle.NAME, "own.example", 4, True),
        (Obstacle.NAME, "a.fly.dev", 40, False),
        (Obstacle.NAME, "a.fly.dev", 50, True),
        (Obstacle.CERTIFICATE_NAME, "own.example", 50, False),
        (Obstacle.CERTIFICATE_NAME, "own.example", 61, True),
        (Obstacle.OTHER, "a.fly.dev", 170, False),
        (None, "a.fly.dev", 170, False),
    ],
)
def test_what_stays(obstacle: Obstacle | None, host: str, waited: float, is_permanent: bool) -> None:
    seen = ProbeFailed("The gateway does not answer")
    seen.obstacle = obstacle
    assert bool(permanent(seen, host, waited)) is is_permanent


def test_a_temporary_failure_of_the_resolver_is_no_wrong_name() -> None:
    from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.endpoint import obstacle

    assert obstacle(socket.gaierror(socket.EAI_AGAIN, "try again")) is Obstacle.OTHER
    assert obstacle(socket.gaierror(socket.EAI_NONAME, "unknown")) is Obstacle.NAME


@pytest.mark.parametrize("text", ["localhost", ":80", "localhost:http", "localhost:0", "localhost:70000"])
def test_an_address_to_connect_to_has_a_host_and_a_port(text: str) -> None:
    with pytest.raises(CollectionError, match="connect_to is not HOST:PORT"):
        host_and_port(text, "connect_to")
    assert host_and_port("[::1]:3000", "connect_to") == ("::1", 3000)
    assert host_and_port("", "connect_to") is None
