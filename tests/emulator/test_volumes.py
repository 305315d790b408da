"""Volumes: pinned to a region and a machine, never shrunk, soft-deleted."""

from __future__ import annotations

import pytest
from emulator.client import SLEEP, App, Client


def test_a_volume_grows_only(app: App) -> None:
    fly = app.client
    volume = app.volume(size_gb=2)
    assert volume["state"] == "created"
    assert volume["attached_machine_id"] is None
    path = f"{app.path}/volumes/{volume['id']}"
    grown = fly.put(f"{path}/extend", {"size_gb": 4}).json
    assert (grown["volume"]["size_gb"], grown["needs_restart"]) == (4, False)
    shrunk = fly.put(f"{path}/extend", {"size_gb": 1})
    assert shrunk.status == 400
    assert "shrunk" in shrunk.error
    assert fly.put(path, {"snapshot_retention": 9, "auto_backup_enabled": False}).json["snapshot_retention"] == 9
    assert app.volume()["id"] != app.volume()["id"]  # names are not unique


@pytest.mark.parametrize("fields", [{"region": "xyz"}, {"size_gb": 501}, {"name": "a-b"}, {"snapshot_retention": 61}])
def test_bad_volumes(app: App, fields: dict[str, object]) -> None:
    body = {"name": "data", "region": "iad", "size_gb": 1, **fields}
    assert app.client.post(f"{app.path}/volumes", body).status == 400


def test_data_outlives_machines_and_moves_with_the_volume(app: App) -> None:
    fly = app.client
    volume = app.volume()
    mounts = [{"volume": volume["id"], "path": "/data"}]
    first = app.machine(mounts=mounts)
    own_root = fly.emulator.context.runtime.guarantees.private_root
    first.sh("cat > /data/note", stdin="kept")
    if own_root:
        first.sh("echo gone > /tmp/note")
    assert first.view()["config"]["mounts"][0]["name"] == "data"
    assert fly.get(f"{app.path}/volumes/{volume['id']}").json["attached_machine_id"] == first.id
    other = fly.post(f"{app.path}/machines", {"region": "iad", "config": {"image": SLEEP, "mounts": mounts}})
    assert other.status == 412
    elsewhere = fly.post(f"{app.path}/machines", {"region": "ams", "config": {"image": SLEEP, "mounts": mounts}})
    assert elsewhere.status == 400
    assert "region" in elsewhere.error
    bound = fly.delete(f"{app.path}/volumes/{volume['id']}")
    assert bound.status == 412
    assert bound.error == f"failed_precondition: volume is currently bound to machine: {first.id}"
    assert fly.delete(f"{first.path}?force=true").json == {"ok": True}
    fly.advance(1)  # it is detached a while later
    second = app.machine(mounts=mounts)
    assert second.sh("cat /data/note") == "kept"
    if own_root:
        assert second.sh("ls /tmp") == ""


def test_soft_delete_lasts_a_day(run) -> None:
    with run() as fly:
        app = fly.app()
        volume = app.volume()
        path = f"{app.path}/volumes/{volume['id']}"
        assert fly.delete(path).json["state"] == "pending_destroy"
        data = fly.emulator.settings.state_dir / "volumes" / volume["id"] / "data"
        assert fly.get(path).json["state"] == "pending_destroy"
        body = {"region": "iad", "config": {"image": SLEEP, "mounts": [{"volume": volume["id"], "path": "/data"}]}}
        assert fly.post(f"{app.path}/machines", body).status == 400
        assert data.exists()
        fly.advance(24 * 3600 + 1)
        assert fly.get(f"{app.path}/volumes").json == []
        assert not data.exists()


def test_snapshots_and_forks_copy_the_data(fly: Client, app: App) -> None:
    volume = app.volume()
    machine = app.machine(mounts=[{"volume": volume["id"], "path": "/data"}])
    machine.sh("mkdir /data/d; echo one > /data/d/f; chmod 600 /data/d/f; ln -s d/f /data/link")
    path = f"{app.path}/volumes/{volume['id']}/snapshots"
    snapshot = fly.post(path).json
    assert snapshot["id"].startswith("vs_")
    machine.sh("echo two > /data/d/f")
    fly.advance(1)
    assert [item["id"] for item in fly.get(path).json] == [snapshot["id"]]
    for source, content in (({"snapshot_id": snapshot["id"]}, "one"), ({"source_volume_id": volume["id"]}, "two")):
        copy = app.volume(**source)
        fly.advance(1)
        reader = app.machine(mounts=[{"volume": copy["id"], "path": "/data"}])
        assert reader.sh("cat /data/link; stat -c %a /data/d/f").split() == [content, "600"]


def test_another_app_of_the_organization_gets_a_copy(run) -> None:
    with run() as fly:
        origin, other = fly.app(), fly.app()
        volume = origin.volume(size_gb=2)
        machine = origin.machine(mounts=[{"volume": volume["id"], "path": "/data"}])
        machine.sh("echo kept > /data/f")
        snapshot = fly.post(f"{origin.path}/volumes/{volume['id']}/snapshots").json
        fly.advance(1)
        for source in ({"snapshot_id": snapshot["id"]}, {"source_volume_id": volume["id"]}):
            body = {"name": "data", "region": "iad", **source}
            small = fly.post(f"{other.path}/volumes", {**body, "size_gb": 1})
            assert (small.status, "from 2 to" in small.error) == (400, True)
            copy = other.volume(**source, size_gb=2)
            fly.advance(1)
            reader = other.machine(mounts=[{"volume": copy["id"], "path": "/data"}])
            assert reader.sh("cat /data/f").strip() == "kept"
        fly.post("/v1/apps", {"name": "elsewhere", "org_slug": "acme"})
        body = {"name": "data", "region": "iad", "size_gb": 2, "source_volume_id": volume["id"]}
        assert fly.post("/v1/apps/elsewhere/volumes", body).status == 404
