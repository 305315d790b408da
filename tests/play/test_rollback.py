"""playbooks/rollback.yml against the stand-in gateway: the loss is confirmed, and what comes back is counted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Run, Started
from support.emulator import Emulator
from support.faults import add_fault, hits, let_leases_expire, until
from support.site import Site, changes, data, fill, result

BEFORE = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
SINCE = {"sessions": 5, "cron_jobs": ["daily", "hourly", "weekly"]}
PLAN, RESTORE, CONTENTS = "openclaw_rollback_info", "fly_volume_restore", "openclaw_contents_info"

_numbers = itertools.count(1)
pytestmark = pytest.mark.apart


def start(site: Site, playbook: str, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / f"playbooks/{playbook}.yml", *args, inventory=site.inventory, extra_vars=extra)


def roll_back(site: Site, *args: str, **extra: Any) -> Run:
    return start(site, "rollback", *args, **extra).wait()


def volumes(site: Site) -> set[str]:
    return {volume["id"] for volume in site.get("/volumes")}


def evidence(site: Site) -> list[Path]:
    return sorted((site.root / ".local/fly" / site.app / "backups").glob("*-rollback.json"))


def assert_idle(site: Site) -> None:
    """site.yml has nothing to do."""
    run = site.converge()
    assert not run.changed, changes(run)


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    """Backed up, then changed."""
    site = new_site(f"rollback-{next(_numbers)}")
    site.converge()
    fill(site, BEFORE)
    start(site, "backup").wait().ok()
    fill(site, SINCE)
    return site


def test_back_to_the_last_backup(gateway: Site) -> None:
    old, volume = gateway.machine["id"], gateway.volume["id"]
    gateway.emulator.clear_journal()
    planned = roll_back(gateway, "--check").ok()
    assert gateway.writes() == [] and not evidence(gateway)
    assert "2 of 5 sessions; cron jobs hourly" in planned.output and "min old" in planned.output
    refused = roll_back(gateway, confirm="another").failed()
    assert "Nothing was changed" in refused.output and gateway.writes() == []

    run = roll_back(gateway, confirm=gateway.app).ok()
    assert [one for one in changes(planned) if one[0] == RESTORE] == [one for one in changes(run) if one[0] == RESTORE]
    assert gateway.machine["id"] != old and json.loads((data(gateway) / "featherweight.json").read_text()) == BEFORE
    assert volume in volumes(gateway) and len(volumes(gateway)) == 2, "what was there is kept"
    assert result(run, CONTENTS)["counts"]["sessions"] == 3

    (record,) = evidence(gateway)
    assert record.stat().st_mode & 0o777 == 0o600
    written = json.loads(record.read_text())
    assert written["counts"] == written["expected"] and written["before"]["counts"]["sessions"] == 5
    assert written["before_snapshot"]["id"] != written["restored"]["id"] and volume in written["kept_volumes"]
    assert (gateway.root / f".local/secrets/{gateway.app}.token").read_text().strip() not in record.read_text()

    gateway.emulator.clear_journal()
    again = roll_back(gateway).ok()
    assert "is back at snapshot" in again.output and gateway.writes() == [] and not again.changed
    assert_idle(gateway)


def test_forward_again_with_the_snapshot_that_was_created_first(gateway: Site) -> None:
    """Nothing is lost for good; and it is found without the controller's files."""
    run = roll_back(gateway, confirm=gateway.app).ok()
    taken = result(run, "openclaw_volume_snapshot")["snapshot"]["id"]
    roll_back(gateway, confirm=gateway.app, snapshot=taken).ok()
    assert json.loads((data(gateway) / "featherweight.json").read_text()) == SINCE


def test_without_a_backup_it_says_what_there_is(new_site: Callable[..., Site]) -> None:
    """First without any snapshot, then with one that is nobody's last backup."""
    site = new_site("unnoted")
    site.converge()
    message = roll_back(site, "--check").failed().output
    assert "which snapshot to go back to is unknown" in message and "run backup.yml" in message
    start(site, "backup", quiesce="none").wait().ok()
    (snapshot,) = site.get(f"/volumes/{site.volume['id']}/snapshots")
    site.emulator.request("DELETE", f"/v1/apps/{site.app}/machines/{site.machine['id']}/metadata/ansible_last_backup")
    message = roll_back(site, "--check").failed().output
    assert f"no run of backup.yml noted a snapshot with machine {site.machine['id']}" in message
    assert f"-e snapshot={snapshot['id']} -e image=IMAGE" in message


def test_a_gateway_that_does_not_run(gateway: Site) -> None:
    stop = {"openclaw.fly.fly_machine": {"app": gateway.app, "state": "stopped"}}
    gateway.ansible.tasks(stop, env=gateway.emulator.environment).ok()
    planned = roll_back(gateway, "--check").ok()
    assert "what was added since is unknown: its machine is stopped" in planned.output
    run = roll_back(gateway, confirm=gateway.app).ok()
    assert result(run, CONTENTS)["counts"]["sessions"] == 3 and gateway.machine["state"] == "started"


def test_an_image_that_does_not_run_leaves_the_gateway_as_it_was(gateway: Site) -> None:
    old = gateway.machine["id"]
    snapshot = result(roll_back(gateway, "--check").ok(), PLAN)["snapshot"]["id"]
    image = "registry.fly.io/featherweight-missing:1"
    run = roll_back(gateway, confirm=gateway.app, snapshot=snapshot, image=image).failed()
    assert f"the old machine {old} runs" in run.output
    assert gateway.machine["id"] == old and gateway.machine["state"] == "started"
    assert json.loads((data(gateway) / "featherweight.json").read_text()) == SINCE
    assert_idle(gateway)
    roll_back(gateway, confirm=gateway.app).ok()


@pytest.mark.parametrize("path", ["/volumes$", "/stop$", "/machines$"])
def test_a_killed_run_is_finished_by_the_next(gateway: Site, path: str) -> None:
    rule = add_fault(gateway, path, action="latency", seconds=60, when="after")
    run = start(gateway, "rollback", confirm=gateway.app)
    until(lambda: hits(gateway, rule) > 0, run, "request that hangs")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)
    assert len([one for one in gateway.get("/machines") if one["state"] == "started"]) <= 1
    assert "is under way" in gateway.run().failed().output
    assert "is under way" in start(gateway, "configure", "--check").wait().failed().output
    done = roll_back(gateway, confirm=gateway.app).ok()
    assert result(done, CONTENTS)["counts"]["sessions"] == 3
    assert json.loads((data(gateway) / "featherweight.json").read_text()) == BEFORE
    assert len(volumes(gateway)) == 2
    assert_idle(gateway)
