"""fly_machine against the emulator."""

from __future__ import annotations

import pytest
from faults.scenarios import TOML
from support.platform import Outcome, Platform

PLAIN = {**TOML, "mounts": None}


@pytest.fixture
def one(fly: Platform, app: str) -> str:
    """An app with a volume and a machine on it."""
    assert not fly.module("fly_volume", app=app, name="data", region="iad").failed
    assert not fly.module("fly_deploy", app=app, definition=TOML).failed
    return app


def settled(fly: Platform, app: str, **params: object) -> Outcome:
    """What a task did; its check mode said the same before, and a second run has nothing to do."""
    planned = fly.module("fly_machine", check=True, app=app, **params)
    done = fly.module("fly_machine", app=app, **params)
    assert not done.failed, done
    assert (planned.writes, planned["changes"]) == ([], done["changes"])
    again = fly.module("fly_machine", app=app, **params)
    assert (again.failed, again["changes"], again.writes) == (False, [], []), again
    return done


def test_stop_and_start(fly: Platform, one: str) -> None:
    assert settled(fly, one, state="stopped")["machine"]["state"] == "stopped"
    assert settled(fly, one, state="started")["machine"]["state"] == "started"


def test_suspend_and_what_ends_it(fly: Platform, one: str) -> None:
    assert settled(fly, one, state="suspended")["machine"]["state"] == "suspended"
    assert settled(fly, one, state="started")["changes"] == ["start"]
    settled(fly, one, state="suspended")
    assert settled(fly, one, state="stopped")["machine"]["state"] == "stopped"
    assert settled(fly, one, state="suspended")["changes"] == ["start", "suspend"]


def test_a_machine_too_large_to_suspend_says_so(fly: Platform, one: str) -> None:
    settled(fly, one, vm_size="shared-cpu-2x", vm_memory="4gb")
    outcome = fly.module("fly_machine", app=one, state="suspended")
    assert outcome.failed and "more than 2048 MiB of memory cannot be suspended" in outcome["msg"]


def test_settings_without_a_deploy(fly: Platform, one: str) -> None:
    done = settled(
        fly, one, command=["other", "words"], vm_size="shared-cpu-2x", vm_memory="1gb", env={"TZ": None, "LANG": "C"},
        restart_policy="always",
    )  # fmt: skip
    config = done["machine"]["config"]
    assert config["init"]["cmd"] == ["other", "words"]
    assert config["guest"] == {"cpu_kind": "shared", "cpus": 2, "memory_mb": 1024}
    assert (config["env"].get("TZ"), config["env"]["LANG"], config["env"]["PRIMARY_REGION"]) == (None, "C", "iad")
    assert config["restart"]["policy"] == "always"
    assert config["mounts"][0]["path"] == "/data"
    assert "the next deploy sets the values of fly.toml again" in done.warnings[0]
    assert fly.module("fly_deploy", app=one, definition=TOML).changed


def test_a_stopped_machine_stays_stopped(fly: Platform, one: str) -> None:
    settled(fly, one, state="stopped")
    assert settled(fly, one, vm_memory="1gb")["machine"]["state"] == "stopped"


def test_what_fails_is_put_back(fly: Platform, one: str) -> None:
    outcome = fly.module("fly_machine", app=one, command=["crash"], wait_timeout=20)
    assert outcome.failed and "the old configuration was put back and runs" in outcome["msg"]
    (machine,) = fly.machines(one)
    assert machine.state == "started" and not machine.config["init"].get("cmd")


def test_restart_happens_once(fly: Platform, one: str) -> None:
    fly.fault(method="POST", path=r"/restart", action="reset", when="after")
    outcome = fly.module("fly_machine", app=one, state="restarted")
    assert outcome["changes"] == ["restart"]
    (machine,) = fly.machines(one)
    assert [event.type for event in machine.events].count("restart") == 1
    assert fly.module("fly_machine", app=one, state="restarted").changed


def test_cordon(fly: Platform, one: str) -> None:
    assert settled(fly, one, cordoned=True)["machine"]["cordoned"]
    assert not settled(fly, one, cordoned=False)["machine"].get("cordoned")


def test_the_volume_outlives_it(fly: Platform, one: str) -> None:
    settled(fly, one, state="absent")
    found = fly.app(one)
    assert found and [volume.state for volume in found.volumes.values()] == ["created"]


def test_several_could_be_meant(fly: Platform, app: str) -> None:
    definition = {**PLAIN, "processes": {"app": "run", "worker": "work"}}
    assert not fly.module("fly_deploy", app=app, definition=definition).failed
    outcome = fly.module("fly_machine", app=app, state="stopped")
    assert outcome.failed and "2 machines match" in outcome["msg"]
    assert settled(fly, app, process_group="worker", state="stopped")["machine"]["state"] == "stopped"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"vm_size": "shared-cpu-3x"}, "there is no machine size"),
        ({"vm_memory": "100gb"}, "cannot have 102400 MB"),
        ({"env": {"API_KEY": "sk-" + "a1" * 15}}, "looks like a secret"),
        ({"machine": "none", "state": "started"}, "there is no such machine"),
    ],
)
def test_says_what_is_wrong(fly: Platform, one: str, params: dict[str, object], said: str) -> None:
    outcome = fly.module("fly_machine", app=one, **params)
    assert outcome.failed and said in outcome["msg"], outcome
