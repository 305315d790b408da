"""What the scenario left: a gateway with exactly the exposure that its name says, seen from the controller."""

from __future__ import annotations

import json
import os
import socket
import ssl
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import testinfra.host

testinfra_hosts = ["local://"]
SCENARIO = os.environ["MOLECULE_SCENARIO_NAME"]
EXPOSURE = {"convert": "public", "tunnel": "private"}.get(SCENARIO, SCENARIO)
APP = f"scenario-{SCENARIO}"
FOLDER = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / ".local"


@pytest.fixture(scope="session")
def emulator() -> dict[str, Any]:
    """Where it is."""
    found: dict[str, Any] = json.loads((FOLDER / "emulator" / "emulator.json").read_text())
    return found


def call(emulator: dict[str, Any], path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        emulator["api_url"] + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {Path(emulator['token_file']).read_text().strip()}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def from_outside(emulator: dict[str, Any]) -> int:
    """The status that the gateway's public name answers with; 0 when nothing does."""
    context = ssl.create_default_context(cafile=emulator["ca_file"])
    name = f"{APP}.fly.dev.localhost"
    try:
        with (
            socket.create_connection(("127.0.0.1", emulator["edge_https_port"]), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname=name) as tls,
        ):
            tls.sendall(f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            return int(tls.recv(100).split()[1])
    except OSError:
        return 0


def over_flycast(emulator: dict[str, Any]) -> int:
    answer = call(emulator, "/emulator/v1/dial", {"app": APP, "network": "flycast", "path": "/healthz"})
    return int(answer.get("status", 0))


def test_addresses(emulator: dict[str, Any]) -> None:
    ips = call(emulator, f"/v1/apps/{APP}/ip_assignments")["ips"]
    kinds = sorted("private" if ip["ip"].startswith("fdaa:") else "public" for ip in ips)
    assert kinds == {"public": ["public", "public"], "private": ["private"], "sealed": []}[EXPOSURE]


def test_who_reaches_it(emulator: dict[str, Any]) -> None:
    assert from_outside(emulator) == (200 if EXPOSURE == "public" else 0)
    assert over_flycast(emulator) == (200 if EXPOSURE == "private" else 0)


def test_it_runs_and_can_be_entered(emulator: dict[str, Any]) -> None:
    (machine,) = call(emulator, f"/v1/apps/{APP}/machines")
    assert (machine["state"], machine["config"]["restart"]["policy"]) == ("started", "always")
    answer = call(emulator, f"/v1/apps/{APP}/machines/{machine['id']}/exec", {"command": ["echo", "hello"]})
    assert answer["stdout"].strip() == "hello"


def test_files_of_the_controller(host: testinfra.host.Host) -> None:
    token = host.file(str(FOLDER / "gateway.token"))
    assert (token.mode, len(token.content_string.strip())) == (0o600, 64)
    toml = host.file(str(FOLDER / "fly.toml"))
    assert toml.contains("http_service") is (EXPOSURE != "sealed")
    assert toml.contains("force_https = true") is (EXPOSURE == "public")
