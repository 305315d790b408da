"""openclaw_doctor on the real gateway: no false finding on a healthy one, and why another one crashes."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from support.gateway import CONFIG, GatewaySite, eventually

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run
from ansible_collections.openclaw.fly.plugins.module_utils._doctor.sources import COMMANDS
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.remote_files import RemoteFiles
from ansible_collections.openclaw.fly.plugins.module_utils._gateway.calls import call
from ansible_collections.openclaw.fly.plugins.module_utils._gateway.cli import GatewayCli
from ansible_collections.openclaw.fly.plugins.module_utils._options.api import API_OPTIONS, connect

pytestmark = [pytest.mark.gateway, pytest.mark.slow]
KEY = "sk-or-v1-" + "0123456789abcdef" * 4
BUSY = {"gateway.slow", "gateway.log_slow_disk"}
"""True of a real gateway on a busy computer, whatever is tested."""


def api_options(site: GatewaySite) -> dict[str, Any]:
    emulator = site.emulator
    return {"api_token": emulator.token, "machines_url": emulator.api_url, "api_url": emulator.api_url}


def examine(site: GatewaySite, **params: Any) -> dict[str, Any]:
    """The module's result; it writes nothing."""
    module = importlib.import_module("ansible_collections.openclaw.fly.plugins.modules.openclaw_doctor")
    reached = {"url": site.url, "tls_ca_file": str(site.emulator.ca_file), "hostnames": [site.host]}
    given = {**api_options(site), "app": site.app, "exposure": "public", **reached, **params}
    validated = ArgumentSpecValidator(module.SPEC["argument_spec"]).validate(given)
    assert not validated.error_messages, validated.error_messages
    site.emulator.clear_journal()
    found = run(module.body, validated.validated_parameters, Context())
    assert "failed" not in found and site.writes() == [], found
    return found


def ids(found: dict[str, Any]) -> set[str]:
    return {entry["id"] for entry in found["findings"]} - BUSY


def test_a_healthy_gateway_has_no_finding(deployed: GatewaySite) -> None:
    before = deployed.config_stat, deployed.process
    eventually("it has none", lambda: not ids(examine(deployed)))
    found = examine(deployed)
    assert {entry["what"] for entry in found["unread"]} == set(COMMANDS), found["unread"]
    assert found["checked"] > 130
    assert (deployed.config_stat, deployed.process) == before


def test_openclaws_own_checks_find_nothing(deployed: GatewaySite) -> None:
    """They take a minute on a quiet computer, and may not end in time on a busy one."""
    found = examine(deployed, commands=list(COMMANDS))
    own = [entry["id"] for entry in found["findings"] if set(entry["evidence"]) & COMMANDS.keys()]
    assert own == [], found["report"]
    assert len(found["unread"]) < len(COMMANDS), found["unread"]


def test_a_stored_key_shadows_the_secret(deployed: GatewaySite) -> None:
    """Pasted into the Control UI once, it wins over each key that is set later."""
    params = ArgumentSpecValidator(API_OPTIONS).validate(api_options(deployed)).validated_parameters
    cli = GatewayCli(RemoteFiles(connect(params, Context()), deployed.app, deployed.machine["id"]), "1000:1000")
    stored = {"agentId": "main", "provider": "openrouter", "apiKey": KEY}
    deployed.emulator.request("POST", f"/v1/apps/{deployed.app}/secrets", {"values": {"OPENROUTER_API_KEY": KEY}})
    try:
        assert "gateway.shadowed_key" not in ids(examine(deployed))
        assert not call(cli, [("models.authSetApiKey", stored)])[1][0].refusal
        found = examine(deployed)
        assert "gateway.shadowed_key" in ids(found), found["report"]
        assert KEY not in json.dumps(found)
    finally:
        call(cli, [("models.authLogout", {"agentId": "main", "provider": "openrouter"})])
        values = {"values": {"OPENROUTER_API_KEY": None}}
        deployed.emulator.request("POST", f"/v1/apps/{deployed.app}/secrets", values)


def test_a_gateway_that_crashes(deployed: GatewaySite) -> None:
    """An invalid edit and a restart: it ends with 78, again and again, and the cause is in its log."""
    before = deployed.sh(f"cat {CONFIG}")
    deployed.write_config(json.dumps({"gateway": {"mode": "local", "unheardOf": True}}))
    eventually("the edit is found", lambda: "gateway.config_invalid" in ids(examine(deployed)))
    machine = deployed.machine["id"]
    try:
        deployed.emulator.request("POST", f"/v1/apps/{deployed.app}/machines/{machine}/restart")
        wanted = {"fly.crash_loop", "machine.exit_78", "gateway.log_config_invalid"}
        eventually("the loop is found", lambda: wanted <= ids(examine(deployed, grounds=["fly"])))
    finally:
        (deployed.data / "openclaw.json").write_text(before)
        deployed.run().ok()
    eventually("it has none again", lambda: not ids(examine(deployed)))
