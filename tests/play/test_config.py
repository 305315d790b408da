"""openclaw.json through plays: drift, layers, includes, whose the file is, and a new release."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Ansible, Run
from support.emulator import Emulator
from support.site import Site, changes, modules, result

CONFIG = "openclaw.json"


def config(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((site.data / CONFIG).read_text())
    return found


def edit(site: Site, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the file behind the collection's back, as a person in the machine does."""
    content = config(site)
    change(content)
    (site.data / CONFIG).write_text(json.dumps(content))


def configure(site: Site) -> Run:
    """Run configure.yml, which must succeed, for what site.yml was run for."""
    site.declare()
    return site.ansible.playbook(REPO / "playbooks" / "configure.yml", inventory=site.inventory).ok()


@pytest.fixture(scope="module")
def shared_site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A gateway that serves."""
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "configured")
    site.converge()
    return site


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    """A gateway that is as it was declared at first. Each test leaves it so, whatever comes next."""
    declared = dict(shared_site.variables)
    yield shared_site
    shared_site.variables = declared


def test_drift_in_our_paths_is_told_by_a_check_and_mended_by_a_run(site: Site) -> None:
    def drift(content: dict[str, Any]) -> None:
        content["gateway"]["trustedProxies"] = []
        content["agents"]["defaults"]["maxConcurrent"] = 99
        content["ui"] = {"seamColor": "#123456"}

    wanted = config(site)
    edit(site, drift)
    plan = site.converge(check=True, diff=True)
    assert changes(plan) == [("openclaw_config", ["change agents.defaults.maxConcurrent, gateway.trustedProxies"])]
    assert '"agents.defaults.maxConcurrent": 99' in plan.output
    assert config(site)["gateway"]["trustedProxies"] == []
    assert changes(site.converge()) == changes(plan)
    assert config(site) == {**wanted, "ui": {"seamColor": "#123456"}}


def test_layers_of_the_inventory_merge(site: Site) -> None:
    site.variables |= {
        "openclaw_config_layer_30_host": {"logging": {"consoleLevel": "info"}, "session": {"scope": "global"}},
        "openclaw_config_layer_10_fleet": {"logging": {"level": "info"}, "session": {"scope": "per-sender"}},
    }
    site.converge()
    assert config(site)["logging"] == {"level": "info", "consoleLevel": "info"}
    assert config(site)["session"] == {"scope": "global"}
    del site.variables["openclaw_config_layer_30_host"]
    site.converge()
    assert config(site)["logging"] == {"level": "info"}
    assert config(site)["session"] == {"scope": "per-sender"}
    del site.variables["openclaw_config_layer_10_fleet"]
    site.converge()
    assert not {"logging", "session"} & config(site).keys()


def test_an_include_stays_and_is_told(site: Site) -> None:
    (site.data / "base.json5").write_text(
        "{ gateway: { port: 4000 }, agents: { defaults: { maxConcurrent: 9 } }, tts: {} } // ours"
    )
    if site.emulator.info["guarantees"]["owners"] == "real":
        os.chown(site.data / "base.json5", 1000, 1000)
    edit(site, lambda content: content.update({"$include": "./base.json5"}))
    run = site.converge("--skip-tags=look")
    assert changes(run) == []
    assert config(site)["$include"] == "./base.json5"
    [told] = result(run, "openclaw_config")["includes"]
    assert (told["file"], told["also_set"]) == ("/data/base.json5", ["gateway.port", "agents.defaults.maxConcurrent"])
    assert "/data/base.json5 sets gateway.port, agents.defaults.maxConcurrent too" in " ".join(run.output.split())
    edit(site, lambda content: content.pop("$include"))


def test_a_read_only_file_is_ours_alone(site: Site) -> None:
    edit(site, lambda content: content.update({"meta": {"lastTouchedVersion": "2026.9.5"}}))
    site.variables["openclaw_config_ownership"] = "readonly"
    assert modules(site.converge()) == ["fly_toml", "openclaw_config", "fly_deploy"]
    assert site.machine["config"]["env"]["OPENCLAW_CONFIG_READONLY"] == "1"
    assert not {"meta", "ui"} & config(site).keys()
    assert site.converge().changed == 0
    site.variables["openclaw_config_layer_99_old"] = {"session": {"typingMode": "never"}}
    site.variables["openclaw_config_waivers"] = {"moved": "it works"}
    refused = site.run().failed()
    assert "session.typingMode: is an old form for OpenClaw 2026.9.6. Write agents.defaults.typingMode" in " ".join(
        refused.output.split()
    )
    for name in ("openclaw_config_layer_99_old", "openclaw_config_waivers", "openclaw_config_ownership"):
        del site.variables[name]
    site.converge()
    assert "OPENCLAW_CONFIG_READONLY" not in site.machine["config"]["env"]


def test_a_new_release_gets_its_config_after_its_deploy(new_site: Callable[..., Site], tmp_path: Path) -> None:
    site = new_site(
        "upgraded",
        fly_app_release="2026.7.1",
        fly_app_image="registry.fly.io/featherweight:{{ fly_app_release }}",
        openclaw_config_layer_old={"session": {"typingMode": "never"}},
        openclaw_config_model="openai/gpt-4o",
        fly_app_secrets={"OPENAI_API_KEY": "sk-" + "proj-" + "a1B2c3D4" * 5},
    )
    site.converge()
    assert config(site)["agents"]["list"] == [{"id": "main"}]
    before = site.fingerprint()[CONFIG]

    site.variables["fly_app_release"] = "2026.9.6"
    refused = " ".join(site.run().failed().output.split())
    assert "session.typingMode: is an old form for OpenClaw 2026.9.6. Write agents.defaults.typingMode" in refused
    assert "Write openai/gpt-5.5: openai/gpt-4o is retired" in refused
    assert "openclaw_config_migrate: true" in refused
    assert site.fingerprint()[CONFIG] == before

    site.variables["openclaw_config_migrate"] = True
    run = site.converge()
    assert modules(run) == ["fly_toml", "fly_deploy", "openclaw_config"]
    assert "the machine still runs OpenClaw 2026.7.1" in " ".join(run.output.split())
    assert "Moved session.typingMode → agents.defaults.typingMode" in " ".join(run.output.split())
    found = config(site)
    assert found["agents"]["entries"] == {"main": {}}
    assert found["agents"]["defaults"]["typingMode"] == "never"
    assert found["agents"]["defaults"]["model"]["primary"] == "openai/gpt-5.5"
    assert "list" not in found["agents"] and "session" not in found
    assert site.converge().changed == 0


ALONE = """
- name: The role alone
  hosts: gateways
  connection: local
  gather_facts: false
  module_defaults:
    group/openclaw.fly.all: "{{ lookup('openclaw.fly.connection') }}"
  roles: [openclaw.fly.openclaw_config]
"""


def test_the_role_alone_keeps_the_apps_own_addresses(site: Site, tmp_path: Path) -> None:
    """They are known from the deployment, which is not part of such a play."""
    play = tmp_path / "alone.yml"
    play.write_text(ALONE)
    trusted = config(site)["gateway"]["trustedProxies"]
    assert len(trusted) > 1
    site.declare()
    assert site.ansible.playbook(play, inventory=site.inventory).ok().changed == 0
    edit(site, lambda content: content["gateway"]["trustedProxies"].append("203.0.113.9"))
    site.ansible.playbook(play, inventory=site.inventory).ok()
    assert config(site)["gateway"]["trustedProxies"] == trusted
    assert site.converge().changed == 0


def test_a_foreign_part_that_keeps_the_gateway_from_starting_is_refused(site: Site) -> None:
    before = config(site)
    edit(site, lambda content: content.update(hooks={"enabled": True}))
    message = site.run().failed().output
    assert "hooks.token: is missing although hooks are enabled" in message
    assert "It is not declared, but exists on the volume" in message
    assert "openclaw_config_ownership: exact" in message
    site.variables["openclaw_config_ownership"] = "exact"
    site.converge()
    del site.variables["openclaw_config_ownership"]
    assert "hooks" not in config(site)
    site.converge()
    assert config(site) == before


def test_configure_changes_the_config_and_nothing_else(site: Site) -> None:
    site.variables["openclaw_config_max_concurrent"] = 6
    site.emulator.clear_journal()
    run = configure(site)
    assert changes(run) == [("openclaw_config", ["change agents.defaults.maxConcurrent"])]
    assert site.writes() == []
    assert site.converge().changed == 0
    del site.variables["openclaw_config_max_concurrent"]
    assert changes(configure(site)) == changes(run)


def test_a_channel_without_its_plugin_or_secret_is_refused_before_anything_is_made(
    fresh_emulator: Emulator, ansible: Ansible, tmp_path: Path
) -> None:
    token = "xoxp-canary-of-another-kind"
    site = Site(
        ansible, fresh_emulator, tmp_path / "site", "channels", openclaw_config_channels={"discord": {}, "slack": {}},
        fly_app_secrets={"SLACK_BOT_TOKEN": token}, openclaw_config_packages={"@openclaw/slack": "latest"},
    )  # fmt: skip
    run = site.run().failed()
    told = " ".join(run.output.split())
    assert "does not bundle its plugin @openclaw/discord" in told
    assert "the machine does not have DISCORD_BOT_TOKEN" in told
    assert "SLACK_BOT_TOKEN: does not look like what slack gives out (xoxb-...)" in told
    assert "the machine does not have SLACK_APP_TOKEN" in told
    assert "@openclaw/slack: is at 'latest', which is no exact version" in told
    assert token not in run.output
    assert fresh_emulator.journal("write") == []
