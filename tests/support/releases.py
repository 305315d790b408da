"""The life of a gateway that began with an older release: deployed, changed, talked to, upgraded, idle in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_errors import PairingRequired
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.gateway_login import prove
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE

from .gateway import CONFIG, GatewaySite
from .site import changes, result

OLD_WORDS: dict[str, Any] = {
    "gateway": {"reload": {"mode": "hot"}},
    "agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}},
}
"""Right in every release before, refused or rewritten by the newest: what a person has declared by then."""
NEW_WORDS = ("gateway.reload.mode: hot is now hybrid", "claude-sonnet-4-5 is now anthropic/claude-sonnet-4-6")


class Life:
    """Steps that build on one another; each returns what it found out, and fails when it is not right."""

    newest = DEFAULT_RELEASE

    def __init__(self, site: GatewaySite, release: str) -> None:
        self.site, self.release = site, release
        self.device = DeviceIdentity.generate()
        site.variables |= {"fly_app_release": release, "openclaw_config_extra": OLD_WORDS}

    def steps(self) -> list[Callable[[], dict[str, Any]]]:
        return [self.deploy, self.idle, self.change, self.talk, self.pair, self.refuse, self.upgrade, self.idle]

    def deploy(self) -> dict[str, Any]:
        proof = result(self.site.run().ok(), "openclaw_gateway_info")["proof"]
        assert proof["token_accepted"] and proof["unauthenticated_refused"], proof
        assert self.config["gateway"]["reload"]["mode"] == "hot"
        return {key: proof[key] for key in ("version", "ready", "protocol")}

    def idle(self) -> dict[str, Any]:
        process, stat = self.site.process, self.site.config_stat
        self.site.emulator.clear_journal()
        run = self.site.converge()
        assert (run.changed, changes(run), self.site.writes()) == (0, [], [])
        assert (self.site.process, self.site.config_stat) == (process, stat)
        return {"changed": run.changed}

    def change(self) -> dict[str, Any]:
        version, _pid = self.site.process
        self.site.variables["openclaw_config_max_concurrent"] = 7
        run = self.site.converge()
        assert changes(run) == [("openclaw_config", ["change agents.defaults.maxConcurrent"])]
        assert self.config["agents"]["defaults"]["maxConcurrent"] == 7
        assert self.site.process[0] == version
        return {"effect": result(run, "openclaw_config")["effect"]}

    def talk(self) -> dict[str, Any]:
        """Over the public edge, and inside the machine."""
        proof = prove(self.site.endpoint, self.site.token, origin=self.site.url)
        assert (proof.unauthenticated_refused, proof.token_accepted, proof.origin_accepted) == (True, True, True), proof
        told = self.site.inside()
        assert told["healthy"] is True, told
        return {"release": told["release"], "refused": sorted(told["refused"]), "config": told["config"]}

    def pair(self) -> dict[str, Any]:
        try:
            self.site.connect(self.site.token, self.device).close()
        except PairingRequired as asked:
            self.site.play("pair", request_id=asked.request_id)
        else:
            raise AssertionError("an unknown device was approved unasked")
        return {"scopes": len(self._logged_in())}

    def refuse(self) -> dict[str, Any]:
        """The newer release, with the words of the older one, and nobody allowed to rewrite them."""
        process, stat = self.site.process, self.site.config_stat
        self.site.variables["fly_app_release"] = self.newest
        run = self.site.run().failed()
        for part in ("gateway.reload.mode", "Write hybrid", "migrate: true"):
            assert part in run.output, run.output
        assert (self.site.process, self.site.config_stat) == (process, stat)
        return {}

    def upgrade(self) -> dict[str, Any]:
        self.site.variables["openclaw_config_migrate"] = True
        run = self.site.converge()
        assert all(words in run.output for words in NEW_WORDS), run.output
        proof = result(run, "openclaw_gateway_info")["proof"]
        assert proof["version"] == self.newest, proof
        config = self.config
        assert (config["gateway"]["reload"]["mode"], "list" in config["agents"]) == ("hybrid", False)
        self._logged_in()  # what was paired before is paired still
        return {"changes": [module for module, _lines in changes(run)], "meta": config.get("meta")}

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.site.sh(f"cat {CONFIG}"))
        return found

    def _logged_in(self) -> tuple[str, ...]:
        with self.site.connect(self.site.token, self.device) as client:
            assert self.device.id in [paired.device_id for paired in client.devices().paired]
            return client.hello.scopes
