"""fly_secrets against the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.scenarios import TOML
from support.platform import Outcome, Platform

PLAIN = {**TOML, "mounts": None, "processes": {"app": "run", "worker": "work"}}


@pytest.fixture
def one(fly: Platform, app: str) -> str:
    """An app with two machines."""
    assert not fly.module("fly_deploy", app=app, definition=PLAIN).failed
    return app


def test_two_tasks_do_not_forget_each_other(fly: Platform, one: str) -> None:
    for _ in range(2):
        outcomes = [fly.module("fly_secrets", app=one, secrets={name: f"value {name}"}) for name in ("A", "B", "C")]
    assert [outcome.changed for outcome in outcomes] == [False] * 3
    assert fly.module("fly_secrets", check=True, app=one, secrets={"B": "another"}).changed
    assert not fly.module("fly_secrets", check=True, app=one, secrets={"B": "value B"}).changed


def test_a_value_changed_behind_our_back(fly: Platform, one: str) -> None:
    fly.module("fly_secrets", app=one, secrets={"A": "ours"})
    found = fly.app(one)
    assert found
    found.secrets["A"].digest = "another"
    assert fly.module("fly_secrets", app=one, secrets={"A": "ours"}).changed


def seen(fly: Platform, app: str) -> list[dict[str, str]]:
    return [machine.current.secrets for machine in fly.machines(app)]


def test_applied_at_once(fly: Platform, one: str) -> None:
    params = {"app": one, "secrets": {"A": "first"}, "apply": True}
    planned = fly.module("fly_secrets", check=True, **params)
    done = fly.module("fly_secrets", **params)
    assert not done.failed, done
    assert planned["changes"] == done["changes"] and len(done["changes"]) == 3
    assert seen(fly, one) == [{"A": "first"}] * 2
    assert "first" not in repr(done.result)
    again = fly.module("fly_secrets", **params)
    assert (again.changed, again.writes) == (False, [])
    assert not fly.module("fly_deploy", app=one, definition=PLAIN).changed


def test_staged_first_and_applied_later(fly: Platform, one: str) -> None:
    fly.module("fly_secrets", app=one, secrets={"A": "staged"})
    assert seen(fly, one) == [{}] * 2
    assert len(fly.module("fly_secrets", app=one, secrets={"A": "staged"}, apply=True)["changes"]) == 2
    assert seen(fly, one) == [{"A": "staged"}] * 2


def test_a_machine_at_rest_stays_at_rest(fly: Platform, one: str) -> None:
    fly.module("fly_machine", app=one, process_group="worker", state="stopped")
    assert not fly.module("fly_secrets", app=one, secrets={"A": "b"}, apply=True).failed
    assert sorted(machine.state for machine in fly.machines(one)) == ["started", "stopped"]


@pytest.mark.parametrize("maintenance", [False, True])
def test_set_before_there_is_a_machine(fly: Platform, app: str, maintenance: bool) -> None:
    """The first machine is made with what is known of them, so the second run has nothing to do."""
    params = {"app": app, "secrets": {"A": "first", "B": "of all"}}
    assert fly.module("fly_secrets", **params).changed
    assert not fly.module("fly_secrets", **params).changed
    assert fly.module("fly_secrets", check=True, app=app, secrets={"A": "another"}).changed
    memory = Path(fly.defaults["secrets_memory"]) / f"{app}.json"
    assert memory.stat().st_mode & 0o777 == 0o600
    assert "first" not in memory.read_text()
    assert not fly.module("fly_deploy", app=app, definition=PLAIN, maintenance=maintenance).failed
    assert not memory.exists()
    again = fly.module("fly_secrets", **params)
    assert (again.changed, again.writes, again["remembered"]) == (False, [], True)
    assert fly.module("fly_secrets", app=app, secrets={"A": "another"}).changed


def test_a_machine_more_and_a_machine_instead(fly: Platform, one: str) -> None:
    """What is known of the secrets goes on to machines that are made later."""
    fly.module("fly_secrets", app=one, secrets={"A": "ours"})
    assert not fly.module("fly_deploy", app=one, definition={**PLAIN, "processes": {"other": "run"}}).failed
    assert not fly.module("fly_secrets", app=one, secrets={"A": "ours"}).changed
    fly.module("fly_volume", app=one, name="data", region="iad")
    mounted = {**TOML, "processes": {"other": "run"}}
    assert "to replace it" in str(fly.module("fly_deploy", app=one, definition=mounted)["changes"])
    assert not fly.module("fly_secrets", app=one, secrets={"A": "ours"}).changed


def test_no_memory_is_no_failure(fly: Platform, app: str) -> None:
    params = {"app": app, "secrets": {"A": "first"}, "secrets_memory": "/proc/nowhere"}
    done = fly.module("fly_secrets", **params)
    assert (done.failed, done["remembered"]) == (False, False)
    assert fly.module("fly_secrets", **params).changed


def test_a_value_that_was_rotated_is_not_set_again(fly: Platform, app: str) -> None:
    """By nobody: the ledger is with the machine. Others of before may be."""
    assert not fly.module("fly_deploy", app=app, definition={**TOML, "mounts": None}).failed

    def put(value: str, *retired: str, check: bool = False) -> Outcome:
        return fly.module("fly_secrets", app=app, secrets={"TOKEN": value}, retired=list(retired), check=check)

    for value in ("first", "second"):
        assert put(value).changed
    planned, done = put("second", "TOKEN", check=True), put("second", "TOKEN")
    lines = ["note that the value before of TOKEN is not to be set again"]
    assert planned["changes"] == done["changes"] == lines and not put("second", "TOKEN").changed
    for check in (True, False):
        refused = put("first", check=check)
        assert refused.failed and refused.writes == []
        assert "TOKEN: this value was replaced by a rotation" in refused["msg"]
    assert put("third").changed and put("second").changed and put("first").failed
