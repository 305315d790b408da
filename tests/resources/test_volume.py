"""fly_volume, its snapshots and its copies against the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.platform import Platform


@pytest.fixture
def volume(fly: Platform, app: str) -> str:
    """The id of a volume with a file on it."""
    found: str = fly.module("fly_volume", app=app, name="data", region="iad", size_gb=2)["volume"]["id"]
    (data(fly, found) / "note").write_text("kept")
    return found


def data(fly: Platform, volume: str) -> Path:
    path: Path = fly.context.store.directory / "volumes" / volume / "data"
    return path


def test_fork_to_another_region(fly: Platform, app: str, volume: str) -> None:
    params = {"app": app, "name": "data", "region": "lhr", "fork_from": volume}
    planned = fly.module("fly_volume", check=True, **params)
    done = fly.module("fly_volume", **params)
    assert planned["changes"] == done["changes"] == [f"create 2 GB in lhr from {volume}"]
    assert (done["volume"]["region"], done["volume"]["size_gb"]) == ("lhr", 2)
    assert (data(fly, done["volume"]["id"]) / "note").read_text() == "kept"
    again = fly.module("fly_volume", **params)
    assert (again.changed, again.writes) == (False, [])
    found = fly.app(app)
    assert found and found.volumes[volume].state == "created", "the copied one stays"


def test_fork_on_another_host(fly: Platform, app: str, volume: str) -> None:
    done = fly.module("fly_volume", app=app, name="data", fork_from=volume)
    assert done["volume"]["region"] == "iad" and done["volume"]["id"] != volume
    assert fly.module("fly_volume", app=app, name="data", fork_from="vol_none").failed


def test_restore_from_a_snapshot(fly: Platform, app: str, volume: str) -> None:
    snapshot = fly.module("fly_volume_snapshot", app=app, name="data")["snapshot"]["id"]
    (data(fly, volume) / "note").write_text("spoiled")
    params = {"app": app, "name": "restored", "region": "iad", "size_gb": 2, "snapshot_id": snapshot}
    done = fly.module("fly_volume", **params)
    assert (data(fly, done["volume"]["id"]) / "note").read_text() == "kept"
    assert not fly.module("fly_volume", **params).changed


@pytest.mark.parametrize("gone", [False, True])
def test_a_restored_volume_is_never_smaller_than_its_snapshot(fly: Platform, app: str, volume: str, gone: bool) -> None:
    """Also where the volume grew later, or is gone: what counts is the size at the snapshot's time."""
    snapshot = fly.module("fly_volume_snapshot", app=app, name="data")["snapshot"]["id"]
    assert fly.module("fly_volume", app=app, name="data", region="iad", size_gb=5).changed
    if gone:
        last = fly.module("fly_volume", app=app, name="data", state="absent", destroy_data=True, snapshot_first=False)
        assert not last.failed
    params = {"app": app, "name": "restored", "region": "iad", "snapshot_id": snapshot}
    for check in (True, False):
        small = fly.module("fly_volume", check=check, **params, size_gb=1)
        assert small.failed and small.writes == []
        assert f"1 GB is smaller than the snapshot {snapshot}" in small["msg"]
        assert "volume of 2 GB" in small["msg"] and "Set size_gb to 2 or more" in small["msg"]
    done = fly.module("fly_volume", **params, size_gb=2)
    assert done["volume"]["size_gb"] == 2
    assert (data(fly, done["volume"]["id"]) / "note").read_text() == "kept"
    assert not fly.module("fly_volume", **params, size_gb=2).changed


def test_a_fork_grows_to_what_it_is_of(fly: Platform, app: str, volume: str) -> None:
    assert (
        fly.module("fly_volume", app=app, name="data", region="lhr", fork_from=volume, size_gb=1)["volume"]["size_gb"]
        == 2
    )


def test_a_volume_that_is_not_declared_is_reported_and_left_alone(fly: Platform, app: str, volume: str) -> None:
    spare = fly.module("fly_volume", app=app, name="older", region="iad")["volume"]["id"]
    declared = {"app": app, "name": "data", "region": "iad", "size_gb": 2}
    assert fly.module("fly_volume", **declared).warnings == [], "nothing runs yet, so nothing is known to be unused"
    found = fly.app(app)
    assert found
    found.volumes[volume].attached_machine_id = "3287abc"
    outcome = fly.module("fly_volume", **declared)
    (line,) = outcome.warnings
    assert "the app has volumes that no machine uses" in line and spare in line and "older" in line
    assert (outcome.changed, outcome.writes) == (False, [])
    assert found.volumes[spare].state == "created"


def test_a_snapshot_that_is_young_enough(fly: Platform, app: str, volume: str) -> None:
    def snap(**params: object) -> bool:
        return fly.module("fly_volume_snapshot", app=app, volume=volume, **params).changed

    assert fly.module("fly_volume_snapshot", check=True, app=app, volume=volume, max_age="1h").changed
    assert snap(max_age="1h")
    assert not snap(max_age="1h")
    fly.advance(3700)
    assert snap(max_age="1h")
    assert snap(), "without max_age every run makes one"
    found = fly.module("fly_volume_snapshot_info", app=app, name="data")
    assert len(found["snapshots"]) == 3
    assert {snapshot["status"] for snapshot in found["snapshots"]} == {"created"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_snapshot_though_the_answer_is_lost(fly: Platform, app: str, volume: str, when: str) -> None:
    fly.fault(method="POST", path="/snapshots", action="reset", when=when)
    assert not fly.module("fly_volume_snapshot", app=app, volume=volume).failed
    found = fly.app(app)
    assert found and len(found.volumes[volume].snapshots) == 1


def test_info(fly: Platform, app: str, volume: str) -> None:
    fly.module("fly_volume", app=app, name="other", region="iad")
    assert [v["id"] for v in fly.module("fly_volume_info", app=app, name="data")["volumes"]] == [volume]
    assert len(fly.module("fly_volume_info", app=app)["volumes"]) == 2
    outcome = fly.module("fly_volume_snapshot_info", app=app, name="none")
    assert outcome.failed and "there is no such volume" in outcome["msg"]
