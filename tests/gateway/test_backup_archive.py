"""An encrypted backup of the real gateway: what the release itself makes, verifies and takes back."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
from pyrage import x25519
from support.ansible import REPO
from support.gateway import GatewaySite
from support.site import result

from ansible_collections.openclaw.fly.plugins.module_utils._archive.age import Identities
from ansible_collections.openclaw.fly.plugins.module_utils._archive.folder_store import FolderStore
from ansible_collections.openclaw.fly.plugins.module_utils._archive.manifest import backups
from ansible_collections.openclaw.fly.plugins.module_utils._archive.parts import read_parts

pytestmark = [pytest.mark.gateway, pytest.mark.slow]


def test_the_release_takes_its_archive_back(deployed: GatewaySite, tmp_path: Path) -> None:
    key, process = x25519.Identity.generate(), deployed.process
    deployed.emulator.clear_journal()
    chosen = {"fly_app_backup_recipients": [str(key.to_public())], "fly_app_backup_folder": str(tmp_path / "kept")}
    deployed.declare()
    run = deployed.ansible.playbook(
        REPO / "playbooks/backup.yml", "--tags=archive", inventory=deployed.inventory, extra_vars=chosen
    ).ok()
    done = result(run, "openclaw_backup")["backup"]
    print(json.dumps(done, indent=1))
    assert done["release"] == "2026.9.6" and done["counts"]["agents"] == ["main"]
    assert deployed.process == process and deployed.writes() == []

    store = FolderStore(str(tmp_path / "kept"))
    (backup,) = backups(store, deployed.app)
    assert backup.good and backup.manifest
    content = b"".join(read_parts(store, backup.manifest, Identities(str(key))))
    assert deployed.token.encode() not in content
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "taken", filter="data")
    found = list((tmp_path / "taken").rglob("*.sqlite"))
    assert found
    for path in found:
        assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
    assert list((tmp_path / "taken").rglob("openclaw.json"))
