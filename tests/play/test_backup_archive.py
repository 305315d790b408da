"""Encrypted backups outside Fly.io, against the stand-in gateway: complete, resumed, and removed by the rules."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from support.ansible import REPO, Ansible, Run
from support.emulator import Emulator
from support.faults import let_leases_expire
from support.site import Site, changes, result

from ansible_collections.openclaw.fly.plugins.module_utils._archive.age import Identities
from ansible_collections.openclaw.fly.plugins.module_utils._archive.folder_store import FolderStore
from ansible_collections.openclaw.fly.plugins.module_utils._archive.manifest import Backup, backups
from ansible_collections.openclaw.fly.plugins.module_utils._archive.parts import read_parts

MODULE = "openclaw_backup"
KEY = x25519.Identity.generate()
COUNTED = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture(scope="module")
def shared(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    env = {"FEATHER_FILL_MB": "24"}
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "archive", fly_app_env=env)
    site.variables["fly_app_backup_recipients"] = [str(KEY.to_public())]
    site.converge()
    (site.data / "featherweight.json").write_text(json.dumps(COUNTED))
    return site


@pytest.fixture
def gateway(shared: Site, tmp_path: Path) -> Iterator[Site]:
    """One for all tests; each has a folder of its own for backups."""
    shared.variables["fly_app_backup_folder"] = str(tmp_path / "backups")
    shared.emulator.clear_journal()
    yield shared
    shared.emulator.request("DELETE", "/emulator/v1/faults")
    shared.variables.pop("fly_app_backup_keep", None)


def back_up(site: Site, *args: str, **extra: Any) -> Run:
    site.declare()
    playbook = REPO / "playbooks/backup.yml"
    return site.ansible.playbook(playbook, "--tags=archive", *args, inventory=site.inventory, extra_vars=extra)


def stored(site: Site) -> list[Backup]:
    return backups(FolderStore(site.variables["fly_app_backup_folder"]), site.app)


def in_machine(site: Site) -> str:
    """What backups left in the machine."""
    body = {"command": ["sh", "-c", "ls -d /tmp/.openclaw-backup-* 2>/dev/null || true"], "timeout": 30}
    return str(site.emulator.request("POST", f"/v1/apps/{site.app}/machines/{site.machine['id']}/exec", body)["stdout"])


def content(site: Site, backup: Backup) -> bytes:
    assert backup.manifest
    store = FolderStore(site.variables["fly_app_backup_folder"])
    return b"".join(read_parts(store, backup.manifest, Identities(str(KEY))))


def test_it_is_complete_and_leaves_nothing_behind(gateway: Site) -> None:
    volume = gateway.fingerprint()
    planned = back_up(gateway, "--check").ok()
    assert (gateway.writes(), stored(gateway), in_machine(gateway)) == ([], [], "")
    assert not Path(gateway.variables["fly_app_backup_folder"]).exists()
    run = back_up(gateway).ok()
    folder = gateway.variables["fly_app_backup_folder"]
    assert changes(planned) == changes(run) == [(MODULE, [f"create a backup of the gateway in {folder}"])]

    done = result(run, MODULE)["backup"]
    (backup,) = stored(gateway)
    assert backup.good and backup.id == done["id"]
    assert (done["release"], done["counts"]["sessions"], done["parts"]) == ("2026.9.6", 3, 2)
    assert gateway.writes() == [] and gateway.fingerprint() == volume and in_machine(gateway) == ""

    with tarfile.open(fileobj=io.BytesIO(content(gateway, backup))) as archive:
        names = archive.getnames()
        kept = archive.extractfile("openclaw-backup/payload/posix/data/featherweight.json")
        assert kept and json.loads(kept.read()) == COUNTED
    assert names[-1] == "openclaw-backup/manifest.json"


def test_what_was_interrupted_is_continued(gateway: Site) -> None:
    """It fails while the second part is read: the first is not read again."""
    lost = {"method": "POST", "path": "/exec", "status": 403, "body": {"error": "no"}, "nth": 64, "count": 1000}
    gateway.emulator.request("POST", "/emulator/v1/faults", lost)
    assert back_up(gateway).failed
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)  # it could not release the app's lock either
    (begun,) = stored(gateway)
    assert begun.manifest and not begun.good and len(begun.manifest.parts) == 1
    assert in_machine(gateway)

    (made,) = changes(back_up(gateway, "--check").ok())
    assert "create a backup" in made[1][0], "another run may still work on it"
    long_ago = replace(begun.manifest, updated_at="2026-01-01T00:00:00Z")
    long_ago.write(FolderStore(gateway.variables["fly_app_backup_folder"]))
    ((_module, lines),) = changes(back_up(gateway).ok())
    assert lines == [f"store the rest of backup {begun.id}: 1 of 2 parts are there"]
    (whole,) = stored(gateway)
    assert whole.good and whole.id == begun.id and whole.manifest and whole.manifest.parts[0] == begun.manifest.parts[0]
    assert len(content(gateway, whole)) == whole.manifest.size
    assert in_machine(gateway) == ""


def test_old_ones_go_and_the_last_good_one_stays(gateway: Site) -> None:
    store = FolderStore(gateway.variables["fly_app_backup_folder"])
    back_up(gateway).ok()
    (good,) = stored(gateway)
    assert good.manifest
    older = [f"202601{day:02}T000000Z-00000000" for day in (1, 2, 3)]
    for identity in older:
        copy = replace(good.manifest, id=identity, created_at="2026-01-01T00:00:00Z")
        copy.write(store)
        for part in copy.parts:
            store.write(f"{copy.folder}/{part.name}", store.read(f"{good.manifest.folder}/{part.name}"))
    replace(good.manifest, id="20260104T000000Z-00000000", complete=False).write(store)
    gateway.variables["fly_app_backup_keep"] = {"last": 2}
    planned = back_up(gateway, "--check").ok()
    before = {backup.id for backup in stored(gateway)}
    run = back_up(gateway).ok()
    assert changes(planned) == changes(run)
    new = result(run, MODULE)["backup"]["id"]
    assert new not in before
    assert {backup.id for backup in stored(gateway)} == {new, good.id}


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("recipients", ["age1nobody"], "[0]: a recipient is no public key of age"),
        ("recipients", [str(KEY)], "[0]: this is a private key. Give its public one"),
        ("recipients", ["{{ vault_of_nobody }}"], ": cannot be resolved: 'vault_of_nobody' is undefined"),
        ("recipients", "age1nobody", ": is text, but must be a list"),
        ("keep", {"dayly": 7}, ".dayly: is no rule by which backups are kept. Did you mean daily?"),
        ("keep", {"daily": "{{ 'many' }}"}, ".daily: must be a whole number"),
        ("keep", {"last": 0}, ": these numbers of backups keep none"),
        ("folder", "/dev/null/backups", ": no backup can be stored: /dev/null is no folder"),
    ],
)
def test_bad_values_are_refused_before_anything_is_done(gateway: Site, variable: str, value: Any, text: str) -> None:
    name = f"fly_app_backup_{variable}"
    before = gateway.variables.get(name)
    gateway.variables[name] = value
    gateway.declare()
    try:
        for args in (["--check"], []):
            run = gateway.ansible.playbook(REPO / "playbooks/backup.yml", *args, inventory=gateway.inventory)
            assert run.failed and f"app {gateway.app}: {name}{text}" in run.output
            assert str(KEY) not in run.output
    finally:
        gateway.variables[name] = before
    assert gateway.journal("write,exec") == []
