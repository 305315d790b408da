"""A machine's way out, in a network namespace of the test's own: nothing here leaves this host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fly_emulator
from fly_emulator.runtime.base import Runtime

OUTSIDE = "198.51.100.1"
SCENE = """
import asyncio, http.server, json, sys, threading
from dataclasses import replace
from pathlib import Path
from fly_emulator.runtime.holder import libc, netns
libc.unshare(libc.CLONE_NEWNET)
netns.configure([sys.argv[3]], [])
from fly_emulator.images.catalog import Catalog
from fly_emulator.runtime import select
from fly_emulator.runtime.base import MachineSpec
from fly_emulator.runtime.egress import Egress

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204); self.end_headers()
    def log_message(self, *_): pass

def listen(address):
    server = http.server.HTTPServer((address, 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port

GET = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).status)"

async def main(tier, base):
    egress = await Egress.probe()
    if isinstance(egress, str):
        return egress
    runtime = await select(tier, base)
    image = await Catalog(base / "cache", None).resolve("registry.fly.io/featherweight:1", print)
    addresses = ("172.19.0.2", "fdaa::2", "172.19.0.1")
    spec = MachineSpec("m1", "app", image, ("sleep", "100"), {}, (), 128, base / "m1", *addresses)
    found = []
    urls = [f"http://{sys.argv[3]}:{listen(sys.argv[3])}/", f"http://10.0.2.2:{listen('127.0.0.1')}/"]
    for with_egress in (egress, None):
        machine = await runtime.start(replace(spec, egress=with_egress), lambda *line: None)
        for url in urls:
            result = await machine.exec(("node", "-c", GET, url), b"", 20)
            found.append(result.stdout.decode().strip() or result.stderr.decode().strip().splitlines()[-1])
        result = await machine.exec(("cat", "/etc/resolv.conf"), b"", 10)
        found.append(result.stdout.decode().split()[1::2])
        await machine.stop(9, 5)
    return found

print(json.dumps(asyncio.run(main(sys.argv[1], Path(sys.argv[2])))))
"""


def test_a_machine_reaches_the_outside_only_with_egress(runtime: Runtime, tmp_path: Path) -> None:
    if not runtime.guarantees.private_network:
        pytest.skip("machines have this host's network in this tier")
    if os.geteuid() != 0:
        pytest.skip("the test's own outside needs root: run as root")
    done = subprocess.run(
        [sys.executable, "-c", SCENE, runtime.guarantees.tier, str(tmp_path), OUTSIDE],
        env={**os.environ, "PYTHONPATH": str(Path(fly_emulator.__file__).parents[1])},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    if isinstance(found, str):
        pytest.skip(found)
    assert found[0] == "204"
    assert "Error" in found[1], "this host's loopback is reachable"
    assert found[2] == ["10.0.2.3"]
    assert "unreachable" in found[3] and "unreachable" in found[4]
    assert found[5] == ["fdaa::3"]
