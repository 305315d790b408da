"""The app's lock over the API, while the machine that has it goes down and comes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faults.scenarios import TOML
from support.platform import Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.run_lock import Owner, RunLock

AGES = 1e6
"""Seconds of the platform's clock, which runs ahead while somebody waits."""


@pytest.fixture
def lock(fly: Platform, app: str, tmp_path: Path) -> Path:
    """The lock file of the app, whose volume is a folder that commands can see."""
    assert not fly.module("fly_volume", app=app, name="data", region="iad").failed
    definition = {**TOML, "mounts": [{"source": "data", "destination": str(tmp_path)}]}
    assert not fly.module("fly_deploy", app=app, definition=definition).failed
    return tmp_path / ".ansible-run.lock"


def held(lock: Path, owner: str) -> None:
    lock.write_text(f"{time.time() + AGES:.0f}\n{owner}\nthe first run\n")


def stop(fly: Platform, app: str) -> None:
    (machine,) = fly.machines(app)
    fly.api().act_on_machine(app, machine.id, "stop", None)
    fly.until(lambda: machine.state == "stopped", what="the stop")


def start(fly: Platform, app: str) -> None:
    fly.api().act_on_machine(app, fly.machines(app)[0].id, "start", None)


def waiter(fly: Platform, app: str, said: list[str]) -> RunLock:
    return RunLock(fly.api(), app, Owner("second", "the second run"), AGES, said.append)


def test_a_run_that_has_the_machine_down_is_waited_for(fly: Platform, app: str, lock: Path) -> None:
    held(lock, "first")
    said: list[str] = []
    with ThreadPoolExecutor(1) as pool:

        def wait() -> tuple[bool, str]:
            with waiter(fly, app, said)() as waited:
                return waited, lock.read_text().splitlines()[1]

        found = pool.submit(wait)
        fly.until(lambda: bool(said), what="the wait")
        stop(fly, app)
        looks = len(fly.journal())
        fly.until(lambda: found.done() or len(fly.journal()) > looks + 9, what="some looks")
        assert not found.done(), "no machine runs, and yet the first run is at work"
        lock.unlink()
        start(fly, app)
    assert found.result() == (True, "second")


def test_one_that_is_gone_is_waited_for_until_its_lock_expires(fly: Platform, app: str, lock: Path) -> None:
    lock.write_text(f"{time.time() + 250:.0f}\nfirst\nthe first run\n")
    said: list[str] = []
    with ThreadPoolExecutor(1) as pool:

        def wait() -> bool:
            with waiter(fly, app, said)() as waited:
                return waited

        found = pool.submit(wait)
        fly.until(lambda: bool(said), what="the wait")
        stop(fly, app)
    assert found.result() and lock.read_text().splitlines()[1] == "first", "there was no machine to take it in"


def test_the_lock_goes_with_a_restored_volume(fly: Platform, app: str, lock: Path) -> None:
    """The snapshot has the lock of a run of the past. Its new holder is the run that restores."""
    held(lock, "first")
    mine = waiter(fly, app, [])
    (machine,) = fly.api().machines(app) or []
    mine.follow(machine)
    assert lock.read_text().splitlines()[1] == "second"
    mine.leave(machine["id"])
    assert not lock.exists()
