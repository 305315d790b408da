"""playbooks/restore.yml against the stand-in gateway: what comes back, what is refused before anything is touched."""

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
from support.faults import add_fault, hits, let_leases_expire, until
from support.site import Site, changes, data, fill, result

from ansible_collections.openclaw.fly.plugins.module_utils._archive.folder_store import FolderStore
from ansible_collections.openclaw.fly.plugins.module_utils._archive.manifest import backups

KEY, OTHER = x25519.Identity.generate(), x25519.Identity.generate()
BEFORE = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
SINCE = {"sessions": 5, "cron_jobs": ["daily", "hourly", "weekly"]}
MODULE = "openclaw_restore"

_numbers = itertools.count(1)
pytestmark = pytest.mark.apart


def start(site: Site, playbook: str, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / f"playbooks/{playbook}.yml", *args, inventory=site.inventory, extra_vars=extra)


def restore(site: Site, *args: str, key: x25519.Identity = KEY, **extra: Any) -> Run:
    return start(site, "restore", *args, identity_file=key_file(site, key), **extra).wait()


def key_file(site: Site, key: x25519.Identity = KEY) -> str:
    path = site.root / f"{str(key.to_public())[:12]}.key"
    path.write_text(f"# public key: {key.to_public()}\n{key}\n")
    return str(path)


def volumes(site: Site) -> set[str]:
    return {volume["id"] for volume in site.get("/volumes")}


def contents(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data(site) / "featherweight.json").read_text())
    return found


def assert_idle(site: Site) -> None:
    """site.yml has nothing to do."""
    run = site.converge()
    assert not run.changed, changes(run)


def parts(site: Site) -> list[Path]:
    return sorted(Path(site.variables["fly_app_backup_folder"]).rglob("*.age"))


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture
def gateway(new_site: Callable[..., Site], tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    """Backed up, then changed; a parameter is how many MB its archive has besides."""
    env = {"FEATHER_FILL_MB": str(getattr(request, "param", 0))}
    site = new_site(f"restore-{next(_numbers)}", fly_app_env=env)
    site.variables["fly_app_backup_recipients"] = [str(KEY.to_public())]
    site.variables["fly_app_backup_folder"] = str(tmp_path / "backups")
    site.converge()
    fill(site, BEFORE)
    start(site, "backup", "--tags=archive").wait().ok()
    fill(site, SINCE)
    return site


@pytest.mark.parametrize("gateway", [18], ids=["two parts"], indirect=True)
def test_the_newest_backup_comes_back(gateway: Site) -> None:
    old, volume, owner = gateway.machine["id"], gateway.volume["id"], (data(gateway) / "openclaw.json").stat()
    gateway.emulator.clear_journal()
    planned = restore(gateway, "--check").ok()
    assert gateway.writes() == []
    assert "2 of 5 sessions; cron jobs hourly" in planned.output and "min old" in planned.output
    refused = restore(gateway, confirm="another").failed()
    assert "Nothing was changed" in refused.output and gateway.writes() == []

    run = restore(gateway, confirm=gateway.app).ok()
    assert changes(planned) == changes(run)
    assert gateway.machine["id"] != old and contents(gateway) == BEFORE
    assert volume in volumes(gateway) and len(volumes(gateway)) == 2, "what was there is kept"
    assert result(run, MODULE)["counts"]["sessions"] == 3 and volume in result(run, MODULE)["kept_volumes"]
    now = (data(gateway) / "openclaw.json").stat()
    assert (now.st_uid, now.st_gid, now.st_mode) == (owner.st_uid, owner.st_gid, owner.st_mode)
    (record,) = (gateway.root / ".local/fly" / gateway.app / "backups").glob("*-restore.json")
    assert record.stat().st_mode & 0o777 == 0o600 and "AGE-SECRET-KEY" not in record.read_text() + run.output

    gateway.emulator.clear_journal()
    again = restore(gateway).ok()
    assert "already" in again.output and gateway.writes() == [] and not again.changed
    assert_idle(gateway)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("harm", "why"),
    [(flip, "its content is not what was stored"), (cut, "has another size"), (Path.unlink, "is missing")],
    ids=["bit", "cut", "missing"],
)
def test_a_damaged_backup_is_refused(gateway: Site, harm: Callable[[Path], None], why: str) -> None:
    """Before anything is touched; and an older one that is good is taken where none is named."""
    harm(parts(gateway)[-1])
    (backup,) = backups(FolderStore(gateway.variables["fly_app_backup_folder"]), gateway.app)
    gateway.emulator.clear_journal()
    for args in (["--check"], []):
        run = restore(gateway, *args, confirm=gateway.app, backup=backup.id).failed()
        assert why in run.output and "Use another backup" in run.output, run.output
    assert gateway.writes() == [] and contents(gateway) == SINCE


def test_what_does_not_fit_is_refused(gateway: Site) -> None:
    old = gateway.machine["id"]
    gateway.emulator.clear_journal()
    wrong = restore(gateway, key=OTHER, confirm=gateway.app).failed()
    assert "it was encrypted for other keys" in wrong.output
    missing = start(gateway, "restore", confirm=gateway.app).wait().failed()
    assert "-e identity_file=FILE" in missing.output
    (backup,) = backups(FolderStore(gateway.variables["fly_app_backup_folder"]), gateway.app)
    manifest = Path(gateway.variables["fly_app_backup_folder"]) / gateway.app / backup.id / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"release": "2026.9.6"', '"release": "2026.10.1"'))
    older = restore(gateway, confirm=gateway.app).failed()
    assert "the release is older than the backup" in older.output
    assert gateway.writes() == [] and gateway.machine["id"] == old and contents(gateway) == SINCE


@pytest.mark.parametrize("path", ["/volumes$", "/machines$", "/stop$"])
def test_a_killed_run_is_finished_by_the_next(gateway: Site, path: str) -> None:
    rule = add_fault(gateway, path, action="latency", seconds=60, when="after")
    run = start(gateway, "restore", confirm=gateway.app, identity_file=key_file(gateway))
    until(lambda: hits(gateway, rule) > 0, run, "request that hangs")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)
    assert "is under way" in gateway.run().failed().output
    done = restore(gateway, confirm=gateway.app).ok()
    assert result(done, MODULE)["counts"]["sessions"] == 3
    assert contents(gateway) == BEFORE and len(volumes(gateway)) == 2
    assert_idle(gateway)


def test_a_gateway_that_does_not_have_it_all_is_put_back(gateway: Site) -> None:
    """The manifest promises more than the archive has."""
    old = gateway.machine["id"]
    (backup,) = backups(FolderStore(gateway.variables["fly_app_backup_folder"]), gateway.app)
    manifest = Path(gateway.variables["fly_app_backup_folder"]) / gateway.app / backup.id / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"sessions": 3', '"sessions": 4'))
    run = restore(gateway, confirm=gateway.app).failed()
    assert "1 of 4 sessions" in run.output and f"the old machine {old} runs" in run.output
    assert gateway.machine["id"] == old and gateway.machine["state"] == "started" and contents(gateway) == SINCE
    assert_idle(gateway)


def test_into_another_app(gateway: Site, new_site: Callable[..., Site]) -> None:
    """It has its data and not its token, and does not answer in its place until site.yml lets it."""
    folder = gateway.variables["fly_app_backup_folder"]
    clone = new_site(f"clone-of-{gateway.app}", fly_app_backup_folder=folder, fly_app_region="ams")
    clone.converge()
    gateway.emulator.clear_journal()
    restore(clone, confirm=clone.app, backup_of=gateway.app).ok()
    assert contents(clone) == BEFORE and gateway.writes() == []
    env = clone.machine["config"]["env"]
    assert (env["OPENCLAW_SKIP_CRON"], env["OPENCLAW_SKIP_CHANNELS"]) == ("1", "1")
    clone.converge()
    assert "OPENCLAW_SKIP_CRON" not in clone.machine["config"]["env"] and contents(clone) == BEFORE
    tokens = {(site.root / f".local/secrets/{site.app}.token").read_text() for site in (gateway, clone)}
    assert len(tokens) == 2
    assert_idle(clone)
