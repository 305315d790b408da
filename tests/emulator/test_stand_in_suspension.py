"""The stand-in's suspension: a lease under which it starts no new work, as 2026.9.6 was seen to give it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from emulator.test_stand_in import free_port

MAIN = (
    "import sys; from fly_emulator.images.featherweight.gateway.main import main; sys.exit(main(sys.argv[2:], {0!r}))"
)
PREPARE, STATUS, RESUME = (f"gateway.suspend.{name}" for name in ("prepare", "status", "resume"))
DRAIN = {"requestId": "one", "drain": True}


@dataclass
class Gateway:
    """A stand-in that runs as a process."""

    port: int
    state: Path
    env: dict[str, str]
    version: str

    def talk(self, *wanted: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        command = [sys.executable, "-c", MAIN.format(self.version), "-", "call-gateway", json.dumps(wanted)]
        ran = subprocess.run(command, env=self.env, capture_output=True, timeout=60)
        result: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(ran.stdout)))
        assert "error" not in result, result
        return result

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        (answer,) = self.talk((method, params))["answers"]
        found: dict[str, Any] = answer["payload"] if answer["ok"] else answer["error"]
        return found

    def probe(self, path: str) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    running: list[subprocess.Popen[bytes]] = []

    def started(version: str = "2026.9.6", **env: str) -> Gateway:
        port = free_port()
        state = {"OPENCLAW_STATE_DIR": str(tmp_path), "OPENCLAW_GATEWAY_TOKEN": "t" * 32}
        whole = {
            **os.environ,
            **state,
            **env,
            "OPENCLAW_GATEWAY_PORT": str(port),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        arguments = ["-", "gateway", "--allow-unconfigured", "--port", str(port), "--bind", "loopback"]
        command = [sys.executable, "-c", MAIN.format(version), *arguments]
        running.append(subprocess.Popen(command, env=whole, stdout=subprocess.PIPE))
        output = running[-1].stdout
        assert output and any(b"[gateway] ready" in line for line in output)
        return Gateway(port, tmp_path, whole, version)

    yield started
    for process in running:
        process.terminate()
        process.communicate(timeout=30)


def test_prepare_fences_everything_until_resume(start: Callable[..., Gateway]) -> None:
    gateway = start()
    assert gateway.talk()["methods"][-3:] == [PREPARE, RESUME, STATUS]
    lease = gateway.call(PREPARE, **DRAIN)
    assert (lease["status"], lease["activeCount"], lease["blockers"]) == ("ready", 0, [])
    for method in ("health", "sessions.list", "cron.list"):
        refused = gateway.call(method)
        assert refused["code"] == "UNAVAILABLE"
        assert refused["details"] == {"method": method, "reason": "gateway-suspending", "phase": "prepared"}
    assert gateway.probe("/healthz")[0] == 200
    for path, told in (("/startupz", {"status": "draining"}), ("/readyz", {"failing": ["gateway-draining"]})):
        status, body = gateway.probe(path)
        assert (status, body | told) == (503, body)

    assert gateway.call(RESUME, suspensionId="wrong")["code"] == "INVALID_REQUEST"
    mine = lease["suspensionId"]
    assert gateway.call(STATUS, suspensionId=mine)["status"] == "ready"
    assert gateway.call(RESUME, suspensionId=mine) == {"ok": True, "status": "running", "resumed": True}
    assert gateway.call(RESUME, suspensionId=mine)["resumed"] is False
    assert gateway.call("health")["ok"]
    assert gateway.probe("/startupz")[0] == gateway.probe("/readyz")[0] == 200


def test_only_an_identical_prepare_renews(start: Callable[..., Gateway]) -> None:
    gateway = start()
    lease = gateway.call(PREPARE, **DRAIN)
    again = gateway.call(PREPARE, **DRAIN)
    assert again["suspensionId"] == lease["suspensionId"] and again["expiresAtMs"] > lease["expiresAtMs"]
    for other in ({"requestId": "one"}, {"requestId": "two", "drain": True}):
        refused = gateway.call(PREPARE, **other)
        assert refused["details"]["reason"] == "gateway-suspension-conflict" and refused["retryAfterMs"] > 60_000
    assert gateway.call(STATUS, suspensionId="foreign")["details"]["reason"] == "gateway-suspension-conflict"


def test_work_in_flight(start: Callable[..., Gateway]) -> None:
    gateway = start()
    work = gateway.state / "featherweight-busy"
    work.touch()
    assert gateway.call(PREPARE, requestId="one")["status"] == "busy"
    assert gateway.probe("/readyz")[0] == 200, "nothing stays closed"
    assert gateway.call(PREPARE, **DRAIN)["status"] == "draining"
    assert gateway.call("health")["details"]["phase"] == "draining"
    work.unlink()
    assert gateway.call(PREPARE, **DRAIN)["status"] == "ready"


def test_a_lease_ends_by_itself(start: Callable[..., Gateway]) -> None:
    gateway = start(FEATHER_LEASE="0.01")
    mine = gateway.call(PREPARE, **DRAIN)["suspensionId"]
    deadline = time.monotonic() + 30
    while gateway.probe("/readyz")[0] != 200:
        assert time.monotonic() < deadline
    assert gateway.call(STATUS, suspensionId=mine) == {"status": "running"}
    assert gateway.call(RESUME, suspensionId=mine)["resumed"] is False


def test_an_older_release_has_no_suspension(start: Callable[..., Gateway]) -> None:
    gateway = start("2026.7.1")
    assert not [method for method in gateway.talk()["methods"] if "suspend" in method]
    assert gateway.call(PREPARE, **DRAIN)["code"] == "INVALID_REQUEST"
    assert gateway.call("health")["ok"]
