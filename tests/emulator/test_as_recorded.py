"""The emulator answers as was recorded of Fly.io: rows of docs/fidelity.md that no other test of this folder names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from emulator.client import SLEEP, App, Client, service
from emulator.test_edge import echo
from support.platform import Platform, platform

from fly_emulator.api.actions import EXEC
from fly_emulator.machines.fleet import CREATE
from fly_emulator.machines.runner import CREATED, REPLACE
from fly_emulator.machines.supervisor import START

STILL = {"image": "registry.fly.io/still:1", "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Takes as long as Fly.io did, by a virtual clock."""
    with platform(tmp_path_factory.mktemp("slow"), answers={"durations": "recorded"}) as started:
        assert not started.module("fly_app", name="slow", org="personal").failed
        yield started


def test_a_create_is_answered_late(slow: Platform) -> None:
    """Row 47: x-envoy-upstream-service-time 16901 (clutterstack)."""
    began = slow.context.clock.now()
    slow.api().create_machine("slow", {"region": "iad", "config": STILL})
    assert slow.context.clock.now() - began >= CREATE


def test_a_replacement_takes_long_and_passes_created(slow: Platform) -> None:
    """Row 5: fly.io/docs/blueprints/warm-pool-user-machines (about 20 s), osborn (39 to 64 s, `created` between)."""
    api = slow.api()
    machine = api.create_machine("slow", {"region": "iad", "config": STILL})
    slow.until(lambda: slow.machine("slow", machine["id"]).state == "started")
    began, states = slow.context.clock.now(), list[str]()
    changed = {**STILL, "image": "registry.fly.io/still:2"}
    assert api.update_machine("slow", machine["id"], {"config": changed}, "")["image_ref"]["tag"] == "2"

    def settled() -> bool:
        states.append(slow.machine("slow", machine["id"]).state)
        return states[-1] == "started"

    slow.until(settled)
    assert list(dict.fromkeys(states)) == ["replacing", "created", "starting", "started"]
    assert slow.context.clock.now() - began >= REPLACE + CREATED + START


def test_an_exec_takes_its_time(slow: Platform) -> None:
    """Row 22: spawn#1584 (0.55 s)."""
    api = slow.api()
    machine = api.create_machine("slow", {"region": "iad", "config": STILL})
    slow.until(lambda: slow.machine("slow", machine["id"]).state == "started")
    began = slow.context.clock.now()
    assert api.exec("slow", machine["id"], ["true"])["exit_code"] == 0
    assert slow.context.clock.now() - began >= EXEC


def test_a_request_wakes_a_machine_in_more_than_a_second(run: Any) -> None:
    """Row 75: PageSpace, 2026-08-16 (1.25 to 1.45 s)."""
    with run(answers={"durations": "recorded"}, delays=1.0) as fly:
        app = fly.app()
        app.ip("v6")
        machine = echo(app)
        machine.post("stop")
        machine.wait("stopped")
        began = time.monotonic()
        assert fly.edge("GET", f"{app.name}.fly.dev").status == 200
        assert time.monotonic() - began >= START


def test_a_quota(run: Any) -> None:
    """Row 38: Kilo-Org/cloud#516 (memory), superfly/flyctl#2060 (machines)."""
    with run() as fly:
        app = fly.app()
        body = {"region": "iad", "config": {"image": SLEEP}}
        fly.put("/emulator/v1/quota", {"memory_mb": 300})
        app.machine()
        refused = fly.post(f"{app.path}/machines", body)
        assert (refused.status, refused.error) == (
            403,
            'organization "personal" is using 256 MB of memory in iad which is over the allowed quota. '
            "please consider other regions",
        )
        assert fly.post(f"{app.path}/machines", {**body, "region": "ams"}).status == 200
        fly.put("/emulator/v1/quota", {"machines": 2})
        refused = fly.post(f"{app.path}/machines", body)
        assert (refused.status, "add a payment method" in refused.error) == (422, True)
        assert fly.put("/emulator/v1/quota", {"gpus": 1}).status == 400


def test_the_log_wants_a_macaroon_without_bearer(fly: Client) -> None:
    """Row 65: superfly/docs#2264."""
    app = fly.app()
    token = fly.post(f"{app.path}/deploy_token", {"expiry": "1h"}).json["token"].removeprefix("FlyV1 ")
    path = f"/api/v1/apps/{app.name}/logs"
    assert fly.request("GET", path, token=f"Bearer {token}").status == 401
    assert fly.request("GET", path, token=f"Bearer FlyV1 {token}").status == 401
    assert fly.request("GET", path, token=f"FlyV1 {token}").status == 200


def test_events_of_a_launch_and_of_a_wake(app: App) -> None:
    """Row 49: PageSpace, 2026-08-16."""
    app.ip("v6")
    machine = echo(app)
    machine.post("stop")
    machine.wait("stopped")
    assert app.client.edge("GET", f"{app.name}.fly.dev").status == 200
    machine.wait("started")
    events = [f"{event['type']} {event['status']} {event['source']}" for event in reversed(machine.view()["events"])]
    assert events == [
        "launch pending flyd",
        "launch created user",
        "start started flyd",
        "stop stopping user",
        "exit stopped flyd",
        "start starting proxy",
        "start started flyd",
    ]


@pytest.mark.parametrize(("answer", "meetings"), [("in-turn", 1), ("parallel", 2)])
def test_two_execs_at_once(run: Any, answer: str, meetings: int) -> None:
    """Row 23: superfly/init-snapshot src/api/exec.rs held a mutex in 2021. In turn only the second finds the other's
    file."""
    script = "touch {0}; i=0; while [ ! -e {1} ] && [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done; ls {1} || true"
    with run(answers={"execs-at-once": answer}) as fly, ThreadPoolExecutor() as pool:
        machine = fly.app().machine()
        # The tier may share the host's /tmp.
        files = [f"/tmp/{machine.id}-{name}" for name in ("one", "two")]
        found = list(pool.map(machine.sh, (script.format(*files), script.format(*reversed(files)))))
        machine.sh(f"rm {' '.join(files)}")
        assert sum(map(bool, found)) == meetings


@pytest.mark.parametrize(("answer", "status"), [("refused", 412), ("taken", 200)])
def test_a_suspend_of_a_large_machine(run: Any, answer: str, status: int) -> None:
    """Row 77: fly.io/docs/reference/suspend-resume discourages it; nothing is recorded."""
    with run(answers={"suspend-large": answer}) as fly:
        machine = fly.app().machine(guest={"cpu_kind": "shared", "cpus": 2, "memory_mb": 2304})
        assert machine.post("suspend").status == status


def test_a_request_does_not_start_a_leased_machine(fly: Client) -> None:
    """Row 29: [PM01] in the log, 2026-05-14."""
    app = fly.app()
    app.ip("v6")
    machine = echo(app)
    machine.post("stop")
    machine.wait("stopped")
    nonce = machine.post("lease", {"ttl": 30}).json["data"]["nonce"]
    assert fly.edge("GET", f"{app.name}.fly.dev").status == 503
    assert machine.view()["state"] == "stopped"
    assert any(line.startswith("[PM01]") for line in app.logs())
    fly.delete(f"{machine.path}/lease", fly_machine_lease_nonce=nonce)
    assert fly.edge("GET", f"{app.name}.fly.dev").status == 200


def test_a_volume_of_another_region(app: App) -> None:
    """Row 43: superfly/flyctl#2202."""
    volume = app.volume(region="ams")
    config = {"image": SLEEP, "mounts": [{"volume": volume["id"], "path": "/data"}]}
    refused = app.client.post(f"{app.path}/machines", {"region": "iad", "config": config})
    assert refused.status == 400
    assert f'Mounts source volume "{volume["id"]}" is in the wrong region' in refused.error


def test_an_image_that_was_just_pushed(run: Any) -> None:
    """Row 46: CurateLabs/graphforge#1059 (about 15 s)."""
    with run() as fly:
        app = fly.app()
        fly.put("/emulator/v1/images", {"reference": SLEEP, "seconds": 15})
        body = {"region": "iad", "config": {"image": SLEEP}}
        refused = fly.post(f"{app.path}/machines", body)
        assert (refused.status, "MANIFEST_UNKNOWN" in refused.error) == (400, True)
        fly.advance(15)
        assert fly.post(f"{app.path}/machines", body).status == 200


def test_the_log_line_of_an_exit(app: App) -> None:
    """Row 54: in many public logs."""
    machine = app.machine(wait=False, init={"exec": ["sh", "-c", "exit 1"]}, restart={"policy": "no"})
    machine.wait("stopped")
    assert "Main child exited normally with code: 1" in app.logs()


def test_a_machine_that_does_not_listen(run: Any) -> None:
    """Row 74: PageSpace, 2026-08-16 (replayed; after about 7.5 s)."""
    with run(edge_hold=0.5) as fly:
        app = fly.app()
        app.ip("v6")
        app.machine(services=[service(3999)])
        answer = fly.edge("GET", f"{app.name}.fly.dev")
        assert (answer.status, answer.text) == (502, "")


def test_the_target_of_a_cname(app: App) -> None:
    """Row 79: superfly/flyctl#4478."""
    asked = app.client.post(f"{app.path}/certificates/acme", {"hostname": f"{app.name}.example.com"})
    assert asked.json["dns_requirements"]["cname"] == f"{app.name}.fly.dev"
