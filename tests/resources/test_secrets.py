"""fly_secrets against the emulator."""

from __future__ import annotations

import pytest
from faults.scenarios import TOML
from support.platform import Platform

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
    fly.app(one).secrets["A"].digest = "another"  # type: ignore[union-attr]
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
