"""playbooks/adopt.yml: a gateway that others deployed is declared as it is, and site.yml keeps what it has."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from support.ansible import REPO, Run
from support.site import IMAGE, Site

COMMAND = "node dist/index.js gateway --allow-unconfigured --port 3000 --bind lan"
_numbers = itertools.count(1)
KEY = f"sk-ant-{secrets.token_hex(24)}"


def adopt(site: Site, *args: str, **extra: Any) -> Run:
    site.variables = {}
    site.declare()
    return site.ansible.playbook(REPO / "playbooks/adopt.yml", *args, inventory=site.inventory, extra_vars=extra)


def deploy_by_hand(site: Site, token: str) -> None:
    """As the guide does, with requests of nobody's."""
    base = f"/v1/apps/{site.app}"
    site.emulator.request("POST", "/v1/apps", {"app_name": site.app, "org_slug": "personal"})
    volume = site.emulator.request("POST", f"{base}/volumes", {"name": "claw", "region": "ams", "size_gb": 2})["id"]
    known = site.emulator.request("POST", f"{base}/secrets", {"values": {"OPENCLAW_GATEWAY_TOKEN": token}})
    for kind in ("shared_v4", "v6"):
        site.emulator.request("POST", f"{base}/ip_assignments", {"type": kind})
    config = {
        "image": IMAGE,
        "env": {"NODE_ENV": "production", "TZ": "Europe/Amsterdam", "ANTHROPIC_API_KEY": KEY,
                "OPENCLAW_STATE_DIR": "/data", "FLY_PROCESS_GROUP": "app", "PRIMARY_REGION": "ams"},
        "init": {"cmd": COMMAND.split()},
        "guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 2048},
        "mounts": [{"volume": volume, "path": "/data"}],
        "services": [{"protocol": "tcp", "internal_port": 3000, "autostop": "stop", "autostart": True,
                      "min_machines_running": 1,
                      "ports": [{"port": 80, "handlers": ["http"], "force_https": True},
                                {"port": 443, "handlers": ["http", "tls"]}]}],
        "metadata": {"fly_platform_version": "v2", "fly_process_group": "app"},
    }  # fmt: skip
    site.emulator.request(
        "POST", f"{base}/machines", {"config": config, "region": "ams", "min_secrets_version": known["version"]}
    )


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    return new_site(f"by-hand-{next(_numbers)}")


def test_what_was_there_is_kept(gateway: Site) -> None:
    token = secrets.token_hex(32)
    deploy_by_hand(gateway, token)
    volume, machine = gateway.volume["id"], gateway.machine["id"]
    addresses = sorted(ip["ip"] for ip in gateway.get("/ip_assignments")["ips"])
    (gateway.data / "kept").write_text("data")
    gateway.emulator.clear_journal()
    file = gateway.inventory / "host_vars" / f"{gateway.app}.yml"
    planned = adopt(gateway, "--check", "--diff").ok()
    assert not file.exists() and "fly_app_region: ams" in planned.output

    run = adopt(gateway).ok()
    assert gateway.writes() == []
    assert "autostop" in run.output and "ANTHROPIC_API_KEY in its environment looks like a secret" in run.output
    assert KEY not in run.output + file.read_text() and token not in run.output + file.read_text()
    declared = yaml.safe_load(file.read_text())
    assert declared["fly_app_volume_name"] == "claw" and declared["fly_app_env"] == {"TZ": "Europe/Amsterdam"}
    assert not adopt(gateway).ok().changed
    file.write_text("fly_app_region: iad\n")
    assert "Nothing was written" in adopt(gateway).failed().output and file.read_text() == "fly_app_region: iad\n"
    file.unlink()
    adopt(gateway).ok()

    gateway.variables = {"fly_app_check_interval": "2s", "fly_app_secrets": {"ANTHROPIC_API_KEY": KEY}}
    gateway.converge()
    assert (gateway.volume["id"], gateway.machine["id"]) == (volume, machine)
    assert sorted(ip["ip"] for ip in gateway.get("/ip_assignments")["ips"]) == addresses
    assert (gateway.data / "kept").read_text() == "data"
    assert (gateway.root / f".local/secrets/{gateway.app}.token").read_text().strip() == token
    assert "ANTHROPIC_API_KEY" not in gateway.machine["config"]["env"]
    assert not gateway.converge().changed


def test_of_spare_volumes_only_one_that_exists_is_named(gateway: Site) -> None:
    deploy_by_hand(gateway, secrets.token_hex(32))
    volumes = f"/v1/apps/{gateway.app}/volumes"
    spare, gone = (
        gateway.emulator.request("POST", volumes, {"name": "spare", "region": "ams", "size_gb": 1})["id"] for _ in "ab"
    )
    gateway.emulator.request("DELETE", f"{volumes}/{gone}")
    run = adopt(gateway, "--check").ok()
    assert f"volume {spare} (spare) is in use by nothing" in run.output and gone not in run.output


def test_what_cannot_be_adopted(gateway: Site) -> None:
    assert "there is no such app" in adopt(gateway).failed().output
    gateway.emulator.request("POST", "/v1/apps", {"app_name": gateway.app, "org_slug": "personal"})
    refused = adopt(gateway).failed()
    assert (
        "it is not one machine that a deploy made" in refused.output and not (gateway.inventory / "host_vars").exists()
    )
