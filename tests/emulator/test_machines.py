"""Machines: creation, configuration, versions, processes, ends."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from emulator.client import GATEWAY, SLEEP, App, Client, service, until


def test_a_created_machine_reads_as_on_fly(app: App) -> None:
    machine = app.machine(
        fields={"name": "gw"},
        services=[service(3000, autostop="stop")],
        env={"A": "b"},
        mounts=[{"volume": app.volume()["id"], "path": "/data"}],
    )
    assert machine.created["state"] in ("created", "starting", "started")
    seen = machine.view()
    assert re.fullmatch(r"[0-9a-f]{14}", seen["id"])
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", seen["instance_id"])
    assert seen["version"] == seen["instance_id"]
    assert seen["private_ip"].startswith("fdaa:")
    assert seen["host_status"] == "ok"
    assert seen["config"]["guest"] == {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}
    assert seen["config"]["services"][0]["autostop"] is True
    assert set(seen["config"]["mounts"][0]) == {"volume", "path", "name", "encrypted", "size_gb"}
    assert seen["image_ref"]["registry"] == "registry.fly.io"
    assert (seen["image_ref"]["repository"], seen["image_ref"]["tag"]) == ("scratch", "sleep")
    assert seen["image_ref"]["digest"].startswith("sha256:")
    assert machine.events() == [("launch", "pending"), ("launch", "created"), ("start", "started")]
    assert app.client.get(app.path).json["status"] == "deployed"
    again = app.client.post(f"{app.path}/machines", {"name": "gw", "region": "iad", "config": {"image": SLEEP}})
    assert again.status == 409
    assert machine.id in again.error


def test_the_list_and_its_filters(app: App) -> None:
    fly = app.client
    one = app.machine(metadata={"role": "a"})
    two = app.machine(fields={"region": "ams", "skip_launch": True}, wait=False)

    def ids(query: str = "") -> set[str]:
        return {machine["id"] for machine in fly.get(f"{app.path}/machines?{query}").json}

    assert ids() == {one.id, two.id}
    assert ids("metadata.role=a") == {one.id}
    assert ids("region=ams") == {two.id}
    assert ids("state=started") == {one.id}
    assert ids("state=created,stopped") == {two.id}
    summary = fly.get(f"{app.path}/machines?summary=true").json[0]
    assert not {"config", "checks", "events", "host_status"} & set(summary)
    assert fly.delete(one.path).status == 412  # started, and not forced
    assert fly.delete(f"{one.path}?force=true").status == 200
    assert ids() == {two.id}
    assert ids("include_deleted=true") == {one.id, two.id}
    assert one.view()["state"] == "destroyed"
    assert one.post("start").status == 404


@pytest.mark.parametrize(
    ("config", "status", "text"),
    [
        ({}, 400, "config.image"),
        ({"image": "registry.fly.io/no-such:1"}, 400, "registry.fly.io/no-such:1"),
        ({"image": SLEEP, "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 4096}}, 400, "cannot exceed 2048"),
        ({"image": SLEEP, "guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 256}}, 400, "minimum required 512"),
        ({"image": SLEEP, "guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 600}}, 400, "multiple of 256"),
        ({"image": SLEEP, "guest": {"cpu_kind": "shared", "cpus": 3}}, 400, "config.guest.cpus"),
        ({"image": SLEEP, "size": "huge-1x"}, 400, "huge-1x"),
        ({"image": SLEEP, "env": {"A": 1}}, 400, "config.env.A"),
        ({"image": SLEEP, "mounts": [{"volume": "vol_none", "path": "/data"}]}, 400, "volume vol_none not found"),
        ({"image": SLEEP, "stop_config": {"timeout": "301s"}}, 400, "5m0s"),
        ({"image": SLEEP, "restart": {"policy": "sometimes"}}, 400, "restart.policy"),
        ({"image": SLEEP, "services": [{"internal_port": 0}]}, 400, "internal_port"),
        ({"image": SLEEP, "checks": {"a": {"type": "http", "port": 1, "interval": "soon"}}}, 400, "checks.a.interval"),
        ({"image": SLEEP, "containers": [{"name": "a"}]}, 501, "config.containers"),
        ({"image": SLEEP, "schedule": "daily"}, 501, "config.schedule"),
    ],
)
def test_bad_configs(app: App, config: dict[str, Any], status: int, text: str) -> None:
    answer = app.client.post(f"{app.path}/machines", {"region": "iad", "config": config})
    assert answer.status == status, answer.text
    assert text in answer.error
    assert app.client.get(f"{app.path}/machines").json == []


def test_the_process_gets_its_environment_command_and_files(app: App) -> None:
    values = {"TOKEN": "secret-value", "OVER": "from-secret", "FILE": base64.b64encode(b"content").decode()}
    version = app.client.post(f"{app.path}/secrets", {"values": values}).json["version"]
    machine = app.machine(
        fields={"min_secrets_version": version},
        init={"exec": ["sh", "-c", "env > /tmp/env; exec sleep 1000"]},
        env={"PLAIN": "x", "OVER": "from-env"},
        metadata={"fly_process_group": "app"},
        files=[
            {"guest_path": "/etc/from-secret", "secret_name": "FILE", "mode": 0o600},
            {"guest_path": "/etc/raw", "raw_value": base64.b64encode(b"raw").decode()},
        ],
    )
    env = dict(line.split("=", 1) for line in machine.sh("cat /tmp/env").splitlines() if "=" in line)
    assert (env["TOKEN"], env["OVER"], env["PLAIN"]) == ("secret-value", "from-secret", "x")
    assert env["FLY_APP_NAME"] == app.name
    assert env["FLY_MACHINE_ID"] == env["FLY_ALLOC_ID"] == machine.id
    assert env["FLY_MACHINE_VERSION"] == machine.view()["instance_id"]
    assert (env["FLY_REGION"], env["PRIMARY_REGION"]) == ("iad", "iad")
    assert (env["FLY_IMAGE_REF"], env["FLY_VM_MEMORY_MB"]) == (SLEEP, "256")
    assert env["FLY_PRIVATE_IP"] == machine.view()["private_ip"]
    assert env["FLY_PROCESS_GROUP"] == "app"
    if app.client.emulator.context.runtime.guarantees.private_root:
        assert machine.sh("cat /etc/from-secret /etc/raw; stat -c %a /etc/from-secret").split() == ["contentraw600"]


def test_secrets_arrive_with_an_update_and_not_with_a_restart(app: App) -> None:
    fly = app.client
    config = {"image": SLEEP, "init": {"exec": ["sh", "-c", 'echo "now=$LATE" > /tmp/out; exec sleep 1000']}}
    machine = app.machine(**config)
    fly.post(f"{app.path}/secrets", {"values": {"LATE": "here"}})
    assert machine.post("restart").status == 200
    until(lambda: ("exit", "stopped") in machine.events(), "it stops")
    machine.wait("started")
    assert machine.sh("cat /tmp/out") == "now=\n"
    too_new = fly.post(machine.path, {"config": config, "min_secrets_version": 5})
    assert too_new.status == 400
    machine.update(config, min_secrets_version=1)
    assert machine.sh("cat /tmp/out") == "now=here\n"


def test_an_update_replaces_the_whole_config(app: App) -> None:
    machine = app.machine(env={"A": "1"}, metadata={"keep": "no"})
    before = machine.view()["instance_id"]
    updated = machine.update({"image": SLEEP, "env": {"B": "2"}})
    assert updated["instance_id"] > before
    seen = machine.view()
    assert seen["config"]["env"] == {"B": "2"}
    assert "metadata" not in seen["config"]
    assert machine.events()[-3:] == [("exit", "stopped"), ("launch", "created"), ("start", "started")]
    assert ("update", "replacing") in machine.events()
    versions = app.client.get(f"{machine.path}/versions").json
    assert [version["version"] for version in versions] == [seen["instance_id"], before]
    assert versions[1]["user_config"]["env"] == {"A": "1"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"region": "ams"}, 400), ({"name": "other"}, 400), ({"current_version": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, 409)],
)
def test_what_an_update_cannot_do(app: App, fields: dict[str, str], status: int) -> None:
    machine = app.machine()
    before = machine.view()["instance_id"]
    assert app.client.post(machine.path, {"config": {"image": SLEEP}, **fields}).status == status
    assert app.client.post(machine.path, {"config": {"image": "registry.fly.io/no-such:2"}}).status == 400
    assert (machine.view()["state"], machine.view()["instance_id"]) == ("started", before)


def test_stop_start_and_skip_launch(app: App) -> None:
    machine = app.machine(wait=False, fields={"skip_launch": True})
    assert machine.view()["state"] == "created"
    assert machine.post("start").json["previous_state"] == "created"
    machine.wait("started")
    assert machine.post("stop", {"timeout": "2s"}).json == {"ok": True}
    machine.wait("stopped")
    assert machine.post("stop").status == 200
    assert machine.view()["events"][0]["request"]["exit_event"]["requested_stop"] is True
    quiet = machine.update({"image": SLEEP, "env": {"A": "b"}}, wait=False, skip_launch=True)
    machine.wait("stopped", version=quiet["instance_id"])
    assert machine.post("exec", {"command": ["true"]}).status == 412
    assert app.client.delete(machine.path).status == 200


@pytest.mark.parametrize(
    ("stop", "body", "caught"),
    [({}, {}, "INT"), ({"signal": "SIGTERM"}, {}, "TERM"), ({"signal": "SIGTERM"}, {"signal": "SIGUSR1"}, "USR1")],
)
def test_the_stop_signal(app: App, stop: dict[str, str], body: dict[str, str], caught: str) -> None:
    traps = "; ".join(f"trap 'echo caught {name}; exit 0' {name}" for name in ("INT", "TERM", "USR1"))
    machine = app.machine(
        init={"exec": ["sh", "-c", f"{traps}; echo up; while :; do sleep 0.05; done"]}, stop_config=stop
    )
    until(lambda: "up" in app.logs(), "the script runs")
    machine.post("stop", body)
    machine.wait("stopped")
    assert f"caught {caught}" in app.logs()


def test_a_process_that_ignores_its_signal_is_killed_after_the_timeout(app: App) -> None:
    machine = app.machine(
        init={"exec": ["sh", "-c", "trap '' INT; echo up; while :; do sleep 0.05; done"]},
        stop_config={"timeout": "200ms"},
    )
    until(lambda: "up" in app.logs(), "the script runs")
    machine.post("stop")
    machine.wait("stopped")
    event = machine.view()["events"][0]["request"]["exit_event"]
    assert (event["exit_code"], event["signal"]) == (137, 9)


def test_restart_policy_gives_up_after_its_retries(app: App) -> None:
    machine = app.machine(wait=False, init={"exec": ["sh", "-c", "exit 78"]})
    machine.wait("stopped")
    exits = [event for event in app.client.get(f"{machine.path}/events?limit=50").json if event["type"] == "exit"]
    assert len(exits) == 10  # of eleven: the newest 20 events are kept
    assert {event["request"]["exit_event"]["exit_code"] for event in exits} == {78}
    assert [event["request"]["exit_event"]["restarting"] for event in reversed(exits)] == [True] * 9 + [False]
    assert exits[0]["request"]["restart_count"] == 10
    assert any("max restart count" in line for line in app.logs())


@pytest.mark.parametrize(
    ("restart", "code", "runs"),
    [({"policy": "no"}, 1, 1), ({"policy": "on-failure"}, 0, 1), ({"policy": "on-failure", "max_retries": 2}, 1, 3)],
)
def test_restart_policies(app: App, restart: dict[str, Any], code: int, runs: int) -> None:
    machine = app.machine(wait=False, init={"exec": ["sh", "-c", f"exit {code}"]}, restart=restart)
    machine.wait("stopped")
    assert [kind for kind, _ in machine.events()].count("exit") == runs


def test_restart_always_goes_on_and_a_stop_ends_it(app: App) -> None:
    machine = app.machine(wait=False, init={"exec": ["true"]}, restart={"policy": "always"})
    until(lambda: [kind for kind, _ in machine.events()].count("exit") > 6, "it restarts on and on")
    machine.post("stop")
    machine.wait("stopped")
    count = len(machine.events())
    assert machine.post("start").status == 200
    until(lambda: len(machine.events()) != count, "it runs again")


def test_auto_destroy(app: App) -> None:
    machine = app.machine(wait=False, init={"exec": ["true"]}, auto_destroy=True, restart={"policy": "no"})
    machine.wait("destroyed")
    gone = app.client.get(f"{machine.path}/wait?state=stopped&timeout=1&version={machine.created['instance_id']}")
    assert gone.status == 404


def test_a_killed_process_and_signals(app: App) -> None:
    machine = app.machine(restart={"policy": "no"})
    assert machine.post("signal", {"signal": "SIGNONE"}).status == 400
    assert machine.post("signal", {"signal": 9}).status == 200
    machine.wait("stopped")
    assert machine.view()["events"][0]["request"]["exit_event"]["signal"] == 9
    assert machine.post("signal", {"signal": "SIGTERM"}).status == 412


def test_exec(app: App) -> None:
    machine = app.machine()
    answer = machine.post("exec", {"command": ["sh", "-c", "cat; echo err >&2; exit 3"], "stdin": "grüß"}).json
    assert answer == {"exit_code": 3, "exit_signal": 0, "stdout": "grüß", "stderr": "err\n"}
    assert machine.post("exec", {"cmd": "echo 'a  b' c"}).json["stdout"] == "a  b c\n"
    late = machine.post("exec", {"command": ["sleep", "20"], "timeout": 1})
    assert late.status == 408
    assert late.error.startswith("deadline_exceeded")
    assert machine.post("exec", {}).status == 400


def test_metadata_needs_no_lease_and_makes_no_version(app: App) -> None:
    fly = app.client
    machine = app.machine(metadata={"a": "1"})
    version = machine.view()["instance_id"]
    machine.post("lease")
    assert fly.post(f"{machine.path}/metadata/b", {"value": "2"}).status == 204
    assert fly.get(f"{machine.path}/metadata/b").json == {"value": "2"}
    assert fly.request("PATCH", f"{machine.path}/metadata", {"metadata": {"a": None, "c": "3"}}).status == 204
    assert fly.get(f"{machine.path}/metadata").json == {"b": "2", "c": "3"}
    stale = fly.put(f"{machine.path}/metadata", {"metadata": {}, "machine_version": "old"})
    assert stale.status == 412
    assert fly.delete(f"{machine.path}/metadata/b").status == 204
    assert fly.get(f"{machine.path}/metadata/b").status == 404
    assert machine.view()["instance_id"] == version


def test_ps_shows_the_listener(app: App) -> None:
    machine = app.gateway()
    found = until(
        lambda: [
            socket for process in app.client.get(f"{machine.path}/ps").json for socket in process["listen_sockets"]
        ],
        "it listens",
    )
    assert any(socket["proto"] == "tcp" for socket in found)


def test_an_organisations_machines_and_volumes(fly: Client) -> None:
    app = fly.app()
    volume = app.volume()
    machine = app.machine(mounts=[{"volume": volume["id"], "path": "/data"}])
    found: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        page = fly.get(f"/v1/orgs/personal/machines?limit=2&cursor={cursor}").json
        assert len(page["machines"]) <= 2
        found |= {item["id"]: item for item in page["machines"]}
        if not (cursor := page["next_cursor"]):
            break
    assert found[machine.id]["app_name"] == app.name
    volumes = fly.get("/v1/orgs/personal/volumes?limit=1000").json["volumes"]
    assert (volume["id"], app.name) in [(item["id"], item["app_name"]) for item in volumes]


def test_the_image_decides_the_command_unless_told(app: App) -> None:
    machine = app.machine(
        image=GATEWAY,
        env={"OPENCLAW_GATEWAY_TOKEN": "0" * 32},
        restart={"policy": "no"},
        init={"cmd": ["node", "--version"]},
    )
    machine.wait("stopped")
    assert any(re.search(r"v\d+\.\d+", line) for line in app.logs())
