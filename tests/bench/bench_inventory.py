"""What the inventory plugin costs over an API that takes 100 ms: seconds and requests, then from its cache.

python tests/bench/bench_inventory.py [--apps 500] [--latency 0.1]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "emulator")]

from support.ansible import Ansible, installed_cores
from support.still import Images, StillRuntime

from fly_emulator.settings import Settings, Token
from fly_emulator.thread import EmulatorThread

TOKEN = "bench-token"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--apps", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds before each answer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        collections = scratch / "collections"
        subprocess.run([sys.executable, REPO / "tools" / "collection.py", "install", collections], check=True)
        settings = Settings(
            scratch / "emulator",
            api_port=0,
            edge_http_port=0,
            edge_https_port=0,
            runtime=StillRuntime(scratch / "emulator"),
            images=Images(),
            tokens=(Token(TOKEN),),
        )
        with EmulatorThread(settings) as thread:
            for number in range(options.apps):
                create(thread.api_url, f"app-{number:03}")
            context = thread.emulator.context
            context.faults.add({"action": "latency", "seconds": options.latency, "count": 0})
            source = scratch / "bench.fly.yml"
            cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": f"{scratch}/cache"}
            source.write_text(json.dumps({"plugin": "openclaw.fly.fly", "org": "personal", **cache}))
            core = installed_cores()[-1]
            ansible = Ansible(core, collections, scratch / "home")
            env = {"FLY_API_TOKEN": TOKEN, "FLY_FLAPS_BASE_URL": thread.api_url, "FLY_API_BASE_URL": thread.api_url}
            print(f"{options.apps} apps, {1000 * options.latency:.0f} ms, ansible-core {core.version}")
            for which in ("first", "from its cache"):
                context.journal.clear()
                began = time.monotonic()
                run = ansible.inventory(source, "--list", env=env)
                seconds = time.monotonic() - began
                if run.rc or len(json.loads(run.stdout)["fly"]["hosts"]) != options.apps:
                    raise SystemExit(run.output)
                print(f"{which:<16}{seconds:>6.1f} s{len(context.journal.select()):>5} requests", flush=True)


def create(url: str, app: str) -> None:
    """An app with an address and a machine that does not run."""
    send(url, "/v1/apps", {"app_name": app, "org_slug": "personal"})
    send(url, f"/v1/apps/{app}/ip_assignments", {"type": "shared_v4"})
    send(url, f"/v1/apps/{app}/machines", {"skip_launch": True, "config": {"image": "registry.fly.io/still:1"}})


def send(url: str, path: str, body: Any) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), headers=headers)
    urllib.request.urlopen(request, timeout=30).close()


if __name__ == "__main__":
    main()
