"""Suspend and resume: https://fly.io/docs/reference/suspend-resume."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.client import App, Client, Machine, service, until
from emulator.conftest import Run

COUNT = "echo booted; n=0; while :; do n=$((n + 1)); echo tick $n; sleep 0.02; done"


def counter(app: App, **config: Any) -> Machine:
    """A machine that tells when it boots, and counts."""
    machine = app.machine(init={"exec": ["sh", "-c", COUNT]}, **config)
    until(lambda: ticks(app), "it counts")
    return machine


def ticks(app: App) -> list[int]:
    return [int(line.removeprefix("tick ")) for line in app.logs() if line.startswith("tick ")]


def boots(app: App) -> int:
    return app.logs().count("booted")


def suspend(machine: Machine) -> None:
    answer = machine.post("suspend")
    assert (answer.status, answer.json) == (200, {"ok": True})
    machine.wait("suspended")


def test_a_machine_goes_on_where_it_was(app: App) -> None:
    machine = counter(app)
    suspend(machine)
    assert machine.events() == [
        ("launch", "pending"),
        ("launch", "created"),
        ("start", "started"),
        ("suspend", "suspending"),
        ("suspend", "suspended"),
    ]
    seen = ticks(app)
    assert machine.post("suspend").status == 200
    for action, body in (("exec", {"command": ["true"]}), ("signal", {"signal": "SIGTERM"}), ("restart", None)):
        answer = machine.post(action, body)
        assert (answer.status, "'suspended'" in answer.error) == (412, True), answer.text
    assert app.client.get(f"{machine.path}/ps").status == 412
    started = machine.post("start")
    assert started.json["previous_state"] == "suspended"
    machine.wait("started")
    assert machine.events()[-2:] == [("start", "starting"), ("start", "started")]
    until(lambda: len(ticks(app)) > len(seen) + 2, "it counts on")
    now = ticks(app)
    assert now == list(range(1, len(now) + 1)) and boots(app) == 1
    assert machine.sh("echo here") == "here\n"


def test_a_lease_guards_it(app: App) -> None:
    machine = app.machine()
    nonce = machine.post("lease", {"ttl": 60}).json["data"]["nonce"]
    assert machine.post("suspend").status == 409
    assert machine.post("suspend", fly_machine_lease_nonce=nonce).status == 200


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 4096}}, "more than 2048 MiB of memory"),
        ({"init": {"swap_size_mb": 256}}, "swap"),
    ],
)
def test_what_fly_does_not_suspend(app: App, config: dict[str, Any], why: str) -> None:
    machine = app.machine(**config)
    answer = machine.post("suspend")
    assert (answer.status, why in answer.error) == (412, True), answer.text
    assert machine.view()["state"] == "started"


def test_only_what_runs_can_be_suspended(app: App) -> None:
    machine = app.machine()
    machine.post("stop")
    machine.wait("stopped")
    answer = machine.post("suspend")
    assert (answer.status, "current state: 'stopped'" in answer.error) == (412, True), answer.text


def test_stopping_gives_up_what_was_in_memory(app: App) -> None:
    machine = counter(app)
    suspend(machine)
    assert machine.post("stop").status == 200
    machine.wait("stopped")
    machine.post("start")
    machine.wait("started")
    until(lambda: boots(app) == 2, "a cold start")


def test_a_deploy_replaces_it_and_it_can_be_destroyed_at_rest(app: App) -> None:
    machine = counter(app)
    suspend(machine)
    config = machine.view()["config"]
    updated = machine.update({**config, "env": {"A": "b"}}, wait=False, skip_launch=True)
    machine.wait("stopped", version=updated["instance_id"])
    machine.post("start")
    machine.wait("started")
    until(lambda: boots(app) == 2, "the new version boots")
    suspend(machine)
    assert app.client.delete(machine.path).status == 200


def test_it_stays_suspended_over_a_restart_of_the_emulator_and_starts_cold(run: Run) -> None:
    with run() as fly:
        app = fly.app("kept")
        volume = app.volume()
        machine = counter(app, mounts=[{"volume": volume["id"], "path": "/data"}])
        machine.sh("echo kept > /data/file")
        suspend(machine)
    with run() as fly:
        machine = Machine(App(fly, "kept"), machine.created)
        assert machine.view()["state"] == "suspended"
        machine.post("start")
        machine.wait("started")
        until(lambda: boots(machine.app) == 2, "a cold start")
        assert machine.sh("cat /data/file") == "kept\n"


def test_the_proxy_suspends_and_resumes(run: Run) -> None:
    asks = [service(3000, autostop="suspend")]
    with run() as fly:
        app, large = fly.app(), fly.app()
        app.ip("v6")
        machine = app.gateway(services=asks)
        too_large = large.gateway(services=asks, guest={"cpu_kind": "shared", "cpus": 2, "memory_mb": 4096})
        get(fly, app)
        until(lambda: fly.advance(30) or machine.view()["state"] == "suspended", "it is suspended")
        assert [event["source"] for event in machine.view()["events"] if event["status"] == "suspending"] == ["proxy"]
        assert any("autosuspending machine" in line for line in app.logs())
        until(lambda: fly.advance(30) or too_large.view()["state"] == "stopped", "a large one is stopped")
        get(fly, app)
        assert machine.view()["state"] == "started"
        assert app.logs().count("Starting machine") == 1


def get(fly: Client, app: App) -> None:
    answer = fly.edge("GET", f"{app.name}.fly.dev", "/healthz")
    assert answer.status == 200, answer.text
