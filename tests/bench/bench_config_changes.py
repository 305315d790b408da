"""What 25 kinds of config change cost: as decided by us, as done by the real gateway, and seconds without service.

    python tests/bench/bench_config_changes.py

One gateway boots on the emulator; each change is merged over the ones before. "decided" is openclaw/reload.py's word
from the paths alone, "done" what the gateway's log says. "down" is for how long /startupz through the edge was not
answered with 200, asked ten times a second; a hot change must have 0.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / part) for part in ("tests", "build/tree", "emulator")]

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from support.bench import rig
from support.gateway import CONFIG, GatewaySite

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import reload
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import Path as ConfigPath
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.paths import leaves, show
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import ProbeFailed
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import deep_merge
from ansible_collections.openclaw.fly.plugins.modules import openclaw_config

CHANGES: list[dict[str, Any]] = [
    {"agents": {"defaults": {"maxConcurrent": 5}}},
    {"agents": {"defaults": {"model": {"primary": "anthropic/claude-opus-4-6"}}}},
    {"agents": {"entries": {"second": {}}, "ownership": "explicit"}},
    {"bindings": [{"agentId": "second", "match": {"channel": "telegram"}}]},
    {"channels": {"telegram": {"enabled": False}}},
    {"channels": {"defaults": {"groupPolicy": "allowlist"}}},
    {"auth": {"profiles": {"anthropic:default": {"mode": "api_key", "provider": "anthropic"}}}},
    {"auth": {"order": {"anthropic": ["anthropic:default"]}}},
    {"logging": {"level": "info"}},
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
    {"discovery": {"wideArea": {"domain": "openclaw.internal"}}},
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
    with rig() as (ansible, emulator, root):
        gateway = GatewaySite(ansible, emulator, root / "site", "bench")
        gateway.converge()
        config = json.loads(gateway.sh(f"cat {CONFIG}"))
        print(f"{'change':<44} {'decided':<8} {'done':<8} {'took':<8} {'down s':>6} {'task s':>6}")
        wrong = []
        for change in CHANGES:
            config = deep_merge(config, change)
            wrong += one(gateway, config, [path for path, _value in leaves(change)])
    for line in wrong:
        print(line)
    print(f"{len(CHANGES)} kinds, {len(wrong)} not as decided")


def configure(gateway: GatewaySite, config: dict[str, Any]) -> str:
    """Have the gateway take a config, as the task does; return what it cost."""
    emulator = gateway.emulator
    api = {"api_token": emulator.token, "machines_url": emulator.api_url, "api_url": emulator.api_url}
    given = {"app": gateway.app, "config": config, "exposure": "public", "schema_cache": str(gateway.root / "schemas")}
    spec = openclaw_config.SPEC["argument_spec"]
    params = ArgumentSpecValidator(spec).validate({**api, **given}).validated_parameters
    done = run(openclaw_config.body, params, Context())
    if done.get("failed"):
        raise SystemExit(done["msg"])
    return str(done["effect"])


def one(gateway: GatewaySite, config: dict[str, Any], paths: list[ConfigPath]) -> list[str]:
    """Apply one change and print its line; return a line when the gateway did otherwise than decided."""
    decided = reload.effect(paths)
    last = gateway.log()[-1]
    began = time.monotonic()
    with Downtime(gateway) as downtime:
        taken = configure(gateway, config)
        took = time.monotonic() - began
        time.sleep(4 if decided == "none" else 1)  # what the gateway may do when the task no longer watches
    log = gateway.log()
    lines = "\n".join(log[log.index(last) + 1 :] if last in log else log)
    done = "restart" if "requires gateway restart" in lines else "hot" if "hot reload applied" in lines else "none"
    path = ", ".join(show(path) for path in paths)
    print(
        f"{path:<44} {decided:<8} {done:<8} {taken:<8} {downtime.seconds:6.1f} {took:6.1f}  {downtime.why}", flush=True
    )
    # The log may call it a hot reload when there is nothing to reload.
    same = decided == done or {decided, done} == {"none", "hot"}
    return [] if same and (downtime.seconds == 0 or done == "restart") else [f"not as decided: {path}"]


if __name__ == "__main__":
    main()
