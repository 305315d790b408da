"""What comes through the tunnel of its scenario, asked at a stand-in for the vendor's edge."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))
from support.tunnel import Vendor

testinfra_hosts = ["local://"]
pytestmark = pytest.mark.skipif(os.environ["MOLECULE_SCENARIO_NAME"] != "tunnel", reason="no tunnel here")
EMULATOR = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / ".local" / "emulator"
HOST = "hooks.tunnel.localhost"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where the edge listens, once the program has dialled in."""
    [bin_folder] = EMULATOR.glob("volumes/*/data/bin")
    vendor = Vendor(bin_folder)
    with vendor.edge(HOST) as url:
        port = int(url.rpartition(":")[2])
        deadline = time.monotonic() + 60
        while status(port, "/hooks/wake") == 0:
            assert time.monotonic() < deadline, "the tunnel is not there"
            time.sleep(0.2)
        yield port


def status(port: int, path: str, **headers: str) -> int:
    """What the edge answers to a POST there; 0 when nothing is behind it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, b"{}", {"Host": HOST, "Content-Type": "application/json", **headers})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def test_a_webhook_comes_through_and_demands_its_token(port: int) -> None:
    """The stand-in gateway has no hooks: 405 is its own answer to a POST."""
    assert status(port, "/hooks/wake") in (401, 405)


def test_nothing_else_comes_through(port: int) -> None:
    for path in ("/", "/healthz", "/hooks", "/hooks/agent", "/tools/invoke", "/control-ui-config.json"):
        assert status(port, path) == 404, path


def test_a_websocket_does_not_come_through(port: int) -> None:
    asks = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    assert status(port, "/", **asks, **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}) == 404


def test_it_was_started_again(port: int) -> None:
    [notes] = EMULATOR.glob("volumes/*/data/bin/starts.jsonl")
    starts = [json.loads(line) for line in notes.read_text().splitlines()]
    assert len(starts) >= 2
    assert all("OPENCLAW_GATEWAY_TOKEN" not in start["env"] for start in starts)
