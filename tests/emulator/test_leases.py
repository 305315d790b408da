"""Leases, waits and rate limits: everything with a clock."""

from __future__ import annotations

import threading
import time

import pytest
from emulator.client import SLEEP, App, Client, until


def test_a_lease_keeps_others_out_until_it_ends(app: App) -> None:
    machine = app.machine()
    assert app.client.get(f"{machine.path}/lease").status == 404
    granted = machine.post("lease?ttl=30", {"description": "deploy"})
    assert granted.status == 201
    assert granted.json["status"] == "success"
    data = granted.json["data"]
    assert set(data) == {"nonce", "expires_at", "owner", "description", "version"}
    assert data["version"] == machine.view()["instance_id"]
    assert app.client.get(f"{machine.path}/lease").json["data"]["owner"] == data["owner"]
    text = f"machine ID {machine.id} lease currently held by {data['owner']}, expires at 20"
    for refused in (machine.post("lease"), app.client.delete(f"{machine.path}/lease")):
        assert refused.status == 409
        assert (refused.json["status"], refused.json["code"]) == ("error", "invalid")
        assert refused.json["message"].startswith(text)
    for refused in (
        machine.post("stop"), machine.post("exec", {"command": ["true"]}), machine.post("restart"),
        machine.post("start"),
        machine.post("signal", {"signal": 15}), machine.post("cordon"), app.client.delete(machine.path),
        app.client.post(machine.path, {"config": {"image": SLEEP}}),
        app.client.post(machine.path, {"config": {"image": SLEEP}}, fly_machine_lease_nonce="wrong"),
    ):  # fmt: skip
        assert refused.status == 409
        assert refused.json.keys() == {"error"}
        assert refused.error.startswith(f"aborted: {text}")
    nonce = {"fly_machine_lease_nonce": data["nonce"]}
    refreshed = machine.post("lease?ttl=300", **nonce).json["data"]
    assert refreshed["nonce"] == data["nonce"]
    assert refreshed["expires_at"] > data["expires_at"]
    assert app.client.post(machine.path, {"config": {"image": SLEEP}}, **nonce).status == 200
    machine.wait("started")
    released = app.client.delete(f"{machine.path}/lease", **nonce)
    assert released.json == {"status": "success", "data": {"ok": True}}
    assert machine.post("stop").status == 200


def test_a_lease_expires(app: App) -> None:
    machine = app.machine()
    machine.post("lease?ttl=1000")
    assert machine.post("stop").status == 409
    app.client.advance(1001)
    assert app.client.get(f"{machine.path}/lease").status == 404
    assert machine.post("stop").status == 200


def test_a_machine_born_with_a_lease(app: App) -> None:
    machine = app.machine(fields={"lease_ttl": 60})
    assert machine.post("stop").status == 409
    assert machine.post("stop", fly_machine_lease_nonce=machine.created["nonce"]).status == 200
    assert "nonce" not in machine.view()


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("timeout=0", 400, "value must be inside range [1s, 1m0s]"),
        ("timeout=61", 400, "value must be inside range [1s, 1m0s]"),
        ("timeout=300s", 400, "value must be inside range [1s, 1m0s]"),
        ("timeout=soon", 400, "timeout"),
        ("state=happy", 400, "happy"),
        ("state=destroyed&timeout=1", 408,
         "deadline_exceeded: machine failed to reach desired state, destroyed, currently started"),
        ("state=started&version=01ARZ3NDEKTSV4RRFFQ69G5FAV&timeout=1", 408, "currently started"),
    ],
)  # fmt: skip
def test_waits_that_fail(app: App, query: str, status: int, text: str) -> None:
    answer = app.client.get(f"{app.machine().path}/wait?{query}")
    assert answer.status == status
    assert text in answer.error


def test_a_wait_ends_when_the_state_comes(app: App) -> None:
    machine = app.machine()
    version = machine.view()["instance_id"]
    answers = []
    waiting = threading.Thread(
        target=lambda: answers.append(
            app.client.get(f"{machine.path}/wait?state=stopped,failed&timeout=60&instance_id={version}")
        )
    )
    waiting.start()
    machine.post("stop")
    waiting.join(20)
    assert answers[0].json["state"] == "stopped"
    assert answers[0].json["ok"] is True
    assert answers[0].json["version"] == version
    assert answers[0].json["event_id"] == machine.view()["events"][0]["id"]
    assert app.client.get(f"{machine.path}/wait?state=settled&timeout=1").status == 200
    assert app.client.get(f"/v1/apps/{app.name}/machines/00000000000000/wait").status == 404


def test_a_waits_deadline_goes_by_the_platforms_clock(app: App) -> None:
    machine = app.machine()
    answers = []
    waiting = threading.Thread(
        target=lambda: answers.append(app.client.get(f"{machine.path}/wait?state=destroyed&timeout=60"))
    )
    begun = time.monotonic()
    waiting.start()
    until(lambda: app.client.advance(61) or answers or not waiting.is_alive(), "the wait ends")
    waiting.join(50)
    assert answers[0].status == 408
    assert time.monotonic() - begun < 50


def test_rate_limits_are_off_and_can_be_on(fly: Client) -> None:
    app = fly.app()
    assert {fly.get(app.path).status for _ in range(15)} == {200}
    fly.put("/emulator/v1/rate-limits", {"enabled": True})
    try:
        assert {fly.get("/v1/tokens/current").status for _ in range(15)} == {200}, "they are of an app or a machine"
        other = fly.app()
        reads = [fly.get(other.path).status for _ in range(15)]
        assert reads[:3] == [200] * 3
        assert 429 in reads
        writes = [fly.post(f"{other.path}/ip_assignments", {"type": "v6"}) for _ in range(5)]
        assert [answer.status for answer in writes] == [200, 200, 200, 429, 429]
        assert int(writes[-1].headers["Retry-After"]) >= 1
        fly.advance(1.1)
        assert fly.post(f"{other.path}/ip_assignments", {"type": "v6"}).status == 200
    finally:
        fly.put("/emulator/v1/rate-limits", {"enabled": False})
