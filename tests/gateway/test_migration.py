"""The release's own migration, called as the module calls it in a machine, and a file that a start leaves alone."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._gateway.config_migration import (
    SCRIPT,
    Declared,
    in_words_of,
)
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import config_file
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.config_rules import Facts, check
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.releases import DEFAULT_RELEASE, Release
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.render import gateway_config

from .installed import installed

pytestmark = pytest.mark.gateway

RELEASE = Release.parse(DEFAULT_RELEASE)
TELEGRAM = {"enabled": True, "dmPolicy": "allowlist", "allowFrom": ["42"]}

# What 2026.7 wrote or took (case 16).
LEGACY: dict[str, Any] = {
    "gateway": {"mode": "local", "nodes": {"denyCommands": ["camera.snap"]}},
    "commands": {"ownerDisplay": "raw"},
    "env": {"GOOGLE_CLOUD_PROJECT": "my-project"},
    "messages": {"queue": {"debounceMs": 1000}},
    "logging": {"redactSensitive": "tools"},
    "session": {"idleMinutes": 60},
    "ui": {"assistant": {"name": "Bot"}},
    "plugins": {"bundledDiscovery": "compat", "installs": {"matrix": {"source": "npm", "spec": "@openclaw/matrix"}}},
    "agents": {"defaults": {"model": {"primary": "google/gemini-2.0-flash"}}},
    "channels": {"telegram": {**TELEGRAM, "streaming": "partial"}},
}


@dataclass(frozen=True)
class Here:
    """A machine's Node, as `GatewayCli.node` runs it, without a machine around it."""

    folder: Path

    def node(self, source: str, *arguments: str, stdin: str | None = None) -> dict[str, Any]:
        release = installed()
        done = subprocess.run(
            [str(release.node), "-e", source, *arguments],
            input=stdin,
            cwd=release.package,
            env=release.environment(self.folder / "state", self.folder),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return {"exit_code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    def validate(self, config: dict[str, Any]) -> dict[str, Any]:
        file = self.folder / "openclaw.json"
        file.write_text(config_file.text_of(config))
        file.chmod(0o600)
        env = installed().environment(self.folder / "state", self.folder, OPENCLAW_CONFIG_PATH=str(file))
        told: dict[str, Any] = installed().cli(env, "config", "validate", "--json")
        return told


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def migrated(config: dict[str, Any], here: Here, folder: Path) -> Declared:
    cli: Any = here
    return in_words_of(RELEASE, config, cli, folder / "cache")


def test_a_config_of_an_older_release_becomes_valid(here: Here, tmp_path: Path) -> None:
    assert here.validate(LEGACY)["valid"] is False
    declared = migrated(LEGACY, here, tmp_path)
    assert here.validate(declared.config)["valid"] is True
    assert declared.config["gateway"]["nodes"] == {"commands": {"deny": ["camera.snap"]}}
    assert declared.config["env"] == {"vars": {"GOOGLE_CLOUD_PROJECT": "my-project"}}
    assert declared.config["session"] == {"reset": {"mode": "idle", "idleMinutes": 60}}
    assert "agents.defaults.model.primary: google/gemini-2.0-flash is now google/gemini-2.5-flash" in declared.changes
    assert any("denyCommands" in line for line in declared.changes)
    assert "plugins" not in declared.config and "plugins.installs: is removed" in declared.changes[0]
    # No defaults are written down, and once is enough.
    assert (
        "dmPolicy" in declared.config["channels"]["telegram"]
        and "groupPolicy" not in declared.config["channels"]["telegram"]
    )
    assert migrated(declared.config, here, tmp_path).changes == ()
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("roster", ["list", "entries"])
def test_the_default_marker_keeps_its_meaning(roster: str, here: Here, tmp_path: Path) -> None:
    """Case 10."""
    listed = [{"id": "main", "default": True}, {"id": "work"}]
    agents = {"list": listed} if roster == "list" else {"entries": {"main": {"default": True}, "work": {}}}
    config = {"gateway": {"mode": "local"}, "agents": agents, "channels": {"telegram": TELEGRAM}}
    declared = migrated(config, here, tmp_path)
    found = declared.config
    assert found["agents"]["ownership"] == "explicit"
    assert found["agents"]["entries"] == {"main": {}, "work": {}}
    assert found["agents"]["defaults"]["systemAgent"] == {"agentId": "main"}
    assert found["agents"]["defaults"]["heartbeat"]["agentId"] == "main"
    assert [(each["agentId"], each["match"]["channel"]) for each in found["bindings"]] == [("main", "telegram")]
    assert any("main was the default agent" in line for line in declared.changes)
    told = here.validate(found)
    assert (told["valid"], told["warnings"]) == (True, [])
    assert check(found, Facts(exposure="sealed")) == []


def test_a_start_leaves_a_roster_of_ours_as_it_is(tmp_path: Path) -> None:
    """Byte for byte, so that two never write one file in turns."""
    config = gateway_config(
        {
            "exposure": "sealed",
            "bind": "loopback",
            "port": 28773,
            "catalog_refresh": False,
            "agents": {"main": {}, "work": {}},
            "channels": {"telegram": TELEGRAM},
            "bindings": [{"agentId": "main", "match": {"channel": "telegram"}}],
        }
    )
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    file = state / "openclaw.json"
    file.write_text(config_file.text_of(config))
    file.chmod(0o600)
    before = file.read_bytes()
    release = installed()
    env = release.environment(state, tmp_path, OPENCLAW_GATEWAY_TOKEN="0123456789abcdef" * 4, TMPDIR=str(tmp_path))
    log = tmp_path / "log"
    with log.open("wb") as out:
        gateway = subprocess.Popen(
            release.argv("gateway", "--port", "28773", "--bind", "loopback"),
            cwd=release.package,
            env=env,
            stdout=out,
            stderr=out,
        )
        try:
            deadline = time.monotonic() + 240
            while "[gateway] ready" not in log.read_text() and gateway.poll() is None:
                assert time.monotonic() < deadline, log.read_text()[-2000:]
                time.sleep(0.5)
        finally:
            gateway.terminate()
            gateway.wait(60)
    assert "[gateway] ready" in log.read_text()
    assert file.read_bytes() == before


def test_the_script_is_javascript() -> None:
    done = subprocess.run([str(installed().node), "--check", "-"], input=SCRIPT, text=True, check=False)
    assert done.returncode == 0
