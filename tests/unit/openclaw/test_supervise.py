"""The script that runs tunnels beside the gateway, run by this machine's own shell."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from support.hang import HANG
from support.tunnel import Vendor, until

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.tunnels.declared import read
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.tunnels.programs import FOLDER, files

TOKEN = "canary-of-the-tunnel"
NGROK = {"kind": "ngrok", "hostname": "voice.tunnel.localhost", "paths": ["/voice/webhook"]}
CLOUDFLARED = {
    "kind": "cloudflared", "hostname": "hooks.tunnel.localhost", "paths": ["/hooks/wake", "/s/*"],
    "id": "6ff42ae2-765d-4adf-8112-31c55c1551ef",
}  # fmt: skip
TAILSCALE = {
    "kind": "tailscale", "mode": "funnel", "hostname": "gw.tunnel.localhost", "paths": ["/hooks/wake", "/s/*"]
}  # fmt: skip
SECRETS = ("NGROK_AUTHTOKEN", "TUNNEL_CRED_CONTENTS", "TS_AUTHKEY", "OPENCLAW_GATEWAY_TOKEN")

GATEWAY = """
import os, signal, subprocess, sys, time
done = []
signal.signal(signal.SIGTERM, lambda *_: done.append(1))
print("gateway up", sorted(name for name in os.environ if name in sys.argv[1].split(",")), flush=True)
child = subprocess.Popen(sys.argv[2:]) if len(sys.argv) > 2 else None
while not done:
    time.sleep(0.02)
print("draining", flush=True)
time.sleep(0.5)
print("drained", flush=True)
if child:
    child.kill()
sys.exit(7)
"""


class Machine:
    """The supervisor with a stand-in gateway, its output in a file."""

    def __init__(self, folder: Path, vendor: Vendor, *declared: Any, gateway: tuple[str, ...] = ()) -> None:
        tunnels, wrong = read(list(declared), 3000)
        assert wrong == []
        for file in files(tunnels):
            place = folder / file["guest_path"].removeprefix("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file["text"])
        self.log = folder / "log"
        command = ["sh", f"{folder}{FOLDER}/supervise", sys.executable, "-c", GATEWAY, ",".join(SECRETS), *gateway]
        env = {"PATH": f"{vendor.folder}:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}
        env |= dict.fromkeys(SECRETS, TOKEN) | {"OPENCLAW_STATE_DIR": str(folder / "data"), "OTHER": "two\nlines=of it"}
        (folder / "data").mkdir()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def says(self, text: str) -> bool:
        return text in self.log.read_text()


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    vendor = Vendor(tmp_path / "bin")
    vendor.install(sys.executable)
    return vendor


@pytest.fixture
def start(tmp_path: Path, vendor: Vendor) -> Iterator[Callable[..., Machine]]:
    started: list[Machine] = []

    def run(*declared: Any, **options: Any) -> Machine:
        started.append(Machine(tmp_path, vendor, *declared, **options))
        until(lambda: started[-1].says("gateway up"))
        return started[-1]

    yield run
    for machine in started:
        machine.process.terminate()
        machine.process.wait(10)


@pytest.fixture
def service() -> Iterator[int]:
    """What a tunnel leads to: answers every request with its path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{self.path} for {self.headers['X-Forwarded-For']}".encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ask(url: str, path: str) -> tuple[int, str]:
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=HANG)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def test_a_tunnel_that_dies_comes_back_and_the_gateway_stays(vendor: Vendor, start: Callable[..., Machine]) -> None:
    machine = start(NGROK)
    (first,) = until(lambda: vendor.starts("ngrok"))
    os.kill(first["pid"], signal.SIGKILL)
    second = until(lambda: vendor.starts("ngrok")[1:])[0]
    assert machine.says("[tunnel] ngrok-voice.tunnel.localhost ended with 137; it is started again in 1 s")
    assert machine.process.poll() is None
    os.kill(second["pid"], signal.SIGTERM)
    until(lambda: machine.says("ended with 0; it is started again in 2 s"))


def test_a_missing_program_is_told_and_keeps_nothing_down(vendor: Vendor, start: Callable[..., Machine]) -> None:
    (vendor.folder / "ngrok").unlink()
    machine = start(NGROK)
    until(lambda: machine.says("ngrok-voice.tunnel.localhost: its program is not in the image"))
    vendor.install(sys.executable, "ngrok")
    until(lambda: vendor.starts("ngrok"))
    assert machine.process.poll() is None


def test_a_stop_is_the_gateways_and_the_tunnel_stays_until_it_has_finished(
    vendor: Vendor, start: Callable[..., Machine]
) -> None:
    machine = start(NGROK, CLOUDFLARED)
    pids = [until(lambda name=name: vendor.starts(name))[0]["pid"] for name in ("ngrok", "cloudflared")]
    machine.process.terminate()
    until(lambda: machine.says("draining"))
    machine.process.terminate()
    assert all(map(alive, pids)), "calls under way still need it"
    assert machine.process.wait(10) == 7
    assert machine.says("drained")
    until(lambda: not any(map(alive, pids)))


def test_the_gateways_end_is_the_machines(vendor: Vendor, start: Callable[..., Machine]) -> None:
    machine = start(NGROK)
    (tunnel,) = until(lambda: vendor.starts("ngrok"))
    (gateway,) = [
        int(pid)
        for pid in Path(f"/proc/{machine.process.pid}/task/{machine.process.pid}/children").read_text().split()
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(sys.executable.encode())
    ]
    os.kill(gateway, signal.SIGKILL)
    assert machine.process.wait(10) == 137
    until(lambda: not alive(tunnel["pid"]))


def test_each_has_its_own_secret_and_none_is_an_argument(vendor: Vendor, start: Callable[..., Machine]) -> None:
    machine = start(NGROK, CLOUDFLARED, {**TAILSCALE})
    expected = {"ngrok": "NGROK_AUTHTOKEN", "cloudflared": "TUNNEL_CRED_CONTENTS"}
    usual = {"PATH", "HOME", "OPENCLAW_STATE_DIR", "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}
    for program, name in expected.items():
        (entry,) = until(lambda program=program: vendor.starts(program))
        assert set(entry["env"]) - usual == {name}
        assert entry["env"][name] == hashlib.sha256(TOKEN.encode()).hexdigest()
    until(lambda: len(vendor.starts("tailscale")) == 4)
    of_tailscale = [*vendor.starts("tailscaled"), *vendor.starts("tailscale")]
    assert all(set(entry["env"]) - usual == set() for entry in of_tailscale)
    entries = [*vendor.starts("ngrok"), *vendor.starts("cloudflared"), *of_tailscale]
    assert TOKEN not in str([entry["argv"] for entry in entries])
    assert machine.says("gateway up ['OPENCLAW_GATEWAY_TOKEN']")
    assert TOKEN not in machine.log.read_text()


@pytest.mark.parametrize("declared", [NGROK, CLOUDFLARED, TAILSCALE], ids=lambda declared: declared["kind"])
def test_only_declared_paths_come_through(
    vendor: Vendor, start: Callable[..., Machine], service: int, declared: dict[str, Any]
) -> None:
    start({**declared, "paths": ["/hooks/wake", "/s/*"], "port": service})
    with vendor.edge(declared["hostname"]) as url:
        until(lambda: ask(url, "/hooks/wake")[0] == 200)
        assert ask(url, "/hooks/wake?x=1") == (200, "/hooks/wake?x=1 for 203.0.113.7")
        until(lambda: ask(url, "/s/token")[0] == 200)
        for path in ("/", "/healthz", "/control-ui-config.json", "/hooks", "/hooks/wakeful", "/s/../tools/invoke"):
            assert ask(url, path)[0] == 404, path


def test_the_plugins_own_ngrok_gets_token_and_policy(
    vendor: Vendor, start: Callable[..., Machine], service: int
) -> None:
    """The voice-call plugin would add the token by argument if it saw it, and asks for no policy."""
    as_plugin = ("ngrok", "http", str(service), "--log", "stdout", "--domain", NGROK["hostname"])
    machine = start({**NGROK, "run_by": "voice-call"}, gateway=as_plugin)
    (entry,) = until(lambda: vendor.starts("ngrok"))
    assert entry["env"]["NGROK_AUTHTOKEN"] == hashlib.sha256(TOKEN.encode()).hexdigest()
    assert "NGROK_AUTHTOKEN" not in machine.log.read_text()
    assert TOKEN not in str(entry["argv"])
    with vendor.edge(NGROK["hostname"]) as url:
        until(lambda: ask(url, "/voice/webhook")[0] == 200)
        assert ask(url, "/other")[0] == 404


def test_tailscale_for_the_gateway_itself(vendor: Vendor, start: Callable[..., Machine]) -> None:
    """The daemon is there and no path is served: that is the gateway's to do, with the daemon's socket."""
    managed = {**TAILSCALE, "run_by": "gateway", "paths": ["/"]}
    start(managed, gateway=("sh", "-c", "sleep 1; tailscale status"))
    until(lambda: len(vendor.starts("tailscale")) == 2)
    (up, status) = vendor.starts("tailscale")
    assert up["argv"][1] == "up" and status["argv"][-1] == "status"
    assert up["argv"][0].removeprefix("--socket=") == status["argv"][1]
