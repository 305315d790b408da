"""playbooks/drill.yml: the last backup is restored into a throw-away app, compared, and removed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from support.ansible import REPO, Run, Started
from support.emulator import Emulator
from support.faults import add_fault, hits, until
from support.site import Site, result

from ansible_collections.openclaw.fly.plugins.module_utils._rehearsal.remains import DRILL

HELD = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
MODULE = "openclaw_drill"
_numbers = itertools.count(1)
pytestmark = pytest.mark.apart


def start(site: Site, *args: str, playbook: str = "drill", **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / f"playbooks/{playbook}.yml", *args, inventory=site.inventory, extra_vars=extra)


def drill(site: Site, *args: str) -> Run:
    return start(site, *args).wait()


def copies(site: Site) -> list[str]:
    """The throw-away apps that exist."""
    apps = site.emulator.get("/v1/apps?org_slug=personal")["apps"]
    return sorted(app["name"] for app in apps if app["name"].startswith(DRILL))


def record(site: Site) -> dict[str, Any]:
    (*_older, newest) = sorted((site.root / ".local/fly" / site.app / "backups").glob("*-drill.json"))
    assert newest.stat().st_mode & 0o777 == 0o600
    found: dict[str, Any] = json.loads(newest.read_text())
    return found


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    """It has a backup."""
    site = new_site(f"drilled-{next(_numbers)}")
    site.converge()
    (site.data / "featherweight.json").write_text(json.dumps(HELD))
    (site.data / "featherweight.json").chmod(0o644)
    start(site, playbook="backup").wait().ok()
    site.emulator.clear_journal()
    return site


def test_a_backup_that_can_be_restored(gateway: Site) -> None:
    planned = drill(gateway, "--check").ok()
    assert "it costs at most $0.0" in " ".join(planned.output.split())
    assert copies(gateway) == []
    run = drill(gateway).ok()
    found = result(run, MODULE)
    assert found["counts"] == found["expected"] and found["counts"]["sessions"] == 3
    assert 0 <= found["rpo_seconds"] < 3600 and 0 < found["rto_seconds"] <= found["seconds"]
    written = record(gateway)
    assert written["succeeded"] and written["snapshot"] == found["snapshot"] and written["cost"] > 0
    assert copies(gateway) == []
    assert [each for each in gateway.writes() if f"/apps/{gateway.app}" in each] == []


def test_a_backup_that_is_damaged(gateway: Site) -> None:
    snapshot = json.loads(gateway.machine["config"]["metadata"]["ansible_last_backup"])["snapshot"]
    (folder,) = (gateway.emulator.state_dir / "volumes").glob(f"*/snapshots/{snapshot}")
    (folder / "featherweight.json").write_text(json.dumps({"sessions": 3, "cron_jobs": ["daily"]}))
    run = drill(gateway).failed()
    assert "cron jobs weekly" in " ".join(run.output.split()) and "could not be restored" in " ".join(
        run.output.split()
    )
    assert record(gateway)["succeeded"] is False and copies(gateway) == []


def test_what_a_killed_drill_leaves_is_removed_by_the_next(gateway: Site) -> None:
    rule = add_fault(gateway, f"/apps/{DRILL}-[^/]+/machines$", action="latency", seconds=60, when="after")
    run = start(gateway)
    until(lambda: hits(gateway, rule) > 0, run, "machine of the drill")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    (left,) = copies(gateway)
    assert result(drill(gateway).ok(), MODULE)["removed"] == [left]
    assert copies(gateway) == []
