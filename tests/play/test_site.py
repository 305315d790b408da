"""site.yml: the first run, the second, check mode, and what a change in the inventory costs."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Run
from support.emulator import Emulator
from support.site import Site, changes, diffs, modules, result

MARKER = "kept-by-the-agent"
MOST_READS = 12
"""Requests that read, for a gateway with nothing to do."""


def changed_lines(run: Run) -> list[str]:
    """The lines that a run's diffs take away and add, without their layout: '-"TZ": "UTC"'."""
    lines = []
    for diff in diffs(run):
        before, after = (_lines(diff[side]) for side in ("before", "after"))
        found = difflib.unified_diff(before, after, lineterm="", n=0)
        lines += [line[0] + line[1:].strip().rstrip(",") for line in found if line[:3] not in ("---", "+++", "@@ ")]
    return lines


def over_flycast(site: Site) -> dict[str, Any]:
    """What the private network answers for the gateway's health."""
    asked = {"app": site.app, "network": "flycast", "path": "/healthz"}
    answer: dict[str, Any] = site.emulator.request("POST", "/emulator/v1/dial", asked)
    return answer


def _lines(side: Any) -> list[str]:
    return (side if isinstance(side, str) else json.dumps(side, indent=1, sort_keys=True)).splitlines()


START = {"fly_app_env": {"FIRST": "1"}, "fly_app_secrets": {"SOME_KEY": "canary-first-value"}}


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A gateway that serves; its tests leave it converged."""
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "serves", **START)
    site.converge()
    (site.data / MARKER).write_text("state of the gateway")
    if site.emulator.info["guarantees"]["owners"] == "real":
        os.chown(site.data / MARKER, 1000, 1000)
    return site


def test_check_mode_shows_what_the_run_then_does(fresh_emulator: Emulator, ansible: Ansible, tmp_path: Path) -> None:
    site = Site(ansible, fresh_emulator, tmp_path / "site", "planned")

    plan = site.converge(check=True, diff=True)

    assert fresh_emulator.journal("write,exec") == []
    assert fresh_emulator.get("/v1/apps?org_slug=personal")["apps"] == []
    assert site.files() == []
    assert modules(plan) == [
        "fly_app",
        "fly_ips",
        "fly_volume",
        "fly_deploy",
        "fly_secrets",
        "openclaw_config",
        "fly_deploy",
    ]
    assert all(each.result["diff"] for each in plan.results if each.changed)

    run = site.converge(diff=True)

    assert changes(run)[:-1] == changes(plan)[:-1]
    # The machine that the plan would create at the end is there by then, in maintenance: it is an update of that one.
    assert changes(plan)[-1][1] == ["create a machine for app"]
    assert [line.split(" ")[:2] for line in changes(run)[-1][1]] == [["update", "machine"]]
    # What the plan said that the machine would be is what it is.
    promised = result(plan, "fly_deploy")["diff"][0]["after"]
    config = site.machine["config"]
    assert {key: config[key] for key in ("env", "guest", "image")} == {
        key: promised[key] for key in ("env", "guest", "image")
    }
    assert config["init"]["cmd"] == promised["init"]["cmd"]
    assert [port["port"] for service in config["services"] for port in service["ports"]] == [80, 443]


def test_first_run_converges(site: Site) -> None:
    assert site.addresses == ["shared_v4", "v6"]
    assert site.machine["state"] == "started"
    assert site.volume["attached_machine_id"] == site.machine["id"]
    token = site.root / ".local/secrets/serves.token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert len(token.read_text().strip()) == 64
    config = json.loads((site.data / "openclaw.json").read_text())
    assert config["gateway"]["auth"]["token"]["id"] == "OPENCLAW_GATEWAY_TOKEN"
    status = (site.data / "openclaw.json").stat()
    assert status.st_mode & 0o777 == 0o600
    assert f"{status.st_uid}:{status.st_gid}" == "1000:1000" or site.emulator.info["guarantees"]["owners"] != "real"


@pytest.mark.parametrize("mode", [{}, {"check": True, "diff": True}], ids=["run", "check"])
def test_second_run_changes_nothing(site: Site, mode: dict[str, bool]) -> None:
    before, token = site.fingerprint(), (site.root / ".local/secrets/serves.token").read_text()
    site.emulator.clear_journal()

    run = site.converge(**mode)

    assert run.changed == 0
    assert changes(run) == []
    assert diffs(run) == []
    assert site.writes() == []
    assert len(site.journal("read")) <= MOST_READS
    assert site.fingerprint() == before
    assert (site.root / ".local/secrets/serves.token").read_text() == token


MEMORY = {"fly_app_vm_memory": "4096mb"}
ENV = {"fly_app_env": {"FIRST": "2"}}
SECRET = {"fly_app_secrets": {"SOME_KEY": "canary-second-value"}}
CONFIG = {"openclaw_config_max_concurrent": 7}
ALL = {
    "fly_app_vm_memory": "3072mb",
    "fly_app_env": {"FIRST": "3"},
    "fly_app_secrets": {"SOME_KEY": "canary-third-value"},
    "openclaw_config_max_concurrent": 2,
}
APPLIED = '"ansible_secrets_applied": '


CHANGES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (
        MEMORY,
        ["fly_toml", "fly_deploy"],
        [
            '-NODE_OPTIONS = "--max-old-space-size=1536"',
            '+NODE_OPTIONS = "--max-old-space-size=3072"',
            '-memory = "2048mb"',
            '+memory = "4096mb"',
            '-"NODE_OPTIONS": "--max-old-space-size=1536"',
            '+"NODE_OPTIONS": "--max-old-space-size=3072"',
            '-"memory_mb": 2048',
            '+"memory_mb": 4096',
        ],
    ),
    (
        ENV,
        ["fly_toml", "fly_deploy"],
        ['-FIRST = "1"', '+FIRST = "2"', '-"FIRST": "1"', '+"FIRST": "2"'],
    ),
    (
        SECRET,
        ["fly_secrets", "fly_deploy"],
        ["-SOME_KEY: set", "+SOME_KEY: a new value"],
    ),
    (
        CONFIG,
        ["openclaw_config"],
        ['-"agents.defaults.maxConcurrent": 4', '+"agents.defaults.maxConcurrent": 7'],
    ),
    (
        ALL,
        ["fly_toml", "fly_secrets", "openclaw_config", "fly_deploy"],
        [
            '-FIRST = "2"',
            '-NODE_OPTIONS = "--max-old-space-size=3072"',
            '+FIRST = "3"',
            '+NODE_OPTIONS = "--max-old-space-size=2304"',
            '-memory = "4096mb"',
            '+memory = "3072mb"',
            "-SOME_KEY: set",
            "+SOME_KEY: a new value",
            '-"agents.defaults.maxConcurrent": 7',
            '+"agents.defaults.maxConcurrent": 2',
            '-"FIRST": "2"',
            '+"FIRST": "3"',
            '-"NODE_OPTIONS": "--max-old-space-size=3072"',
            '+"NODE_OPTIONS": "--max-old-space-size=2304"',
            '-"memory_mb": 4096',
            '+"memory_mb": 3072',
        ],
    ),
]


def test_a_change_costs_just_that(site: Site) -> None:
    """One after another: each starts from what the one before left, and so shows that that one left nothing to do."""
    for change, touched, shown in CHANGES:
        machine, volume = site.machine["id"], site.volume["id"]
        site.variables |= change
        site.emulator.clear_journal()

        plan = site.converge(check=True, diff=True)

        assert site.emulator.journal("write") == []
        assert modules(plan) == touched
        # A secret's fingerprint is unknown until it is set, so the plan shows that line only where it can.
        lines = [line for line in changed_lines(plan) if APPLIED not in line]
        assert sorted(lines) == sorted(shown)
        assert "canary" not in plan.output

        run = site.converge(diff=True)

        assert changes(run) == changes(plan)
        assert sorted(line for line in changed_lines(run) if APPLIED not in line) == sorted(shown)
        assert "canary" not in run.output
        updates = [line for line in site.writes() if line.endswith(f"/machines/{machine}")]
        assert len(updates) == ("fly_deploy" in touched)
        assert site.machine["id"] == machine
        assert site.machine["state"] == "started"
        assert site.volume["id"] == volume
        assert (site.data / MARKER).read_text() == "state of the gateway"
        assert result(run, "openclaw_gateway_info")["proof"]["token_accepted"]


def test_a_private_gateway_is_never_public(new_site: Callable[..., Site]) -> None:
    site = new_site("private", fly_app_exposure="private")
    site.emulator.clear_journal()

    site.converge()

    # One address in all, and it is the private one: no other was ever there.
    assert [line for line in site.writes() if "/ip_assignments" in line] == ["POST /v1/apps/private/ip_assignments"]
    assert site.addresses == ["private_v6"]
    assert over_flycast(site)["status"] == 200
    assert site.converge().changed == 0


def test_a_public_gateway_becomes_private(new_site: Callable[..., Site]) -> None:
    site = new_site("hidden", openclaw_config_prove=False)
    site.converge()
    site.variables["fly_app_exposure"] = "private"
    site.emulator.clear_journal()

    site.converge()

    assert site.addresses == ["private_v6"]
    assert len([line for line in site.writes() if line.startswith("DELETE") and "/ip_assignments/" in line]) == 2
    assert over_flycast(site)["status"] == 200
    assert site.converge().changed == 0
