"""What is on the volume is the gateway's, and stays when the machine is replaced."""

from __future__ import annotations

import os
from typing import Any

import pytest
from support.ansible import Ansible
from support.emulator import Emulator
from support.site import Site, changes


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "kept")
    site.converge()
    return site


def sh(site: Site, script: str) -> str:
    """Run a shell script in the machine, as root."""
    answer: dict[str, Any] = site.emulator.request(
        "POST",
        f"/v1/apps/{site.app}/machines/{site.machine['id']}/exec",
        {"command": ["sh", "-c", script]},
    )
    assert not answer["exit_code"], answer
    return str(answer["stdout"])


def test_what_root_left_is_given_back(site: Site) -> None:
    if site.emulator.info["guarantees"]["owners"] != "real" or os.getuid() != 0:
        pytest.skip("files belong to whoever runs the emulator here")
    assert sh(site, "find /data -xdev ! -uid 1000 -print") == ""
    found = sh(site, "stat -c '%u:%g %a' /data /data/openclaw.json").splitlines()
    assert found == ["1000:1000 700", "1000:1000 600"]
    sh(site, "umask 022; mkdir -p /data/credentials/a && echo x > /data/credentials/a/b; ln -s /etc/passwd /data/link")
    plan = site.converge(check=True, diff=True)
    assert changes(plan) == [("openclaw_state", ["give 4 paths to 1000:1000"])]
    assert "/data/credentials/a/b" in plan.output
    assert changes(site.converge()) == changes(plan)
    assert sh(site, "stat -c '%u:%g' /data/credentials/a/b /data/link /etc/passwd").split() == [
        "1000:1000", "1000:1000", "0:0",
    ]  # fmt: skip
    assert site.converge().changed == 0


def test_what_must_outlive_the_machine_lies_on_the_volume(site: Site) -> None:
    env = site.machine["config"]["env"]
    kept = ("OPENCLAW_STATE_DIR", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME")
    assert [name for name in kept if not env[name].startswith("/data")] == []


def test_a_marker_survives_the_machine(site: Site) -> None:
    sh(
        site,
        "mkdir -p /data/.config/openclaw && echo kept > /data/.config/openclaw/key && chown -R 1000:1000 /data/.config",
    )
    machine, volume = site.machine["id"], site.volume["id"]
    before = sh(site, "stat -c '%u:%g %a %i' /data/.config/openclaw/key /data/openclaw.json")
    site.emulator.request("DELETE", f"/v1/apps/{site.app}/machines/{machine}?force=true")
    site.converge()
    assert (site.machine["id"] != machine, site.volume["id"]) == (True, volume)
    assert sh(site, "cat /data/.config/openclaw/key") == "kept\n"
    assert sh(site, "stat -c '%u:%g %a %i' /data/.config/openclaw/key /data/openclaw.json") == before
    assert site.converge().changed == 0
