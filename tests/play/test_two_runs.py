"""Two runs at once on one app: one waits for the other, and what goes live is what was judged."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support import two_runs
from support.ansible import Ansible
from support.emulator import Emulator
from support.site import Site

ROUNDS = 2


@pytest.fixture(scope="module")
def site(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "twice")
    site.converge()
    return site


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_configs_at_once(site: Site, number: int) -> None:
    _runs, faults = two_runs.two_configures(site, number)
    assert not faults, "\n\n".join(faults)


def test_a_run_that_waits_in_vain_leaves_fly_toml_alone(site: Site) -> None:
    """Whoever deploys with that file would else deploy what no run has applied."""
    file = site.root / f".local/fly/{site.app}/fly.toml"
    before = file.read_text()
    lock = site.data / ".ansible-run.lock"
    lock.write_text(f"{int(time.time()) + 250}\nanother\nsomebody on another machine\n")
    task = {
        "openclaw.fly.fly_toml": {
            "content": f"{before}\n# changed\n", "dest": str(file), "lock": "run", "lock_timeout": 1,
            "api_token": site.emulator.token, "machines_url": site.emulator.api_url,
        }
    }  # fmt: skip
    try:
        assert "it is held by somebody on another machine" in site.ansible.tasks(task).failed().output
        assert file.read_text() == before
    finally:
        lock.unlink()
    assert site.ansible.tasks(task).ok().changed == 1
    lock.unlink(missing_ok=True)
    file.write_text(before)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_different_runs_at_once(site: Site, number: int) -> None:
    _runs, faults = two_runs.two_different_sites(site, 20 + number)
    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_first_runs_at_once(file_ansible: Ansible, emulator: Emulator, tmp_path: Path, number: int) -> None:
    site = Site(file_ansible, emulator, tmp_path / "site", f"first-{number}")
    _runs, faults = two_runs.two_first_sites(site)
    assert not faults, "\n\n".join(faults)


def test_two_first_runs_in_step(file_ansible: Ansible, emulator: Emulator, tmp_path: Path) -> None:
    """Every write is late, so that both runs have read before either has written."""
    emulator.request(
        "POST",
        "/emulator/v1/faults",
        {
            "method": "POST",
            "path": "/(apps|volumes|machines|ip_assignments)$|graphql mutation",
            "action": "latency",
            "seconds": 1.5,
            "count": 0,
        },
    )
    site = Site(file_ansible, emulator, tmp_path / "site", "in-step")
    try:
        _runs, faults = two_runs.two_first_sites(site)
    finally:
        emulator.request("DELETE", "/emulator/v1/faults")
    assert not faults, "\n\n".join(faults)
