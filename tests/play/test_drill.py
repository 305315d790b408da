"""playbooks/drill.yml: the last backup is restored into a throw-away app, compared, and removed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from support.ansible import REPO, Run, Started
from support.emulator import Emulator
from support.faults import add_fault, hits, until
from support.site import Site, fill, result

from ansible_collections.openclaw.fly.plugins.module_utils._rehearsal.remains import DRILL

HELD = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
MODULE = "openclaw_drill"
KEY = x25519.Identity.generate()
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


@pytest.fixture
def archived(new_site: Callable[..., Site], tmp_path: Path) -> Site:
    """It has an encrypted backup and no snapshot."""
    site = new_site(f"drilled-{next(_numbers)}")
    site.variables["fly_app_backup_recipients"] = [str(KEY.to_public())]
    site.variables["fly_app_backup_folder"] = str(tmp_path / "backups")
    site.converge()
    fill(site, HELD)
    start(site, "--tags=archive", playbook="backup").wait().ok()
    fill(site, {"sessions": 0})
    (tmp_path / "key").write_text(f"{KEY}\n")
    site.emulator.clear_journal()
    return site


def drill_archive(site: Site, *args: str, **extra: Any) -> Run:
    key = Path(site.variables["fly_app_backup_folder"]).with_name("key")
    return start(site, *args, **{"source": "archive", "identity_file": str(key), **extra}).wait()


def manifest_of(site: Site) -> Path:
    (path,) = Path(site.variables["fly_app_backup_folder"]).rglob("manifest.json")
    return path


def test_an_encrypted_backup_that_can_be_restored(archived: Site) -> None:
    planned = drill_archive(archived, "--check").ok()
    assert "encrypted backup" in planned.output and copies(archived) == [] and archived.writes() == []
    found = result(drill_archive(archived).ok(), MODULE)
    assert found["counts"]["sessions"] == found["expected"]["sessions"] == 3
    assert (found["snapshot"], found["backup"]) == (None, manifest_of(archived).parent.name)
    assert 0 <= found["rpo_seconds"] < 3600 and 0 < found["rto_seconds"] <= found["seconds"]
    written = record(archived)
    assert written["succeeded"] and written["backup"] == found["backup"]
    assert copies(archived) == []
    assert [each for each in archived.writes() if f"/apps/{archived.app}" in each] == []
    assert json.loads((archived.data / "featherweight.json").read_text()) == {"sessions": 0}


def test_an_encrypted_backup_that_cannot(archived: Site) -> None:
    missing = start(archived, source="archive").wait().failed()
    assert "-e identity_file=FILE" in missing.output
    manifest = manifest_of(archived)
    promised = manifest.read_text()
    manifest.write_text(promised.replace('"sessions": 3', '"sessions": 4'))
    run = drill_archive(archived).failed()
    assert "1 of 4 sessions" in run.output and "could not be restored" in " ".join(run.output.split())
    assert record(archived)["succeeded"] is False and copies(archived) == []

    manifest.write_text(promised)
    (part,) = manifest.parent.glob("*.age")
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    archived.emulator.clear_journal()
    part.write_bytes(content)
    flipped = drill_archive(archived).failed()
    assert "its content is not what was stored" in flipped.output
    part.write_bytes(content[:-1])
    cut = drill_archive(archived).failed()
    assert "the newest encrypted backup is damaged" in cut.output and "has another size" in cut.output
    assert archived.writes() == [] and record(archived)["succeeded"] is False
