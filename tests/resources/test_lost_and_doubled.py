"""Data is never doubled, left behind or replaced by nothing: each is refused, in check mode too, before any write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.platform import Outcome, Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.volumes.restoring import KEPT

TOML: dict[str, Any] = {
    "primary_region": "iad",
    "build": {"image": "registry.fly.io/still:1"},
    "mounts": {"source": "data", "destination": "/data"},
}
VOLUME = {"name": "data", "region": "iad"}


def refused(fly: Platform, module: str, **params: Any) -> str:
    """The refusal's text: the same in check mode and in the run, with no write."""
    planned, done = fly.module(module, check=True, **params), fly.module(module, **params)
    for outcome in (planned, done):
        assert outcome.failed and not outcome.changed and outcome.writes == [], outcome
        assert outcome["error"]["where"] and outcome["error"]["todo"]
    assert planned["msg"] == done["msg"]
    return str(done["msg"])


def destroyed(fly: Platform, app: str, volume: str) -> None:
    """By somebody else, with the machine that mounted it."""
    for machine in fly.machines(app):
        assert not fly.module("fly_machine", app=app, machine=machine.id, state="absent").failed
    answer = fly.module("fly_volume", app=app, name="data", state="absent", destroy_data=True, snapshot_first=False)
    assert not answer.failed, answer


@pytest.fixture
def gateway(fly: Platform, app: str) -> str:
    """The id of the volume of an app with one machine on it."""
    volume: str = fly.module("fly_volume", app=app, **VOLUME)["volume"]["id"]
    assert not fly.module("fly_deploy", app=app, definition=TOML).failed
    return volume


def clone(fly: Platform, app: str, region: str = "iad") -> tuple[str, str]:
    """A second machine and volume in the group, as `flyctl scale count 2` makes them: (machine, volume)."""
    (first,) = fly.machines(app)
    api = fly.api()
    volume = api.create_volume(app, {"name": "data", "region": region, "size_gb": 1})["id"]
    mounts = [{"name": "data", "path": "/data", "volume": volume}]
    config = {key: value for key, value in first.config.items() if key != "mounts"}
    machine = api.create_machine(app, {"region": region, "config": {**config, "mounts": mounts}})["id"]
    fly.until(lambda: fly.machine(app, machine).state == "started", what="the second machine to start")
    return machine, volume


# Entry 4: a lost volume


@pytest.mark.parametrize("hours", [1, 48], ids=["listed still", "listed no longer"])
def test_a_lost_volume_is_not_replaced_by_an_empty_one(fly: Platform, app: str, gateway: str, hours: int) -> None:
    snapshot = fly.module("fly_volume_snapshot", app=app, name="data")["snapshot"]["id"]
    destroyed(fly, app, gateway)
    fly.advance(hours * 3600)
    there = fly.app(app)
    assert there
    fly.until(lambda: hours == 1 or there.volumes[gateway].gone, what="the volume to be erased")
    said = refused(fly, "fly_volume", app=app, **VOLUME)
    assert f"volume data of {app}: the app had a volume of this name, and it is gone" in said
    assert gateway in said and f"snapshot_id: {snapshot}" in said and "start_empty: true" in said
    found = fly.module("fly_volume_snapshot_info", app=app, name="data")
    assert (found["volume"], found["gone"]) == (gateway, True)
    assert [one["id"] for one in found["snapshots"]] == [snapshot]
    by_id = fly.module("fly_volume_snapshot_info", app=app, volume=gateway)
    assert by_id["gone"] and by_id["snapshots"] == found["snapshots"]


def test_it_is_restored(fly: Platform, app: str, gateway: str) -> None:
    snapshot = fly.module("fly_volume_snapshot", app=app, name="data")["snapshot"]["id"]
    destroyed(fly, app, gateway)
    done = fly.module("fly_volume", app=app, **VOLUME, snapshot_id=snapshot)
    assert done["changes"] == [f"create 1 GB in iad from {snapshot}"]
    assert not fly.module("fly_volume", app=app, **VOLUME).changed


def test_it_starts_empty_by_an_explicit_word(fly: Platform, app: str, gateway: str) -> None:
    fly.module("fly_volume_snapshot", app=app, name="data")
    destroyed(fly, app, gateway)
    assert fly.module("fly_volume", app=app, **VOLUME, start_empty=True).changed
    assert not fly.module("fly_volume", app=app, **VOLUME).changed
    assert not fly.module("fly_volume_snapshot_info", app=app, name="data")["gone"]


def test_what_left_nothing_behind_is_not_missed(fly: Platform, app: str, gateway: str) -> None:
    destroyed(fly, app, gateway)
    assert fly.module("fly_volume", app=app, **VOLUME).changed


def test_a_machine_that_still_names_it(fly: Platform, app: str, gateway: str) -> None:
    """The volume vanished under its machine, without a snapshot: somebody must know."""
    (machine,) = fly.machines(app)
    there = fly.app(app)
    assert there
    fly.on_loop(lambda: there.volumes.pop(gateway))
    said = refused(fly, "fly_volume", app=app, **VOLUME)
    assert f"machine {machine.id} mounts it" in said and gateway in said


def test_a_volume_that_never_was(fly: Platform, app: str) -> None:
    outcome = fly.module("fly_volume_snapshot_info", app=app, name="never")
    assert outcome.failed and "there is no such volume, and no snapshot of one" in outcome["msg"]
    assert fly.module("fly_volume_snapshot_info", app=app, volume="vol_never").failed


# Entry 5: twins


@pytest.mark.parametrize("maintenance", [False, True])
@pytest.mark.parametrize("state", ["running", "stopped", "crash loop"])
def test_two_machines_of_a_group(fly: Platform, app: str, gateway: str, maintenance: bool, state: str) -> None:
    (first,) = fly.machines(app)
    second, volume = clone(fly, app)
    if state == "stopped":
        fly.module("fly_machine", app=app, machine=second, state="stopped")
    if state == "crash loop":
        fly.machine(app, second).config["init"] = {"cmd": ["crash"]}
        fly.module("fly_machine", app=app, machine=second, state="restarted", wait_timeout=30)
    said = refused(fly, "fly_deploy", app=app, definition=TOML, maintenance=maintenance)
    assert f"machines of {app}: the process group app has 2 machines with a volume each" in said
    assert all(one in said for one in (first.id, second, gateway, volume, "fly_machine", "fly volumes destroy"))
    assert len(fly.machines(app)) == 2
    assert not fly.module("fly_machine", app=app, machine=second, state="absent").failed
    left = fly.module("fly_deploy", app=app, definition=TOML, maintenance=maintenance)
    assert not left.failed and not left.changed, left


def test_two_volumes_in_use(fly: Platform, app: str, gateway: str) -> None:
    _second, volume = clone(fly, app)
    said = refused(fly, "fly_volume", app=app, **VOLUME)
    assert "there are 2 volumes of this name, and 2 of them in use" in said and gateway in said and volume in said


def test_two_volumes_of_which_none_is_in_use(fly: Platform, app: str) -> None:
    for _number in range(2):
        fly.api().create_volume(app, {"name": "data", "region": "iad", "size_gb": 1})
    assert "none of them in use" in refused(fly, "fly_volume", app=app, **VOLUME)
    said = refused(fly, "fly_deploy", app=app, definition=TOML)
    assert "2 volumes named data are free, and a machine mounts one" in said and "volume: ID" in said


def test_a_volume_beside_the_one_in_use_is_reported(fly: Platform, app: str, gateway: str) -> None:
    spare = fly.api().create_volume(app, {"name": "data", "region": "iad", "size_gb": 1})["id"]
    done = fly.module("fly_volume", app=app, **VOLUME)
    assert not done.failed and not done.changed and done["volume"]["id"] == gateway
    assert any(spare in line and "is billed" in line for line in done.warnings)


def test_what_a_restore_keeps_is_known_after_the_mount_was_taken_away(fly: Platform, app: str, gateway: str) -> None:
    """A mount is taken away, and put back, by another machine."""
    (machine,) = fly.machines(app)
    kept = {"vol_of_before": "2026-12-01T00:00:00Z"}
    fly.api().set_machine_metadata(app, machine.id, KEPT, json.dumps(kept))
    plain = {key: value for key, value in TOML.items() if key != "mounts"}
    for definition in (plain, TOML):
        assert not fly.module("fly_deploy", app=app, definition=definition).failed
        (there,) = fly.machines(app)
        assert there.id != machine.id and json.loads(there.config["metadata"][KEPT]) == kept
        assert not fly.module("fly_deploy", app=app, definition=definition).changed
        machine = there


def test_several_machines_without_a_volume_are_fine(fly: Platform, app: str) -> None:
    plain = {key: value for key, value in TOML.items() if key != "mounts"}
    assert not fly.module("fly_deploy", app=app, definition=plain).failed
    (first,) = fly.machines(app)
    fly.api().create_machine(app, {"region": "iad", "config": dict(first.config)})
    assert not fly.module("fly_deploy", app=app, definition=plain).failed
    assert len(fly.machines(app)) == 2


# Entry 6: another region, another name


def test_a_region_that_is_declared_anew(fly: Platform, app: str, gateway: str) -> None:
    said = refused(fly, "fly_volume", app=app, name="data", region="dfw")
    assert f"the volume {gateway} is in iad, not in dfw" in said and "Write iad again" in said and "fork_from" in said
    for maintenance in (False, True):
        moved = {**TOML, "primary_region": "dfw"}
        said = refused(fly, "fly_deploy", app=app, definition=moved, maintenance=maintenance)
        assert f"its volume {gateway} are in iad, not in dfw" in said and "Write primary_region iad again" in said


def test_a_volume_in_a_fallback_region_is_at_home(fly: Platform, app: str) -> None:
    fly.context.full_regions.add("lhr")
    params = {"app": app, "name": "data", "region": "lhr", "fallback_regions": ["ams"]}
    assert fly.module("fly_volume", **params)["volume"]["region"] == "ams"
    fly.context.full_regions.clear()
    assert not fly.module("fly_volume", **params).changed
    deploy = {"app": app, "definition": {**TOML, "primary_region": "lhr"}, "fallback_regions": ["ams"]}
    assert not fly.module("fly_deploy", **deploy).failed
    again = fly.module("fly_deploy", **deploy)
    assert not again.failed and not again.changed


def test_a_volume_that_is_declared_by_another_name(fly: Platform, app: str, gateway: str) -> None:
    said = refused(fly, "fly_volume", app=app, name="state", region="iad")
    assert "the app uses data and has no volume state" in said and gateway in said and "write name: data" in said
    said = refused(
        fly, "fly_deploy", app=app, definition={**TOML, "mounts": {"source": "state", "destination": "/data"}}
    )
    assert f"mounts the volume data ({gateway}), not state" in said and 'source = "data"' in said
    assert fly.module("fly_volume", app=app, name="state", region="iad", start_empty=True).changed


# Entry 12: what is to be repaired is not waited for


@pytest.mark.parametrize("drift", ["internal_port", "env", "command"])
def test_drift_that_fails_the_check_is_repaired_first(fly: Platform, app: str, gateway: str, drift: str) -> None:
    (machine,) = fly.machines(app)
    failing = [{"name": "servicecheck-00-http-3000", "status": "critical", "output": "connection refused"}]
    if drift == "internal_port":
        machine.config["services"] = [{"internal_port": 1, "protocol": "tcp", "ports": [{"port": 443}]}]
    elif drift == "env":
        machine.config["env"]["PORT"] = "1"
    else:
        machine.config["init"] = {"cmd": ["wrong"]}
    view = {**fly.api().machine(app, machine.id), "checks": failing}
    fly.fault(method="GET", path=f"/{app}/machines$", status=200, body=[view], count=1)
    began = fly.context.clock.now()
    held: Outcome = fly.module("fly_deploy", app=app, definition=TOML, maintenance=True, wait_timeout=600)
    fly.clear_faults()
    assert not held.failed and not held.changed and held.writes == [], held
    assert fly.context.clock.now() - began < 60, "a check that cannot pass is not waited for"
    assert not [entry for entry in held.requests if entry.path.endswith("/wait")]
    done = fly.module("fly_deploy", app=app, definition=TOML)
    assert not done.failed and len(done["changes"]) == 1
    assert not fly.module("fly_deploy", app=app, definition=TOML).changed


# Entry 8, cases 07 and 08: names, regions, sizes


@pytest.mark.parametrize("definition", [{**TOML, "app": ""}, {**TOML}], ids=["empty", "none"])
@pytest.mark.parametrize("check", [True, False])
def test_no_app_is_named(fly: Platform, definition: dict[str, Any], check: bool) -> None:
    outcome = fly.module("fly_deploy", check=check, definition=definition)
    assert outcome.failed and outcome.requests == []
    assert outcome["msg"] == 'fly.toml: fly.toml names no app. Write app = "NAME" in it, or give `app`.'


@pytest.mark.parametrize("module", ["fly_ips", "fly_volume", "fly_secrets_info", "fly_machine"])
def test_an_empty_name_makes_no_request(fly: Platform, module: str) -> None:
    more = {"fly_volume": VOLUME, "fly_machine": {"state": "started"}}.get(module, {})
    outcome = fly.module(module, app="", **more)
    assert outcome.failed and outcome.requests == [] and "no app is named" in outcome["msg"]


def test_names_that_fly_refuses(fly: Platform, app: str) -> None:
    said = refused(fly, "fly_app", name="myBot", org="personal")
    assert "app myBot" in said and "Write my-bot" in said
    said = refused(fly, "fly_volume", app=app, name="bot-data", region="iad")
    assert "volume bot-data" in said and "Write bot_data" in said
    assert "Write my-bot" in refused(fly, "fly_deploy", app="myBot", definition=TOML)
    mounts = {"source": "bot-data", "destination": "/data"}
    assert "Write bot_data" in refused(fly, "fly_deploy", app=app, definition={**TOML, "mounts": mounts})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"region": "frankfurt"}, "Did you mean fra?"),
        ({"region": "mia"}, "has closed the region mia"),
        ({"region": "zzz"}, "Fly.io has no region 'zzz'"),
        ({"region": "iad", "fallback_regions": ["xxx"]}, "Fly.io has no region 'xxx'"),
        ({"region": "iad", "size_gb": 0}, "from 1 to 500"),
        ({"region": "iad", "size_gb": 501}, "from 1 to 500"),
        ({"region": "iad", "snapshot_retention": 61}, "from 1 to 60"),
    ],
)
def test_what_fly_refuses_of_a_volume(fly: Platform, app: str, params: dict[str, Any], words: str) -> None:
    assert words in refused(fly, "fly_volume", app=app, name="data", **params)


def test_fly_toml_with_names_that_fly_refuses(fly: Platform, tmp_path: Any) -> None:
    definition = {**TOML, "app": "myBot", "mounts": {"source": "bot-data", "destination": "/data"}}
    outcome = fly.module("fly_toml", dest=str(tmp_path / "fly.toml"), definition=definition)
    said = outcome["msg"]
    assert outcome.failed and "Write bot_data" in said
    assert "Write my-bot" in said and not (tmp_path / "fly.toml").exists()
