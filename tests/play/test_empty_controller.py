"""A controller that remembers nothing finds everything again, and changes nothing of a gateway that runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.ansible import REPO, Ansible
from support.emulator import Emulator
from support.site import Site, changes

SECRET = "canary-of-an-empty-controller-5f2c"


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(
        file_ansible, emulator, tmp_path_factory.mktemp("site"), "kept-elsewhere", fly_app_secrets={"SOME_KEY": SECRET}
    )
    site.converge()
    return site


def token_file(site: Site) -> Path:
    return site.root / ".local/secrets" / f"{site.app}.token"


def forget(site: Site) -> str:
    """Remove all that the play keeps on the controller; return the token that was there."""
    token = token_file(site).read_text().strip()
    for kept in (site.root / ".local/secrets", site.root / ".local/fly", site.ansible.home / ".cache"):
        shutil.rmtree(kept, ignore_errors=True)
    site.emulator.clear_journal()
    return token


def test_a_run_from_an_empty_controller_changes_nothing(site: Site) -> None:
    token, before = forget(site), (site.fingerprint(), site.machine["instance_id"])
    run = site.converge("-vvvv", diff=True)
    assert changes(run) == []
    assert run.changed == 0
    assert site.writes() == []
    assert (site.fingerprint(), site.machine["instance_id"]) == before
    assert token_file(site).read_text().strip() == token
    assert token_file(site).stat().st_mode & 0o777 == 0o600
    assert "was read from its machine" in run.output
    for secret in (token, SECRET):
        assert secret not in run.output
        assert secret not in json.dumps([vars(each) for each in run.results])


def test_a_shell_without_the_models_key_changes_nothing(site: Site) -> None:
    """The app has the key; only an app that has not, or loses all that is not declared, cannot answer."""
    site.variables["openclaw_config_model"] = "anthropic/claude-opus-4-6"
    missing = site.run(check=True).failed().output
    assert "the machine has no key of anthropic" in missing
    site.converge(extra_vars={"fly_app_secrets": {"SOME_KEY": SECRET, "ANTHROPIC_API_KEY": "sk-ant-" + "a1B2" * 10}})
    assert site.converge().changed == 0
    assert "has no key of anthropic" in site.run(check=True, extra_vars={"fly_app_secrets_exact": True}).failed().output
    del site.variables["openclaw_config_model"]
    site.converge()


def test_check_mode_says_the_same_and_keeps_nothing(site: Site) -> None:
    token = forget(site)
    run = site.converge("-vvvv", check=True, diff=True)
    assert (run.changed, site.writes()) == (0, [])
    assert not token_file(site).exists()
    assert token not in run.output
    site.converge()


def test_the_other_playbooks_find_the_token_too(site: Site) -> None:
    for playbook in ("configure.yml", "verify.yml"):
        token = forget(site)
        run = site.ansible.playbook(REPO / "playbooks" / playbook, "-vvvv", inventory=site.inventory).ok()
        assert (run.changed, site.writes()) == (0, [])
        assert token not in run.output
        assert token_file(site).read_text().strip() == token


def test_a_token_that_cannot_be_read_is_not_replaced(site: Site) -> None:
    machine = site.machine
    path = f"/v1/apps/{site.app}/machines/{machine['id']}"
    site.emulator.request("POST", f"{path}/stop", {})
    site.emulator.get(f"{path}/wait?state=stopped&timeout=30&instance_id={machine['instance_id']}")
    token = forget(site)
    for check in (True, False):
        run = site.run(check=check).failed()
        assert "it cannot be read from the machine" in run.output
        for part in (f"gateway {site.app}", "is stopped", f"fly machine start -a {site.app}", "fly_app_gateway_token"):
            assert part in run.output
    assert site.writes() == []
    assert not token_file(site).exists()

    token_file(site).parent.mkdir(exist_ok=True)
    token_file(site).touch(mode=0o600)
    token_file(site).write_text(token)
    site.converge()
    assert site.converge().changed == 0


def test_a_token_file_that_others_can_read_is_refused(site: Site) -> None:
    token_file(site).chmod(0o644)
    run = site.run().failed()
    assert f"chmod 600 {token_file(site)}" in run.output
    token_file(site).chmod(0o600)
