"""A living gateway: asked in its machine, its devices let in by policy, named, and shut out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Run
from support.faults import poll
from support.gateway import CONFIG, GatewaySite

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import config_file
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import gateway_errors as gc
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity

pytestmark = [pytest.mark.gateway, pytest.mark.slow]


def tasks(gateway: GatewaySite, *wanted: dict[str, Any], **options: Any) -> Run:
    """Run tasks of the collection for this gateway; `wanted` are {module: options}, named by their order."""
    api = {
        "app": gateway.app,
        "api_token": gateway.emulator.token,
        "machines_url": gateway.emulator.api_url,
        "api_url": gateway.emulator.api_url,
    }
    listed = [
        {"name": str(number), f"openclaw.fly.{module}": {**api, **given}}
        for number, each in enumerate(wanted)
        for module, given in each.items()
    ]
    return gateway.ansible.tasks(*listed, **options)


def test_it_is_asked_in_its_machine(deployed: GatewaySite) -> None:
    process = deployed.process
    told = tasks(deployed, {"openclaw_gateway_info": {"inside": True}}).ok().of("0")["gateway"]
    assert (told["release"], told["healthy"], told["refused"]) == ("2026.9.6", True, {})
    text = deployed.sh(f"cat {CONFIG}")
    assert told["config"] == {
        "path": CONFIG, "valid": True, "applied": True, "sha256": config_file.sha256(text), "problems": [],
    }  # fmt: skip
    assert told["memory"]["gateway"] > 200_000_000
    assert told["disk"]["path"] == "/data"
    assert deployed.token not in json.dumps(told)
    assert deployed.process == process


def test_a_channel_that_does_not_work_is_told(deployed: GatewaySite) -> None:
    run = tasks(deployed, {"openclaw_gateway_info": {"channels": ["discord"]}}).failed()
    assert "discord: the gateway does not know it; its plugin is not loaded" in run.output


def test_a_skill_is_known_to_the_running_gateway(deployed: GatewaySite, tmp_path: Path) -> None:
    process = deployed.process
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "SKILL.md").write_text("---\nname: weather\ndescription: what it is like here\n---\n")
    skills = {"a-skill": str(REPO / "tests/support/skills/a-skill"), "my-weather": str(mine)}
    run = tasks(deployed, {"openclaw_skill": {"skills": skills}}).ok()
    assert run.of("0")["shadows"] == ["my-weather"]

    def is_known() -> bool:
        known = {each["name"]: each for each in deployed.call("skills.status")["skills"]}
        wanted = {"source": "openclaw-managed", "eligible": True}
        return all(wanted.items() <= known.get(name, {}).items() for name in ("a-skill", "weather"))

    assert poll(is_known)
    assert tasks(deployed, {"openclaw_skill": {"exact": True}}).ok().changed == 1

    def is_gone() -> bool:
        """The gateway watches the folder, and looks again within a second or so."""
        known = {each["name"]: each for each in deployed.call("skills.status")["skills"]}
        return (known["weather"]["source"], "a-skill" in known) == ("openclaw-bundled", False)

    assert poll(is_gone)
    assert deployed.process == process


def test_plugins_are_those_that_are_declared(deployed: GatewaySite) -> None:
    """Machines of the emulator reach no registry: what would be installed is refused, and by the plan already."""
    bundled = {"packages": {"@openclaw/telegram": "2026.9.6"}, "exact": True}
    missing = {"packages": {"@openclaw/discord": "2026.9.6"}}
    plan = tasks(deployed, {"openclaw_plugin": bundled}, check=True).ok()
    assert plan.of("0")["changes"] == []
    assert "telegram" in plan.of("0")["bundled"]
    moving = tasks(deployed, {"openclaw_plugin": {"packages": {"@openclaw/discord": "latest"}}}).failed()
    assert "no exact version" in moving.output
    # In the process tier machines have this host's network: there npm says it.
    for check in (True, False) if not deployed.emulator.info["egress"] else (False,):
        assert "--egress" in tasks(deployed, {"openclaw_plugin": missing}, check=check).failed().output


def test_a_policy_lets_in_whom_it_names_and_no_other(deployed: GatewaySite) -> None:
    device = DeviceIdentity.generate()
    with pytest.raises(gc.PairingRequired):
        deployed.connect(deployed.token, device)
    listed = tasks(deployed, {"openclaw_device": {}}).ok().of("0")["pending"]
    [pending] = [each for each in listed if each["device_id"] == device.id]

    elsewhere = {"state": "approved", "policy": {"networks": ["198.51.100.0/24"]}}
    assert tasks(deployed, {"openclaw_device": elsewhere}).ok().changed == 0
    here = {"state": "approved", "policy": {"networks": [pending["remote_ip"]], "client_ids": ["gateway-client"]}}
    label = {"state": "labelled", "device_id": device.id, "label": "a laptop"}
    run = tasks(deployed, {"openclaw_device": here}, {"openclaw_device": label}, {"openclaw_device": label}).ok()
    assert f"approve {pending['request_id']}" in run.of("0")["changes"]
    assert [each["label"] for each in run.of("2")["paired"] if each["device_id"] == device.id] == ["a laptop"]
    assert run.of("2")["changed"] is False
    with deployed.connect(deployed.token, device) as client:
        assert client.hello.scopes

    revoked = {"state": "revoked", "device_id": device.id}
    absent = {"state": "absent", "device_id": device.id}
    tasks(deployed, {"openclaw_device": revoked}).ok()
    with pytest.raises(gc.PairingRequired):
        deployed.connect(deployed.token, device)
    gone = tasks(deployed, {"openclaw_device": absent}).ok().of("0")
    assert device.id not in [each["device_id"] for each in gone["paired"]]
