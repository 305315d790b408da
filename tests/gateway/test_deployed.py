"""What site.yml does to a real gateway. The tests share one, in this order, so that it boots three times only."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.ansible import Run
from support.gateway import CONFIG, GatewaySite, eventually
from support.site import changes, result

from ansible_collections.openclaw.fly.plugins.module_utils._openclaw import gateway_errors as gc
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.device_identity import DeviceIdentity
from ansible_collections.openclaw.fly.plugins.module_utils._openclaw.probes import ProbeFailed, ProxyAttributionRequired

DISCORD = "M" + "a" * 23 + ".bbbbbb." + "c" * 27
"""A bot token of nobody."""

pytestmark = [pytest.mark.gateway, pytest.mark.slow]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def test_the_first_run_ends_with_what_a_person_needs(first_run: tuple[GatewaySite, Run]) -> None:
    gateway, run = first_run
    recap = "\n".join(result(run, "openclaw_summary")["lines"])
    for part in (gateway.url, str(gateway.token_file), gateway.machine["id"], "OpenClaw 2026.9.6", "openclaw.fly.open"):
        assert part in recap
    assert "started and ready, unauthenticated clients refused, token accepted" in recap
    assert re.fullmatch("[0-9a-f]{64}", gateway.token)
    assert gateway.token_file.stat().st_mode & 0o777 == 0o600


def test_the_edge_serves_it(deployed: GatewaySite) -> None:
    assert deployed.probe().startup() == {"ok": True, "status": "started"}
    port = deployed.emulator.info["edge_http_port"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/chat?a=1", headers={"Host": f"{deployed.host}:{port}"})
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.build_opener(NoRedirect).open(request, timeout=10)
    assert raised.value.code == 301
    assert raised.value.headers["Location"] == f"{deployed.url}/chat?a=1"


def test_only_the_token_opens_it(deployed: GatewaySite) -> None:
    with pytest.raises(gc.TokenMissing):
        deployed.connect(None, DeviceIdentity.generate())
    with pytest.raises(gc.TokenMismatch):
        deployed.connect("0" * 64)
    with deployed.connect(deployed.token) as client:
        assert client.hello.server_version == "2026.9.6"
    assert deployed.probe().refuses()


def test_the_config_is_the_users_alone_and_holds_no_secret(deployed: GatewaySite) -> None:
    assert deployed.sh(f"stat -c '%u:%g %a' {CONFIG}").strip() == "1000:1000 600"
    text = deployed.sh(f"cat {CONFIG}")
    assert deployed.token not in text
    assert json.loads(text)["gateway"]["auth"]["token"]["id"] == "OPENCLAW_GATEWAY_TOKEN"


def test_a_second_run_changes_and_writes_nothing(deployed: GatewaySite) -> None:
    process, stat = deployed.process, deployed.config_stat
    deployed.emulator.clear_journal()
    run = deployed.converge()
    assert (run.changed, changes(run), deployed.writes()) == (0, [], [])
    assert (deployed.process, deployed.config_stat) == (process, stat)


def test_a_hot_setting_changes_without_a_restart(deployed: GatewaySite) -> None:
    process = deployed.process
    deployed.emulator.clear_journal()
    deployed.variables["openclaw_config_max_concurrent"] = 7
    with watched(deployed) as failures:
        run = deployed.converge("--diff")
    assert failures == []
    assert changes(run) == [("openclaw_config", ["change agents.defaults.maxConcurrent"])]
    assert result(run, "openclaw_config")["effect"] == "hot"
    assert deployed.process == process
    assert deployed.writes() == []
    assert json.loads(deployed.sh(f"cat {CONFIG}"))["agents"]["defaults"]["maxConcurrent"] == 7


@pytest.mark.parametrize(
    ("extra", "path", "remedy"),
    [
        pytest.param({"gateway": {"bogusKey": 1}}, "gateway.bogusKey", "allowed here: ", id="not in the schema"),
        pytest.param({"cron": {"sessionRetention": "soon"}}, "cron.sessionRetention", "30m or 2h", id="the release"),
    ],
)
def test_what_the_release_refuses_never_reaches_it(
    deployed: GatewaySite, extra: dict[str, Any], path: str, remedy: str
) -> None:
    process, stat = deployed.process, deployed.config_stat
    run = deployed.run("-e", json.dumps({"openclaw_config_extra": extra})).failed()
    for part in (path, remedy, "Nothing was changed."):
        assert part in run.output
    assert (deployed.process, deployed.config_stat) == (process, stat)
    assert deployed.sh("ls -A /data").count("candidate") == 0
    assert deployed.probe().startup()["ok"]


def test_what_somebody_else_put_there_is_found_before_it_stops_the_gateway(deployed: GatewaySite) -> None:
    """The running gateway passes over a bad edit; the next restart would not."""
    process, good = deployed.process, deployed.sh(f"cat {CONFIG}")
    config = json.loads(good)
    config["gateway"]["bogusKey"] = 1
    deployed.write_config(json.dumps(config))
    run = deployed.run().failed()
    assert "gateway.bogusKey: " in run.output
    assert "openclaw_config_ownership: exact" in run.output
    run = deployed.converge("-e", "openclaw_config_ownership=exact")
    assert changes(run) == [("openclaw_config", ["change gateway.bogusKey"])]
    assert result(run, "openclaw_config")["effect"] == "hot"
    assert (deployed.sh(f"cat {CONFIG}"), deployed.process) == (good, process)


def test_a_gateway_that_trusts_no_proxy_is_mended(deployed: GatewaySite) -> None:
    """Healthy for the platform, 403 for everybody: what the guide's deployment does since 2026.8.1."""
    process, probe = deployed.process, deployed.probe()
    config = json.loads(deployed.sh(f"cat {CONFIG}"))
    config["gateway"]["trustedProxies"] = []
    deployed.write_config(json.dumps(config))

    def refused() -> bool:
        try:
            return not probe.startup()
        except ProxyAttributionRequired:
            return True

    eventually("403 through the edge", refused)
    assert probe.health()["ok"]
    assert [check["status"] for check in deployed.machine["checks"]] == ["passing"]
    run = deployed.converge()
    assert changes(run) == [("openclaw_config", ["change gateway.trustedProxies"])]
    assert probe.startup()["ok"]
    assert deployed.process == process


def test_env_memory_and_secret_cost_one_restart_and_no_state(deployed: GatewaySite) -> None:
    device = paired(deployed)
    deployed.sh("mkdir -p /data/workspace && echo kept > /data/workspace/marker && chown -R 1000:1000 /data/workspace")
    machine, volume = deployed.machine, deployed.volume["id"]
    deployed.variables |= {
        "fly_app_env": {"OPENCLAW_SKIP_CHANNELS": "1", "npm_config_fetch_retries": "0", "TZ": "Europe/Amsterdam"},
        "fly_app_secrets": {"DISCORD_BOT_TOKEN": DISCORD},
        "fly_app_vm_memory": "2560mb",
    }
    deployed.emulator.clear_journal()
    run = deployed.converge("--diff")
    updates = [line for line in deployed.writes() if line == f"POST /v1/apps/{deployed.app}/machines/{machine['id']}"]
    assert len(updates) == 1, deployed.writes()
    assert DISCORD not in run.output
    (_, _toml), (_, secrets), (_, update) = changes(run)
    assert secrets == ["set DISCORD_BOT_TOKEN"]
    assert sorted(re.split("[:,] ", update[0])[1:]) == ["env.NODE_OPTIONS", "env.TZ", "guest.memory_mb", "secrets"]
    assert (deployed.machine["id"], deployed.volume["id"]) == (machine["id"], volume)
    assert deployed.machine["config"]["guest"]["memory_mb"] == 2560
    assert deployed.sh("cat /data/workspace/marker") == "kept\n"
    with deployed.connect(deployed.token, device) as client:
        assert client.hello.scopes
    deployed.emulator.clear_journal()
    assert deployed.converge().changed == 0
    assert deployed.writes() == []


def test_a_gateway_that_cannot_start_is_brought_back(deployed: GatewaySite) -> None:
    """Nobody can get into a machine that crashes; the play runs it in maintenance."""
    device, machine, volume = paired(deployed), deployed.machine["id"], deployed.volume["id"]
    deployed.write_config("{ this is no config\n")
    deployed.emulator.request("POST", f"/v1/apps/{deployed.app}/machines/{machine}/restart")
    eventually("two crashes", lambda: exits(deployed) >= 2, 90)
    run = deployed.converge()
    held, config, update = (lines[0] for _, lines in changes(run))
    assert "init.exec" in held
    assert f"in place of what is no config (kept as {CONFIG}.previous)" in config
    assert "init.exec" in update
    assert (deployed.machine["id"], deployed.volume["id"]) == (machine, volume)
    assert deployed.probe().startup()["ok"]
    assert deployed.sh(f"cat {CONFIG}.previous") == "{ this is no config\n"
    with deployed.connect(deployed.token, device) as client:
        assert client.hello.scopes
    deployed.emulator.clear_journal()
    assert deployed.converge().changed == 0
    assert deployed.writes() == []


def test_the_token_is_in_no_log(deployed: GatewaySite) -> None:
    secrets = (deployed.token, DISCORD)
    logs = {
        "the machine's log": "\n".join(deployed.log()),
        "the gateway's own log": deployed.sh("cat /tmp/openclaw/*.log"),
        "command lines": json.dumps(deployed.get(f"/machines/{deployed.machine['id']}/ps")),
        "the output of all runs": deployed.output,
        "the emulator's log": (deployed.emulator.state_dir / "emulator.log").read_text(),
        "the emulator's journal": (deployed.emulator.state_dir / "journal.jsonl").read_text(),
        "the machines": json.dumps(deployed.get("/machines")),
        "fly.toml": (deployed.root / ".local" / "fly" / deployed.app / "fly.toml").read_text(),
    }
    assert all(logs.values()), {name: len(text) for name, text in logs.items()}
    assert [name for name, text in logs.items() if any(secret in text for secret in secrets)] == []


@contextmanager
def watched(gateway: GatewaySite) -> Iterator[list[str]]:
    """Ask /startupz over and over during the block; yields what was not the gateway's yes."""
    over, failures = threading.Event(), list[str]()

    def watch() -> None:
        probe, asked = gateway.probe(), 0
        while not (over.wait(0.1) and asked):
            asked += 1
            try:
                probe.startup()
            except ProbeFailed as error:
                failures.append(str(error))
        probe.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield failures
    finally:
        over.set()
        thread.join()


def paired(gateway: GatewaySite) -> DeviceIdentity:
    """A new device, let in by its request."""
    device = DeviceIdentity.generate()
    with pytest.raises(gc.PairingRequired) as raised:
        gateway.connect(gateway.token, device)
    gateway.play("pair", request_id=raised.value.request_id)
    return device


def exits(gateway: GatewaySite) -> int:
    """How often the gateway ended by itself since the machine last changed."""
    events = (event.get("request", {}).get("exit_event") for event in gateway.machine["events"])
    return sum(1 for event in events if event and not event.get("requested_stop"))
