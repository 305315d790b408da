"""Each role in a play of its own: any app, a config, the proof, a whole gateway. None does what only a playbook may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.ansible import REPO, Ansible, Run
from support.emulator import Emulator
from support.faults import let_leases_expire
from support.site import Site, changes

ANY_APP = {
    "fly_app_image": "registry.fly.io/scratch:sleep",
    "fly_app_command": "sleep infinity",
    "fly_app_exposure": "sealed",
    "fly_app_env": {"GREETING": "hello"},
    "fly_app_secrets": {"API_KEY": "canary-of-any-app"},
    "fly_app_volume_name": "files",
}


def role(site: Site, name: str, *args: str, part: str = "main", **variables: Any) -> Run:
    """Run one role, or one entry point of it, for the gateway of the inventory, as a user's play does."""
    imported = {"name": f"openclaw.fly.{name}", "tasks_from": part}
    play = {
        "hosts": "gateways",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {"group/openclaw.fly.all": "{{ lookup('openclaw.fly.connection') }}"},
        "roles": [f"openclaw.fly.{name}"] if part == "main" else [],
        "tasks": [] if part == "main" else [{"ansible.builtin.import_role": imported}],
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
    let_leases_expire(site)  # with the tag, the release of the app's lock was skipped too
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


MISSPELT = {"openclaw_confg_model": "openai/gpt-6", "fly_app_exposre": "private"}


def refused_as_misspelt(run: Run) -> None:
    assert run.rc != 0
    (failure,) = (each for each in run.results if each.status == "failed")
    message = str(failure.result["msg"])
    assert "openclaw_confg_model" in message and "Did you mean openclaw_config_model?" in message
    assert "fly_app_exposre" in message and "Did you mean fly_app_exposure?" in message


@pytest.mark.parametrize("name", ["fly_app", "openclaw_config", "openclaw_exposure", "openclaw_gateway"])
def test_a_misspelt_variable_is_refused_by_each_role(site: Site, name: str) -> None:
    site.emulator.clear_journal()
    refused_as_misspelt(role(site, name, **MISSPELT))
    assert site.writes() == []


def parts(name: str) -> list[str]:
    """The entry points of a role that a user's play may import alone."""
    composed = {"before_config", "browser_link", "channel_proof", "converge", "proof", "serves", "skills"}
    files = (REPO / "roles" / name / "tasks").glob("*.yml")
    names = {file.stem for file in files} - composed - {"main", "variables"}
    return sorted(name for name in names if not name.startswith("step_"))


PARTS = [(name, part) for name in ("fly_app", "openclaw_config", "openclaw_exposure") for part in parts(name)]


@pytest.mark.parametrize(("name", "part"), PARTS, ids=lambda each: str(each))
def test_a_misspelt_variable_is_refused_by_each_part_of_a_role(site: Site, name: str, part: str) -> None:
    site.emulator.clear_journal()
    refused_as_misspelt(role(site, name, part=part, **MISSPELT))
    assert site.writes() == []


PLAYBOOKS = sorted(file.name for file in (REPO / "playbooks").glob("*.yml") if file.name != "platform_check.yml")


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_misspelt_variable_is_refused_by_each_playbook(site: Site, name: str) -> None:
    site.declare()
    site.emulator.clear_journal()
    refused_as_misspelt(site.ansible.playbook(REPO / "playbooks" / name, inventory=site.inventory, extra_vars=MISSPELT))
    assert site.writes() == []


OF_ANOTHER_KIND = {
    "fly_app_exposure": "pubic", "fly_app_secrets": ["A=b"], "fly_app_volume_size_gb": "big",
    "fly_app_hostnames": "a.example.com", "openclaw_exposure_http_port": "web",
}  # fmt: skip


def refused_by_kind(run: Run) -> None:
    """Once, with all of them and without what follows from them."""
    assert run.rc != 0
    (failure,) = (each for each in run.results if each.status == "failed")
    assert "argument_spec_data" not in failure.result
    paths = [problem["path"] for problem in failure.result["problems"] if problem["rule"] == "variable-kind"]
    assert sorted(paths) == sorted(OF_ANOTHER_KIND), failure.result["msg"]


@pytest.mark.parametrize("name", ["fly_app", "openclaw_config", "openclaw_exposure", "openclaw_gateway"])
def test_a_value_of_another_kind_is_refused_by_each_role(site: Site, name: str) -> None:
    site.emulator.clear_journal()
    refused_by_kind(role(site, name, **OF_ANOTHER_KIND))
    assert site.writes() == []


@pytest.mark.parametrize("name", ["verify.yml", "open.yml", "pair.yml", "configure.yml", "convert.yml", "tunnel.yml"])
def test_a_value_of_another_kind_is_refused_by_playbooks(site: Site, name: str) -> None:
    site.declare()
    site.emulator.clear_journal()
    run = site.ansible.playbook(REPO / "playbooks" / name, inventory=site.inventory, extra_vars=OF_ANOTHER_KIND)
    refused_by_kind(run)
    assert site.writes() == []


@pytest.mark.parametrize(
    ("playbook", "extra_vars", "told"),
    [
        ("pair.yml", {"wait_for_request": "soon"}, "wait_for_request: is 'soon', but must be a number"),
        ("pair.yml", {"wait_for_requests": 5}, "Did you mean wait_for_request?"),
        ("backup.yml", {"quiesce": "suspent"}, "quiesce: is 'suspent', but must be one of"),
        ("backup.yml", {"drain_timeuot": "1"}, "Did you mean drain_timeout?"),
        ("channels.yml", {"code": ["A"]}, "code: is a list, but must be text"),
        ("site.yml", {"gateway": "alone"}, "Did you mean gateways?"),
        ("configure.yml", {"fly_region": "ams"}, "Did you mean fly_app_region?"),
    ],
)
def test_a_playbooks_own_variables_are_judged(site: Site, playbook: str, extra_vars: Any, told: str) -> None:
    """A wrong value, and a name on the command line that nothing reads."""
    site.declare()
    site.emulator.clear_journal()
    run = site.ansible.playbook(REPO / "playbooks" / playbook, inventory=site.inventory, extra_vars=extra_vars)
    (failure,) = (each for each in run.failed().results if each.status == "failed")
    assert str(failure.result["msg"]).startswith("app alone: ") and told in str(failure.result["msg"])
    assert site.writes() == []


def test_false_on_the_command_line_is_false(site: Site) -> None:
    """Extra vars are text, and a text that is not empty is true for Jinja."""
    words = ["fly_app_dedicated_ipv4=false", "openclaw_config_packages_exact=false", "openclaw_config_prove=false"]
    args = [part for word in words for part in ("-e", word)]
    assert changes(site.converge(*args)) == []


@pytest.mark.parametrize(
    ("extra_vars", "told"),
    [
        ({"fly_platform_check_regoin": "ams"}, "Did you mean fly_platform_check_region?"),
        ({"fly_platform_check_max_dollars": "lots"}, "fly_platform_check_max_dollars: is 'lots', but must be a number"),
    ],
)
def test_variables_of_the_platform_check_are_judged(
    file_ansible: Ansible, emulator: Emulator, extra_vars: Any, told: str
) -> None:
    emulator.clear_journal()
    given = {"fly_api_token": emulator.token, "fly_machines_url": emulator.api_url, "fly_api_url": emulator.api_url}
    given |= {"fly_platform_check_consent": True, "fly_platform_check_org": "personal"}
    run = file_ansible.playbook(
        REPO / "playbooks/platform_check.yml", inventory="localhost,", extra_vars={**given, **extra_vars}
    ).failed()
    (failure,) = (each for each in run.results if each.status == "failed")
    assert told in str(failure.result["msg"])
    assert emulator.journal("write") == []


def test_a_misspelt_variable_of_ones_own_is_left_alone(site: Site) -> None:
    own = {"openclaw_fly_own_variables": list(MISSPELT)}
    assert role(site, "openclaw_config", **MISSPELT, **own).ok().changed == 0


def test_a_whole_run_looks_at_the_variables_once(site: Site) -> None:
    """The preflight does, with all else."""
    site.variables["fly_app_snapshot_retention"] = 7
    actions = [each.action.rpartition(".")[2] for each in site.converge().results]
    assert actions.count("openclaw_preflight") == 1 and "openclaw_variables" not in actions
    assert "validate_argument_spec" not in actions


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
