"""What 25 kinds of config change cost: as decided by us, as done by the real gateway, and seconds without service.

    python tests/bench/bench_config_changes.py

One gateway boots on the emulator; each change is merged over the ones before. "decided" is openclaw/reload.py's word
from the paths alone, "done" what the gateway's log says. "down" is for how long /startupz through the edge was not
answered with 200, asked ten times a second; a hot change must have 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree", "emulator")]

from support.ansible import Ansible, Run, installed_cores  # noqa: E402  the path above is needed first
from support.emulator import Emulator  # noqa: E402  likewise
from support.gateway import GatewaySite  # noqa: E402  likewise
from support.site import result  # noqa: E402  likewise

from ansible_collections.openclaw.fly.plugins.module_utils.openclaw import reload  # noqa: E402  likewise
from ansible_collections.openclaw.fly.plugins.module_utils.openclaw.paths import leaves, show  # noqa: E402  likewise
from ansible_collections.openclaw.fly.plugins.module_utils.openclaw.probes import ProbeFailed  # noqa: E402  likewise

CHANGES: list[dict[str, Any]] = [
    {"agents": {"defaults": {"maxConcurrent": 5}}},
    {"agents": {"defaults": {"model": {"primary": "anthropic/claude-opus-4-6"}}}},
    {"agents": {"entries": {"second": {}}}},
    {"bindings": [{"agentId": "second", "match": {"channel": "telegram"}}]},
    {"channels": {"telegram": {"enabled": False}}},
    {"channels": {"defaults": {"groupPolicy": "allowlist"}}},
    {"auth": {"profiles": {"anthropic:default": {"mode": "api_key", "provider": "anthropic"}}}},
    {"auth": {"order": {"anthropic": ["anthropic:default"]}}},
    {"logging": {"level": "debug"}},
    {"messages": {"ackReactionScope": "all"}},
    {"session": {"scope": "global"}},
    {"cron": {"enabled": False}},
    {"tools": {"profile": "coding"}},
    {"commands": {"native": False}},
    {"update": {"channel": "extended-stable"}},
    {"gateway": {"trustedProxies": ["172.16.0.0/12", "127.0.0.1/32", "203.0.113.7"]}},
    {"gateway": {"auth": {"rateLimit": {"maxAttempts": 20}}}},
    {"gateway": {"publicOrigin": "https://gateway.example"}},
    {"gateway": {"terminal": {"enabled": False}}},
    {"gateway": {"reload": {"mode": "hybrid"}}},
    {"ui": {"seamColor": "#123456"}},
    {"plugins": {"entries": {"workboard": {"enabled": True}}}},
    {"env": {"vars": {"LANG": "C.UTF-8"}}},
    {"browser": {"remoteCdpTimeoutMs": 2000}},
    {"gateway": {"controlUi": {"basePath": "/ui"}}},
]


class Downtime:
    """Asks /startupz until it is left; `seconds` is the longest time without a yes."""

    def __init__(self, gateway: GatewaySite) -> None:
        self._gateway, self._over, self.seconds = gateway, threading.Event(), 0.0
        self.why = ""
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Downtime:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        probe, failed_at = self._gateway.probe(), 0.0
        while not self._over.wait(0.1):
            began = time.monotonic()
            try:
                probe.startup()
            except ProbeFailed as error:
                self.why = str(error)
                failed_at = failed_at or began
                self.seconds = max(self.seconds, time.monotonic() - failed_at)
            else:
                failed_at = 0.0
        probe.close()


def main() -> None:
    collections = REPO / "build" / "collections"
    subprocess.run([sys.executable, REPO / "tools" / "collection.py", "install", collections], check=True)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        emulator = Emulator(root / "emulator")
        emulator.start()
        try:
            ansible = Ansible(installed_cores()[0], collections, root / "home")
            gateway = GatewaySite(ansible, emulator, root / "site", "bench")
            gateway.variables["openclaw_config_prove"] = False
            gateway.converge()
            print(f"{'change':<44} {'decided':<8} {'done':<8} {'took':<8} {'down s':>6} {'task s':>6}")
            wrong = [line for number, change in enumerate(CHANGES) if (line := one(gateway, number, change))]
        finally:
            emulator.stop()
    for line in wrong:
        print(line)
    print(f"{len(CHANGES)} kinds, {len(wrong)} not as decided")


def configure(gateway: GatewaySite) -> Run:
    """Run configure.yml for the gateway as it is declared by now."""
    hosts = {"gateways": {"hosts": {gateway.app: gateway.variables}}}
    (gateway.inventory / "hosts.yml").write_text(json.dumps(hosts))
    return gateway.ansible.playbook(REPO / "playbooks" / "configure.yml", inventory=gateway.inventory).ok()


def one(gateway: GatewaySite, number: int, change: dict[str, Any]) -> str:
    """Apply one change and print its line; a text when the gateway did otherwise than decided."""
    paths = [path for path, _value in leaves(change)]
    decided = reload.effect(paths)
    seen = len(gateway.log())
    gateway.variables[f"openclaw_config_layer_{number:02}"] = change
    began = time.monotonic()
    with Downtime(gateway) as downtime:
        run = configure(gateway)
        time.sleep(2 if decided == "none" else 0)  # what the gateway may do after the task no longer watches
        took = time.monotonic() - began
    effect = result(run, "openclaw_config")["effect"]
    lines = "\n".join(gateway.log()[seen:])
    done = "restart" if "requires gateway restart" in lines else "hot" if "hot reload applied" in lines else "none"
    path = ", ".join(show(path) for path in paths)
    print(
        f"{path:<44} {decided:<8} {done:<8} {effect:<8} {downtime.seconds:6.1f} {took:6.1f}  {downtime.why}", flush=True
    )
    # A change that costs nothing may be called a hot reload of nothing in the log.
    same = decided == done or {decided, done} == {"none", "hot"}
    silent = downtime.seconds == 0 or done == "restart"
    return "" if same and silent else f"not as decided: {path}"


if __name__ == "__main__":
    main()
