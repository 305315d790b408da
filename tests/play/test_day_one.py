"""A gateway's first day, under answers about Fly.io that are not the defaults (`--answers` chooses which)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Run
from support.answers import arguments
from support.emulator import Emulator
from support.faults import assert_whole
from support.site import Site

LOCK = ".ansible-run.lock"


@pytest.fixture(scope="module")
def site(
    file_ansible: Ansible,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Site]:
    chosen = request.config.getoption("answers") or "others"
    with start_emulator(*arguments(chosen)) as emulator:
        yield Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "day-one", fly_app_env={"DAY": "one"})


def tasks(site: Site, *each: tuple[str, dict[str, Any]]) -> Run:
    """Run single modules on the gateway's app."""
    named = ({f"openclaw.fly.{module}": {"app": site.app, **options}} for module, options in each)
    return site.ansible.tasks(*named, env=site.emulator.environment)


def changed_by(site: Site, **variables: Any) -> None:
    """Change the declaration, and converge: afterwards the machine runs, and there is nothing left to do."""
    site.variables |= variables
    assert site.converge().changed
    assert_whole(site)


def test_day_one(site: Site, tmp_path: Path) -> None:
    """From nothing through changes, a stop, a crash and a lost machine to a private gateway, and away."""
    changed_by(site)
    changed_by(site, fly_app_env={"DAY": "two"}, fly_app_secrets={"SOME_KEY": "a-value"})
    volume = site.volume["id"]

    tasks(site, ("fly_machine", {"state": "stopped"})).ok()
    assert not (site.data / LOCK).exists(), "the next run would wait until it expires"
    changed_by(site, fly_app_env={"DAY": "three"})
    assert site.machine["config"]["env"]["DAY"] == "three"

    bad = tasks(site, ("fly_machine", {"command": ["false"], "wait_timeout": 60})).failed()
    assert "the old configuration was put back and runs" in bad.output
    assert_whole(site)

    tasks(site, ("fly_volume_snapshot", {"name": "openclaw_data"}), ("fly_machine", {"state": "absent"})).ok()
    assert not (site.data / LOCK).exists()
    assert site.converge().changed
    assert_whole(site)
    assert site.volume["id"] == volume

    site.variables["fly_app_exposure"] = "private"
    assert site.converge().changed
    assert site.addresses == ["private_v6"]
    asked = {"app": site.app, "network": "flycast", "path": "/healthz"}
    assert site.emulator.request("POST", "/emulator/v1/dial", asked)["status"] == 200
    assert site.converge().changed == 0

    gone = {"name": site.app, "org": "personal", "state": "absent", "destroy_volumes": True}
    site.ansible.tasks({"openclaw.fly.fly_app": gone}, env=site.emulator.environment).ok()
    assert site.emulator.get("/v1/apps?org_slug=personal")["apps"] == []
