"""A restore of a volume and its machine: what comes back, and what is left when it fails or is killed anywhere."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import pytest
from faults.matrix import Killed, killed
from support.platform import Outcome, Platform

from fly_emulator.state.model import Machine, Volume

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
GOOD, BETTER, BAD = (f"registry.fly.io/{name}" for name in ("still:1", "still:2", "crash:1"))
TOML: dict[str, Any] = {
    "primary_region": "iad",
    "build": {"image": GOOD},
    "mounts": {"source": "data", "destination": "/data"},
}
_numbers = itertools.count(1)


class Restored:
    """An app whose volume said `before` when its snapshot was taken, and says `since` now."""

    def __init__(self, fly: Platform) -> None:
        self.fly, self.app = fly, f"restore-{next(_numbers)}"
        assert not fly.module("fly_app", name=self.app, org="personal").failed
        volume = fly.module("fly_volume", app=self.app, name="data", region="iad", size_gb=3)["volume"]["id"]
        assert not fly.module("fly_deploy", app=self.app, definition=TOML).failed
        self.old = fly.machines(self.app)[0].id
        self.volume = self.volumes[volume]
        self.write("before")
        self.snapshot = fly.module("fly_volume_snapshot", app=self.app, name="data")["snapshot"]["id"]
        self.write("since")

    @property
    def volumes(self) -> dict[str, Volume]:
        found = self.fly.app(self.app)
        assert found
        return {volume.id: volume for volume in found.volumes.values() if volume.state in ("created", "restoring")}

    def write(self, text: str) -> None:
        (self.fly.context.store.volume_data(self.volume) / "text").write_text(text)

    def serving(self) -> list[tuple[str, str]]:
        """Image and data of each machine that runs."""
        return [(machine.config["image"], self.data(machine)) for machine in self.running()]

    def running(self) -> list[Machine]:
        return [machine for machine in self.fly.machines(self.app) if machine.state == "started"]

    def data(self, machine: Machine) -> str:
        volume = self.volumes[machine.config["mounts"][0]["volume"]]
        text: str = (self.fly.context.store.volume_data(volume) / "text").read_text()
        return text

    def restore(self, image: str | None = BETTER, check: bool = False, **more: Any) -> Outcome:
        wanted = {"app": self.app, "snapshot_id": self.snapshot, "image": image, "wait_timeout": 60, **more}
        return self.fly.module("fly_volume_restore", check=check, **wanted)

    def assert_old(self, where: str = "") -> None:
        assert self.serving() == [(GOOD, "since")] and not self.running()[0].cordoned, where

    def assert_new(self, image: str = BETTER, where: str = "") -> None:
        assert self.serving() == [(image, "before")] and not self.running()[0].cordoned, where
        assert len(self.fly.machines(self.app)) == 1 and self.volume.id in self.volumes, where


def test_image_and_data_go_back_together(fly: Platform) -> None:
    app = Restored(fly)
    planned, done = app.restore(check=True), app.restore()
    assert planned["changes"] == done["changes"] == [
        f"create a volume data of 3 GB from snapshot {app.snapshot}",
        f"replace machine {app.old}: image {BETTER} on the restored volume",
    ]  # fmt: skip
    assert planned.writes == []
    app.assert_new()
    assert list(done["kept_volumes"]) == [app.volume.id] and app.volume.id in done.warnings[0]
    again = app.restore()
    assert not again.changed and again.writes == [] and again["kept_volumes"] == done["kept_volumes"]
    deployed = fly.module("fly_deploy", app=app.app, definition={**TOML, "build": {"image": BETTER}})
    assert not deployed.failed and not deployed.changed, deployed


def test_a_volume_that_is_not_detached_yet_is_not_in_use(fly: Platform) -> None:
    """Fly.io detaches the volume of a destroyed machine up to a minute later."""
    app = Restored(fly)
    app.restore()
    app.volume.attached_machine_id = app.old
    found = fly.module("fly_volume", app=app.app, name="data", size_gb=3)
    assert not found.failed and found["volume"]["id"] != app.volume.id, found
    assert all("Destroy" not in line for line in found.warnings), "the kept volume is no surplus"
    snapshot = fly.module("fly_volume_snapshot", app=app.app, name="data")
    assert not snapshot.failed and snapshot["volume"] == found["volume"]["id"], snapshot


def test_no_former_volume_in_place_of_one_that_is_not_detached_yet(fly: Platform) -> None:
    """The machine is destroyed by hand: its volume is free too, and only a person knows which one is meant."""
    app = Restored(fly)
    app.restore()
    app.volume.attached_machine_id = None
    (machine,) = app.running()
    mounted = app.volumes[machine.config["mounts"][0]["volume"]]
    assert not fly.module("fly_machine", app=app.app, machine=machine.id, state="absent").failed
    mounted.attached_machine_id = machine.id
    deployed = fly.module("fly_deploy", app=app.app, definition=TOML)
    assert deployed.failed and "2 volumes named data are free" in deployed["msg"] and not deployed.writes, deployed
    found = fly.module("fly_volume", app=app.app, name="data", size_gb=3)
    assert found.failed and "none of them in use" in found["msg"], found


def test_a_kept_volume_is_neither_free_nor_surplus(fly: Platform) -> None:
    """Though it is the oldest free one of its name, and another machine needs one."""
    app = Restored(fly)
    app.restore()
    app.volume.attached_machine_id = None
    body = {"name": "data", "region": "iad", "size_gb": 3, "encrypted": True}
    free = fly.api().create_volume(app.app, body)["id"]
    found = fly.module("fly_volume", app=app.app, name="data", size_gb=3)
    surplus = [line for line in found.warnings if "Destroy it when it is not needed" in line]
    assert free in surplus[0] and app.volume.id not in surplus[0]
    more = {**TOML, "build": {"image": BETTER}, "processes": {"app": "run", "worker": "run"}}
    more["mounts"] = {**TOML["mounts"], "processes": ["app", "worker"]}
    assert not fly.module("fly_deploy", app=app.app, definition=more).failed
    assert free in {machine.config["mounts"][0]["volume"] for machine in app.running()}
    found = fly.module("fly_volume", app=app.app, name="data", size_gb=3)
    assert "2 of them in use" in found["msg"] and app.volume.id not in found["msg"], found


@pytest.mark.parametrize("module", ["fly_volume", "fly_volume_restore"])
def test_each_run_tells_until_when_a_volume_is_kept(fly: Platform, module: str) -> None:
    app = Restored(fly)
    until = app.restore()["kept_volumes"][app.volume.id]

    def told() -> str:
        outcome = (
            app.restore() if module == "fly_volume_restore" else fly.module(module, app=app.app, name="data", size_gb=3)
        )
        assert not outcome.failed and not outcome.changed, outcome
        (line,) = outcome.warnings
        return line

    assert f"volume {app.volume.id} (3 GB) is kept until {until}" in told() and "Destroy" not in told()
    fly.advance(8 * 86400)
    assert told().endswith(f"Destroy it with: fly volumes destroy {app.volume.id}")


def test_the_same_snapshot_again(fly: Platform) -> None:
    app = Restored(fly)
    assert app.restore(image=None).changed
    app.assert_new(GOOD)
    assert not app.restore().changed
    done = app.restore(again=True)
    app.assert_new()
    assert len(done["kept_volumes"]) == 2 <= len(app.volumes)


def test_a_kept_volume_is_due_and_never_destroyed(fly: Platform) -> None:
    app = Restored(fly)
    app.restore(keep_days=0)
    fly.advance(3600)
    again = app.restore()
    assert f"Destroy it with: fly volumes destroy {app.volume.id}" in again.warnings[0] and not again.changed
    assert not fly.module("fly_volume", app=app.app, name="data", size_gb=3).failed


@pytest.mark.parametrize("toml", [None, {**TOML, "env": {"A": "1"}}])
def test_settings_are_the_machines_or_those_of_fly_toml(fly: Platform, toml: dict[str, Any] | None) -> None:
    app = Restored(fly)
    changed = fly.module("fly_machine", app=app.app, env={"B": "2"}, vm_memory="512mb")
    assert not changed.failed, changed
    app.restore(definition=toml)
    (machine,) = app.running()
    assert machine.config["env"].get("B") == (None if toml else "2")
    assert machine.config["env"].get("A") == ("1" if toml else None)
    assert machine.config["guest"]["memory_mb"] == 512


def test_a_machine_in_maintenance_needs_its_settings(fly: Platform) -> None:
    app = Restored(fly)
    fly.module("fly_machine", app=app.app, state="stopped")
    assert fly.module("fly_deploy", app=app.app, definition=TOML, maintenance=True).changed
    assert "the machine is in maintenance" in app.restore()["msg"]
    assert not app.restore(definition=TOML).failed
    app.assert_new()


def test_an_unknown_snapshot_is_refused(fly: Platform) -> None:
    app = Restored(fly)
    for check in (True, False):
        refused = app.restore(snapshot_id="vs_never", check=check)
        assert "snapshot vs_never" in refused["msg"] and "it is not listed" in refused["msg"] and not refused.writes
    app.assert_old()


def test_a_machine_that_does_not_come_up_is_undone(fly: Platform) -> None:
    app = Restored(fly)
    failed = app.restore(BAD)
    assert failed.failed and f"the old machine {app.old} runs" in failed["msg"] and "it ended" in failed["msg"]
    app.assert_old()
    assert len(fly.machines(app.app)) == 1 and len(app.volumes) == 2, "what a machine may have written to is kept"
    done = app.restore()
    app.assert_new()
    assert len(done["kept_volumes"]) == 2 and len(app.volumes) == 3


@pytest.mark.parametrize("path", ["/machines(?!/)", "/.*/cordon", "/.*/stop", "/volumes(?!/)"])
def test_a_refusal_half_way_is_undone(fly: Platform, path: str) -> None:
    app = Restored(fly)
    fly.fault(method="POST", path=f"{app.app}{path}", status=422, body={"error": "no"})
    failed = app.restore()
    fly.clear_faults()
    assert failed.failed, failed
    app.assert_old()
    assert not fly.module("fly_deploy", app=app.app, definition=TOML).failed, "no restore is under way"
    assert not app.restore().failed
    app.assert_new()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere(fly: Platform, after: bool) -> None:
    """Never two that serve, never none after the next run; and what is deployed meanwhile is refused."""
    cut = 0
    for number in itertools.count(1):
        app, where = Restored(fly), f"killed at request {number}"
        try:
            with killed(number, after):
                app.restore()
            break
        except Killed:
            cut += 1
        fly.until(lambda app=app: all(m.state != "starting" for m in fly.machines(app.app)), what=where)
        assert len(app.running()) <= 1, where
        deployed = fly.module("fly_deploy", app=app.app, definition={**TOML, "build": {"image": BETTER}})
        assert not deployed.failed or "is under way" in deployed["msg"], where
        assert len(app.running()) <= 1, where
        assert not app.restore().failed, where
        app.assert_new(where=where)
        assert len(app.volumes) == 2, where
    assert cut > 20


@pytest.mark.parametrize("image", [BAD, BETTER])
def test_killed_while_it_is_undone(fly: Platform, image: str) -> None:
    """The next run goes on with what it is given: the old machine runs again, or the new one does."""
    cut = 0
    for number in itertools.count(1):
        app, where = Restored(fly), f"killed at request {number}, then {image}"
        with suppress(Killed), killed(number, after=number % 2 == 1):
            app.restore(BAD)
            break
        cut += 1
        again = app.restore(image)
        if image == BAD:
            assert again.failed, where
            app.assert_old(where)
        else:
            again = app.restore(image) if again.failed else again
            assert not again.failed, f"{where}: {again}"
            app.assert_new(where=where)
        assert app.volume.id in app.volumes and len(fly.machines(app.app)) == 1, where
    assert cut > 25
