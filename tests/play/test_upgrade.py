"""playbooks/upgrade.yml against the stand-in gateway: a release that fails leaves the old one with its data."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from support.ansible import REPO, Run, Started
from support.emulator import Emulator
from support.faults import add_fault, hits, let_leases_expire, until
from support.site import Site, changes, data, fill, result

OLD, NEW = "2026.8.2", "2026.9.6"
BEFORE = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
INFO, SNAPSHOT, RESTORE = "openclaw_upgrade_info", "openclaw_volume_snapshot", "fly_volume_restore"
_numbers = itertools.count(1)
pytestmark = pytest.mark.apart


def image(release: str) -> str:
    return f"registry.fly.io/featherweight:{release}"


def image_of(site: Site) -> str:
    """What its machine runs, without a digest."""
    return str(site.machine["config"]["image"]).partition("@")[0]


def declare(site: Site, release: str, **variables: Any) -> None:
    site.variables |= {"fly_app_release": release, "fly_app_image": image(release), **variables}


def start(site: Site, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / "playbooks/upgrade.yml", *args, inventory=site.inventory, extra_vars=extra)


def upgrade(site: Site, *args: str, **extra: Any) -> Run:
    return start(site, *args, **extra).wait()


def evidence(site: Site) -> dict[str, Any]:
    """The newest record of an upgrade."""
    (*_older, newest) = sorted((site.root / ".local/fly" / site.app / "backups").glob("*-upgrade.json"))
    assert newest.stat().st_mode & 0o777 == 0o600
    token = (site.root / f".local/secrets/{site.app}.token").read_text().strip()
    assert token not in newest.read_text()
    found: dict[str, Any] = json.loads(newest.read_text())
    return found


def assert_old(site: Site) -> None:
    """The old release serves the old data."""
    assert (site.machine["state"], image_of(site)) == ("started", image(OLD))
    assert json.loads((data(site) / "featherweight.json").read_text()) == BEFORE


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    """It runs the old release."""
    site = new_site(f"upgrade-{next(_numbers)}", fly_app_rehearse=False)
    declare(site, OLD)
    site.converge()
    fill(site, BEFORE)
    return site


def test_an_upgrade(gateway: Site) -> None:
    gateway.emulator.clear_journal()
    assert "already" in upgrade(gateway).ok().output and gateway.writes() == []
    declare(gateway, NEW)
    gateway.emulator.clear_journal()
    planned = upgrade(gateway, "--check").ok()
    assert gateway.writes() == []
    assert f"{OLD} to {NEW}: its databases get a newer schema" in planned.output
    assert "Node >=24.16.0" in planned.output
    assert "expect an outage of some 87 s" in " ".join(planned.output.split())

    run = upgrade(gateway).ok()
    planned_changes = [one for one in changes(planned) if one[0] in (SNAPSHOT, "fly_deploy")]
    assert planned_changes == [one for one in changes(run) if one[0] in (SNAPSHOT, "fly_deploy")] and planned_changes
    assert image_of(gateway) == image(NEW)
    written = evidence(gateway)
    assert written["succeeded"] and written["from"]["release"] == OLD and written["release"] == NEW
    assert written["counts"]["sessions"] == 3 and written["back"]["snapshot"] == result(run, SNAPSHOT)["snapshot"]["id"]
    assert "ansible_upgrading" not in gateway.machine["config"]["metadata"]
    assert not gateway.converge().changed

    declare(gateway, OLD)
    assert "only migrates forward" in upgrade(gateway).failed().output


def test_of_two_at_once_the_second_sees_what_the_first_did(gateway: Site) -> None:
    """It plans once nobody else changes the app: else it would go back to an image of before, with data of after."""
    lock = data(gateway) / ".ansible-run.lock"
    assert not lock.exists()
    declare(gateway, NEW)
    first = start(gateway)
    until(lock.exists, first, "it holds the app")
    declare(gateway, NEW, fly_app_env={"FEATHER_CRASH": "1"})
    second = start(gateway)
    first.wait().ok()
    assert "runs registry.fly.io/featherweight:2026.9.6 already" in " ".join(second.wait().ok().output.split())
    assert image_of(gateway) == image(NEW) and gateway.machine["state"] == "started"


def test_a_record_that_cannot_be_written_undoes_nothing(gateway: Site) -> None:
    declare(gateway, NEW)
    run = upgrade(gateway, openclaw_record_folder="/dev/null").ok()
    assert "No record was written into" in run.output and image_of(gateway) == image(NEW)


def test_a_release_that_does_not_start_is_rolled_back(gateway: Site) -> None:
    old = gateway.machine["id"]
    declare(gateway, NEW, fly_app_env={"FEATHER_CRASH": "1"})
    run = upgrade(gateway).failed()
    assert "Image and data of before were restored" in run.output
    assert_old(gateway)
    assert gateway.machine["id"] != old
    written = evidence(gateway)
    assert (written["succeeded"], written["rolled_back"], written["release"]) == (False, True, OLD)
    assert written["counts"] == written["back"]["counts"] and len(written["kept_volumes"]) == 1

    declare(gateway, NEW, fly_app_env={})
    gateway.emulator.clear_journal()
    for refused in (upgrade(gateway), gateway.run()):
        assert f"{NEW} failed" in refused.failed().output and "retry_failed_release=true" in refused.output
    assert gateway.writes() == []
    upgrade(gateway, "--check", retry_failed_release=True).ok()
    upgrade(gateway, retry_failed_release=True).ok()
    assert image_of(gateway) == image(NEW) and not gateway.converge().changed


def test_a_release_that_is_healthy_and_empty_is_rolled_back(gateway: Site) -> None:
    declare(gateway, NEW)
    rule = add_fault(gateway, f"/machines/{gateway.machine['id']}$", action="latency", seconds=3, when="after")
    run = start(gateway)
    until(lambda: hits(gateway, rule) > 0, run, "update")
    fill(gateway, {"sessions": 3, "cron_jobs": []})
    done = run.wait().failed()
    assert "cron jobs daily, weekly" in done.output
    assert_old(gateway)


def test_what_fails_before_the_machine_is_changed_undoes_nothing(gateway: Site) -> None:
    machine = gateway.machine
    declare(gateway, NEW)
    add_fault(gateway, f"/machines/{machine['id']}$", status=422, body={"error": "no"}, count=0)
    run = upgrade(gateway).failed()
    assert "Its machine was not changed" in run.output
    assert gateway.machine["instance_id"] == machine["instance_id"]
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    assert_old(gateway)
    upgrade(gateway).ok()


@pytest.mark.parametrize("bad", [False, True], ids=["that works", "that fails"])
def test_a_killed_upgrade_is_finished_or_rolled_back(gateway: Site, bad: bool) -> None:
    declare(gateway, NEW)
    rule = add_fault(gateway, f"/machines/{gateway.machine['id']}$", action="latency", seconds=60, when="after")
    run = start(gateway)
    until(lambda: hits(gateway, rule) > 0 and image_of(gateway) == image(NEW), run, "update")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)
    if bad:
        fill(gateway, {"sessions": 0, "cron_jobs": []})
        assert "Image and data of before were restored" in upgrade(gateway).failed().output
        assert_old(gateway)
        return
    upgrade(gateway).ok()
    assert image_of(gateway) == image(NEW)
    assert evidence(gateway)["counts"]["sessions"] == 3 and not gateway.converge().changed


@pytest.mark.parametrize("path", ["/volumes$", "/stop$", "/machines$"])
def test_a_killed_rollback_is_finished(gateway: Site, path: str) -> None:
    declare(gateway, NEW, fly_app_env={"FEATHER_CRASH": "1"})
    rule = add_fault(gateway, path, action="latency", seconds=60, when="after")
    run = start(gateway)
    until(lambda: hits(gateway, rule) > 0, run, "request of the rollback")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)
    assert len([one for one in gateway.get("/machines") if one["state"] == "started"]) <= 1
    upgrade(gateway).failed()
    assert_old(gateway)
