"""Which hosts a run is for: none at all, a misspelt group and one app for two hosts are errors in every playbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Ansible
from support.emulator import Emulator

PLAYBOOKS = sorted({path.name for path in (REPO / "playbooks").glob("*.yml")} - {"platform_check.yml"})
"""Of gateways; the other one is for an organization."""
CONNECTION = {"fly_api_token": "emulator-token", "fly_machines_url": "http://127.0.0.1:9"}
SOME = {"gateways": {"hosts": {"a-gateway": {}}}, "others": {"hosts": {"another": {}}}, "all": {"vars": CONNECTION}}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_no_host_is_an_error(file_ansible: Ansible, playbook: str) -> None:
    run = file_ansible.playbook(REPO / "playbooks" / playbook, "-e", "gateways=typo", inventory=SOME)

    assert run.rc != 0
    output = " ".join(run.output.split())
    assert "gateways=typo: no host of the inventory matches" in output
    assert "The inventory's groups: gateways, others" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("args", "inventory", "said"),
    [
        pytest.param(
            ("-l", "another"), SOME, "--limit another: it leaves no host of `gateways`", id="outside-the-group"
        ),
        pytest.param((), {"all": {"hosts": {}}}, "The inventory has no group with hosts", id="empty-inventory"),
        pytest.param((), "a-gateway,", "gateways=gateways: no host of the inventory matches", id="list-of-hosts"),
    ],
)
def test_nobody_is_meant(file_ansible: Ansible, args: tuple[str, ...], inventory: Any, said: str) -> None:
    run = file_ansible.playbook(REPO / "playbooks" / "verify.yml", *args, inventory=inventory)

    assert run.rc != 0
    assert said in " ".join(run.output.split())


@pytest.mark.parametrize(
    ("playbook", "args", "said"),
    [
        ("backup", ("--tags", "archve"), "--tags archve: nothing in the playbook has this tag. Did you mean archive?"),
        ("backup", ("--tags", "archive", "--tags", "snapshots"), "Did you mean snapshot?"),
        ("backup", ("--skip-tags", "archve"), "--skip-tags archve: nothing in the playbook has this tag."),
        ("site", ("--tags", "deplyo"), "Did you mean deploy? Its tags: app, certificates, config, deploy, look,"),
        ("convert", ("--tags", "prof"), "Did you mean proof?"),
        ("pair", ("--tags", "devices"), "--tags devices: nothing in the playbook has a tag, so nothing would be done."),
    ],
)
def test_an_unknown_tag_is_an_error(file_ansible: Ansible, playbook: str, args: tuple[str, ...], said: str) -> None:
    run = file_ansible.playbook(f"openclaw.fly.{playbook}", *args, inventory=SOME)

    assert run.rc != 0
    assert said in " ".join(run.output.split())
    assert "Traceback" not in run.output


def test_the_syntax_is_checked_without_an_inventory(file_ansible: Ansible) -> None:
    site = REPO / "playbooks" / "site.yml"
    file_ansible.playbook(site, "--syntax-check", inventory={"all": {"hosts": {}}}).ok()


def test_one_app_has_one_host(file_ansible: Ansible, emulator: Emulator, tmp_path: Path) -> None:
    """Both are refused, whichever comes first, and a third goes on."""
    hosts: dict[str, Any] = {"first": {}, "second": {"fly_app_name": "first"}, "third": {}}
    places = {
        "fly_app_config_file": str(tmp_path / "{{ inventory_hostname }}.toml"),
        "fly_app_gateway_token_file": str(tmp_path / "{{ inventory_hostname }}.token"),
    }
    inventory = {"gateways": {"hosts": hosts, "vars": places}}
    emulator.clear_journal()

    run = file_ansible.playbook(
        REPO / "playbooks" / "site.yml", inventory=inventory, check=True, env=emulator.environment
    )

    assert run.rc == 2
    messages = {each.host: str(each.result["msg"]) for each in run.results if each.status == "failed"}
    assert "the app first is declared by second too" in messages["first"]
    assert "the app first is declared by first too" in messages["second"]
    assert "third" not in messages
    assert emulator.journal("write") == []
