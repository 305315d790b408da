"""Each role in a play of its own: any app, a config, the proof, a whole gateway. None does what only a playbook may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.ansible import Ansible, Run
from support.emulator import Emulator
from support.site import Site, changes

ANY_APP = {
    "fly_app_image": "registry.fly.io/scratch:sleep",
    "fly_app_command": "sleep infinity",
    "fly_app_exposure": "sealed",
    "fly_app_env": {"GREETING": "hello"},
    "fly_app_secrets": {"API_KEY": "canary-of-any-app"},
    "fly_app_volume_name": "files",
}


def role(site: Site, name: str, *args: str, **variables: Any) -> Run:
    """Run one role for the gateway of the inventory, as a user's play does."""
    play = {
        "hosts": "gateways",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/openclaw.fly.all": "{{ lookup('openclaw.fly.connection') }}"},
        "roles": [f"openclaw.fly.{name}"],
        "vars": variables,
    }
    site.declare()
    return site.ansible.playbook([play], *args, inventory=site.inventory)


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A private gateway whose volume is mounted where its owner wanted it."""
    variables = {"fly_app_exposure": "private", "fly_app_volume_path": "/state", "fly_app_vm_memory": "4gb"}
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "alone", **variables)
    site.converge()
    return site


def test_any_app_is_deployed(new_site: Callable[..., Site]) -> None:
    """Nothing of OpenClaw is in an app that is not OpenClaw."""
    site = new_site("any-app")
    site.variables = ANY_APP
    site.emulator.clear_journal()
    planned = role(site, "fly_app", "--check").ok()
    assert site.writes() == []
    run = role(site, "fly_app").ok()
    assert changes(run) == changes(planned)
    config = site.machine["config"]
    assert config["guest"]["memory_mb"] == 256
    assert not config["services"] and not config.get("checks")
    assert config["mounts"][0]["path"] == "/data"
    assert config["env"]["GREETING"] == "hello"
    assert "openclaw" not in str(config).lower()
    assert [secret["name"] for secret in site.get("/secrets")["secrets"]] == ["API_KEY"]
    assert role(site, "fly_app").ok().changed == 0


def test_an_app_without_an_image_is_refused(new_site: Callable[..., Site]) -> None:
    site = new_site("no-image")
    site.variables = {}
    site.emulator.clear_journal()
    message = role(site, "fly_app").failed().output
    assert "fly_app_image: is empty" in message and "openclaw.fly.openclaw_gateway" in message
    assert site.writes() == []


@pytest.mark.parametrize("name", ["fly_app", "openclaw_gateway"])
def test_no_role_publishes_a_private_app(site: Site, name: str) -> None:
    """A play that does not know that the gateway is private, and the default is public."""
    site.emulator.clear_journal()
    message = role(site, name, fly_app_exposure="public").failed().output
    assert "the app is private; the run would open it to the internet" in message
    assert site.writes() == [] and site.addresses == ["private_v6"]


@pytest.mark.parametrize("args", [("--start-at-task", "Allocate and release addresses"), ("--skip-tags", "always")])
def test_no_part_of_a_run_publishes_a_private_app(site: Site, args: tuple[str, ...]) -> None:
    """What the preflight would have refused is refused where the addresses are changed."""
    site.emulator.clear_journal()
    message = site.run(*args, extra_vars={"fly_app_exposure": "public"}).failed().output
    assert "allow_public" in message
    assert site.writes() == [] and site.addresses == ["private_v6"]
    assert [name for name, _ in changes(site.converge())] in (
        [],
        ["fly_toml"],
    )  # written before, on the controller only


def test_a_tag_runs_its_part_alone(site: Site) -> None:
    both = {"fly_app_env": {"ONE_MORE": "1"}, "openclaw_config_max_concurrent": 3}
    assert [name for name, _ in changes(site.converge("--tags", "config", extra_vars=both))] == ["openclaw_config"]
    assert [name for name, _ in changes(site.converge("--tags", "config"))] == ["openclaw_config"]


def test_a_whole_gateway_changes_nothing_again(site: Site) -> None:
    assert changes(role(site, "openclaw_gateway").ok()) == []
    assert role(site, "openclaw_config").ok().changed == 0


def test_state_config_and_heap_follow_the_declaration(site: Site) -> None:
    config = site.machine["config"]
    assert config["env"]["OPENCLAW_STATE_DIR"] == "/state"
    assert config["env"]["NODE_OPTIONS"] == "--max-old-space-size=3072"
    assert (site.data / "openclaw.json").exists()


def test_the_proof_alone(site: Site) -> None:
    run = role(site, "openclaw_exposure").ok()
    assert (run.changed, run.of("Prove who can reach the gateway")["exposure"]) == (0, "private")


def test_a_list_of_hosts_has_no_folder(file_ansible: Ansible, emulator: Emulator) -> None:
    """The token and fly.toml would lie wherever the run began."""
    emulator.clear_journal()
    connection = {
        "fly_api_token": emulator.token, "fly_machines_url": emulator.api_url, "fly_api_url": emulator.api_url,
        "gateways": "nowhere",
    }  # fmt: skip
    run = file_ansible.playbook(Site.playbook, inventory="nowhere,", extra_vars=connection).failed()
    assert "the inventory has no folder" in run.output and "set fly_app_folder" in run.output
    assert emulator.journal("write") == []
