"""Encrypted backups in a bucket of a real S3 server: made, continued, listed, and restored, by the playbooks."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519
from support.ansible import REPO, Run
from support.emulator import Emulator
from support.faults import let_leases_expire
from support.s3 import S3Server
from support.site import Site, changes, data, fill, result

from ansible_collections.openclaw.fly.plugins.module_utils._archive.manifest import Backup, backups
from ansible_collections.openclaw.fly.plugins.module_utils._archive.store import Store

KEY = x25519.Identity.generate()
BEFORE = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
SINCE = {"sessions": 5, "cron_jobs": ["daily", "hourly", "weekly"]}

_numbers = itertools.count(1)
pytestmark = [pytest.mark.s3, pytest.mark.slow]


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture
def bucket(s3_server: S3Server) -> Path:
    return s3_server.bucket(f"plays-{next(_numbers)}")


@pytest.fixture
def gateway(new_site: Callable[..., Site], bucket: Path) -> Site:
    """Its archive has two parts; the credentials are in the environment only."""
    site = new_site(bucket.name, fly_app_env={"FEATHER_FILL_MB": "24"})
    site.variables["fly_app_backup_recipients"] = [str(KEY.to_public())]
    site.variables["fly_app_backup_folder"] = f"s3://{bucket.name}/openclaw"
    site.converge()
    fill(site, BEFORE)
    return site


def play(site: Site, server: S3Server, playbook: str, *args: str, **extra: Any) -> Run:
    site.declare()
    run = site.ansible.playbook(
        REPO / f"playbooks/{playbook}.yml",
        *args,
        "-vvv",
        inventory=site.inventory,
        extra_vars=extra,
        env=server.environment,
    )
    assert server.secret_key not in run.output
    return run


def store(site: Site, server: S3Server) -> Store:
    return server.store(site.variables["fly_app_backup_folder"])


def stored(site: Site, server: S3Server) -> list[Backup]:
    return backups(store(site, server), site.app)


def test_a_backup_comes_back_from_a_bucket(gateway: Site, s3_server: S3Server, bucket: Path) -> None:
    planned = play(gateway, s3_server, "backup", "--check", "--tags=archive").ok()
    assert list(bucket.iterdir()) == [] and "has no backups" not in planned.output
    lost = {"method": "POST", "path": "/exec", "status": 403, "body": {"error": "no"}, "nth": 64, "count": 1000}
    gateway.emulator.request("POST", "/emulator/v1/faults", lost)
    play(gateway, s3_server, "backup", "--tags=archive").failed()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)
    (begun,) = stored(gateway, s3_server)
    assert begun.manifest and not begun.good and len(begun.manifest.parts) == 1
    replace(begun.manifest, updated_at="2026-01-01T00:00:00Z").write(store(gateway, s3_server))
    ((_module, lines),) = changes(play(gateway, s3_server, "backup", "--tags=archive").ok())
    assert lines == [f"store the rest of backup {begun.id}: 1 of 2 parts are there"]
    (whole,) = stored(gateway, s3_server)
    assert whole.good and whole.id == begun.id
    assert not any(b"featherweight" in path.read_bytes() for path in bucket.rglob("*.age")), "plain data"

    fill(gateway, SINCE)
    key = gateway.root / "backup.key"
    key.write_text(f"{KEY}\n")
    run = play(gateway, s3_server, "restore", identity_file=str(key), confirm=gateway.app).ok()
    assert "2 of 5 sessions; cron jobs hourly" in run.output
    assert json.loads((data(gateway) / "featherweight.json").read_text()) == BEFORE
    assert result(run, "openclaw_restore")["backup"] == whole.id


def test_old_ones_go_and_damaged_ones_are_reported(gateway: Site, s3_server: S3Server, bucket: Path) -> None:
    first = result(play(gateway, s3_server, "backup", "--tags=archive").ok(), "openclaw_backup")["backup"]["id"]
    (kept,) = stored(gateway, s3_server)
    assert kept.manifest
    place = store(gateway, s3_server)
    for day in (1, 2, 3):
        copy = replace(kept.manifest, id=f"2026010{day}T000000Z-00000000")
        copy.write(place)
        for part in copy.parts:
            place.write(f"{copy.folder}/{part.name}", place.read(f"{kept.manifest.folder}/{part.name}"))
    folder = bucket / "openclaw" / gateway.app
    (folder / "20260101T000000Z-00000000/manifest.json").write_bytes(b"{")
    (folder / f"20260102T000000Z-00000000/{kept.manifest.parts[0].name}").unlink()
    gateway.variables["fly_app_backup_keep"] = {"last": 2}
    run = play(gateway, s3_server, "backup", "--tags=archive").ok()
    new = result(run, "openclaw_backup")["backup"]["id"]
    ids = {each.id: each.good for each in stored(gateway, s3_server)}
    assert ids == {new: True, first: True, "20260102T000000Z-00000000": False, "20260101T000000Z-00000000": False}
    assert all(f"backup {identity} cannot be restored" in run.output for identity, good in ids.items() if not good)


def test_a_bucket_that_cannot_be_used_stops_the_play_first(gateway: Site, s3_server: S3Server) -> None:
    """Before the gateway is suspended for its snapshot."""
    gateway.variables["fly_app_backup_folder"] = "s3://no-such-bucket"
    gateway.emulator.clear_journal()
    for args in (["--check"], []):
        run = play(gateway, s3_server, "backup", *args).failed()
        assert "the bucket does not exist (NoSuchBucket)" in run.output and "Create the bucket" in run.output
    assert gateway.journal("write,exec") == []
