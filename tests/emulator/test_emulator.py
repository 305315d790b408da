"""The emulator itself: journal, faults, what survives a restart, its command line."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from emulator.client import SLEEP, TOKEN, App, Client, until
from support.hang import HANG

from fly_emulator import daemon, options
from fly_emulator.cli import parse


def journal(fly: Client, query: str = "") -> list[dict[str, Any]]:
    return list(fly.get(f"/emulator/v1/journal?{query}").json["entries"])


def test_the_journal_counts_and_holds_no_secret(run, tmp_path: Path) -> None:
    with run() as fly:
        app = fly.app("counted")
        machine = app.machine()
        fly.delete("/emulator/v1/journal")
        fly.post(f"{app.path}/secrets", {"values": {"CANARY": "canary-value-1"}})
        fly.get(f"{app.path}/machines?summary=true")
        machine.sh("cat", stdin="canary-value-2")
        fly.get("/v1/nonsense")
        fly.post("/v1/platform/placements", {"org_slug": "personal"})
        entries = journal(fly)
        assert [(entry["method"], entry["kind"], entry["status"]) for entry in entries] == [
            ("POST", "write", 200),
            ("GET", "read", 200),
            ("POST", "exec", 200),
            ("GET", "read", 404),
            ("POST", "read", 200),
        ]
        assert (entries[2]["app"], entries[2]["machine"]) == ("counted", machine.id)
        assert entries[1]["query"] == "summary=true"
        assert [entry["path"] for entry in journal(fly, "kind=write")] == [f"{app.path}/secrets"]
        assert len(journal(fly, "kind=write,exec&app=counted")) == 2
    text = (tmp_path / "state" / "journal.jsonl").read_text()
    assert len(text.splitlines()) == 5
    for secret in ("canary-value-1", "canary-value-2", TOKEN):
        assert secret not in text


@pytest.fixture
def faulty(fly: Client) -> Any:
    yield fly
    fly.delete("/emulator/v1/faults")


def fault(fly: Client, **rule: Any) -> str:
    answer = fly.post("/emulator/v1/faults", rule)
    assert answer.status == 201, answer.text
    return str(answer.json["rules"][0]["id"])


def test_a_status_before_and_after_the_effect(faulty: Client) -> None:
    app = faulty.app()
    path = f"{app.path}/ip_assignments"
    before = fault(faulty, method="POST", path=f"{path}$", status=503)
    refused = faulty.post(path, {"type": "v6"})
    assert (refused.status, before in refused.error) == (503, True)
    assert faulty.get(path).json["ips"] == []
    fault(faulty, method="POST", path=f"{path}$", when="after", status=500, body={"error": "lost"}, headers={"A": "b"})
    lost = faulty.post(path, {"type": "v6"})
    assert (lost.status, lost.json, lost.headers["A"]) == (500, {"error": "lost"}, "b")
    assert len(faulty.get(path).json["ips"]) == 1
    assert faulty.post(path, {"type": "v6"}).status == 200
    entry = next(entry for entry in journal(faulty, f"app={app.name}") if entry["fault"] == before)
    assert (entry["status"], entry["effect"]) == (503, False)


def test_nth_and_count(faulty: Client) -> None:
    app = faulty.app()
    fault(faulty, path=f"{app.path}$", nth=2, count=2, status=502)
    assert [faulty.get(app.path).status for _ in range(5)] == [200, 502, 502, 200, 200]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", ["reset", "timeout"])
def test_a_lost_connection(faulty: Client, action: str, when: str) -> None:
    app = faulty.app()
    path = f"{app.path}/ip_assignments"
    fault(faulty, method="POST", path=path, action=action, when=when)
    connection = http.client.HTTPConnection(
        faulty.thread.api_url.removeprefix("http://"), timeout=0.5 if action == "timeout" else HANG
    )
    with pytest.raises((ConnectionResetError, TimeoutError) if action == "timeout" else ConnectionResetError):
        connection.request("POST", path, json.dumps({"type": "v6"}), {"Authorization": f"Bearer {TOKEN}"})
        connection.getresponse()
    connection.close()
    until(lambda: [e for e in journal(faulty, f"app={app.name}&kind=write") if e["fault"]], "it is journalled")
    assert len(faulty.get(path).json["ips"]) == (1 if when == "after" else 0)
    assert next(e for e in journal(faulty, f"app={app.name}&kind=write") if e["fault"])["status"] == 0


def test_latency(faulty: Client) -> None:
    app = faulty.app()
    fault(faulty, path=f"{app.path}$", action="latency", seconds=0.3)
    begun = time.monotonic()
    assert faulty.get(app.path).status == 200
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("rule", [{"action": "explode"}, {"path": "("}, {"when": "never"}, {"nth": "1"}, {"foo": 1}])
def test_bad_rules(faulty: Client, rule: dict[str, Any]) -> None:
    assert faulty.post("/emulator/v1/faults", rule).status == 400
    assert faulty.get("/emulator/v1/faults").json == {"rules": []}


def test_web_pages_cannot_steer_the_emulator(fly: Client) -> None:
    assert fly.post("/emulator/v1/reset", Origin="https://evil.example").status == 403


def test_state_survives_a_restart(run, tmp_path: Path) -> None:
    with run() as fly:
        app = fly.app("kept")
        ip = app.ip("shared_v4")
        set_one = fly.post(f"{app.path}/secrets", {"values": {"A": "value-in-state"}}).json
        volume, fields = app.volume(), {"min_secrets_version": set_one["version"]}
        running = app.machine(fields=fields, mounts=[{"volume": volume["id"], "path": "/data"}], metadata={"a": "b"})
        running.sh("echo kept > /data/f")
        stopped = app.machine()
        stopped.post("stop")
        stopped.wait("stopped")
        lease = running.post("lease?ttl=1000").json["data"]["nonce"]
        before = running.view()
        logs = app.logs()
    for path in (tmp_path / "state" / "apps").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with run() as fly:
        app.client = running.client = stopped.client = fly
        running.wait("started")
        after = running.view()
        assert {key: after[key] for key in ("id", "instance_id", "config", "private_ip", "name")} == {
            key: before[key] for key in ("id", "instance_id", "config", "private_ip", "name")
        }
        said = running.post("exec", {"command": ["sh", "-c", "cat /data/f; echo $A"]}, fly_machine_lease_nonce=lease)
        assert said.json["stdout"] == "kept\nvalue-in-state\n"
        assert stopped.view()["state"] == "stopped"
        assert fly.get(f"{app.path}/ip_assignments").json["ips"][0]["ip"] == ip
        assert running.post("stop").status == 409
        assert running.post("stop", fly_machine_lease_nonce=lease).status == 200
        assert app.logs()[: len(logs)][0] == logs[0]
        assert fly.post("/emulator/v1/reset").status == 204
        assert fly.get(app.path).status == 404
    assert not list((tmp_path / "state" / "volumes").iterdir())


def test_an_unreadable_state_file_is_named(run, tmp_path: Path) -> None:
    (tmp_path / "state" / "apps").mkdir(parents=True)
    (tmp_path / "state" / "apps" / "broken.json").write_text("{")
    with pytest.raises(Exception, match=r"broken\.json cannot be read"), run():
        pass


def test_the_log_has_pages(app: App) -> None:
    app.machine(init={"exec": ["sh", "-c", "for i in $(seq 250); do echo line $i; done; exec sleep 100"]})
    until(lambda: "line 250" in app.logs(), "all is written")
    first = app.client.get(f"/api/v1/apps/{app.name}/logs").json
    assert len(first["data"]) == 100  # the newest
    token, seen = "1", []
    while True:
        page = app.client.get(f"/api/v1/apps/{app.name}/logs?next_token={token}").json
        if not page["data"]:
            break
        seen += [line["attributes"]["message"] for line in page["data"]]
        token = page["meta"]["next_token"]
    assert [line for line in seen if line.startswith("line")] == [f"line {i}" for i in range(1, 251)]
    assert app.client.get("/api/v1/apps/nobody/logs").status == 404


def test_a_slow_pull_leaves_the_machine_created_and_a_failed_one_says_why(run) -> None:
    import asyncio

    from fly_emulator.images.base import Image, ImageNotFound, Progress

    class Slow:
        async def resolve(self, reference: str, progress: Progress) -> Image:
            for _ in range(8):
                progress("fetching")
                await asyncio.sleep(0.2)
            if "bad" in reference:
                raise ImageNotFound("the registry did not answer")
            return Image(reference, "sha256:0", (), cmd=("sleep", "1000"), env={"PATH": "/usr/bin:/bin"})

    with run(images=Slow()) as fly:
        app = fly.app()
        bad = app.machine(wait=False, image="example.com/bad:1")
        assert bad.created["state"] == "created"
        bad.wait("failed")
        assert bad.view()["events"][0]["request"]["error"] == "the registry did not answer"
        assert "fetching" in app.logs()
        good = app.machine(image="example.com/good:1")
        before = good.view()["instance_id"]
        good.update({"image": "example.com/bad:2"}, wait=False)
        until(lambda: ("update", "failed") in good.events(), "the update fails")
        assert (good.view()["state"], good.view()["instance_id"]) == ("started", before)
        assert good.sh("echo alive") == "alive\n"
        good.update({"image": "example.com/good:2"}, wait=False)
        assert good.post("stop").status == 200  # does not wait for the pull
        good.wait("stopped")
        pulling = app.machine(wait=False, image="example.com/good:3")
        assert pulling.post("stop").status == 200
        pulling.wait("stopped")


def test_a_process_that_ends_and_starts_again_does_not_hide_its_update(run) -> None:
    import asyncio

    from fly_emulator.images.base import Image, Progress

    class Held:
        async def resolve(self, reference: str, progress: Progress) -> Image:
            while "held" in reference and not over:
                await asyncio.sleep(0.01)
            return Image(reference, "sha256:0", (), cmd=("sleep", "1000"), env={"PATH": "/usr/bin:/bin"})

    states: list[str] = []
    over: list[bool] = []
    with run(images=Held()) as fly:
        crashing = fly.app().machine(
            wait=False, image="example.com/one:1", init={"exec": ["false"]}, restart={"policy": "always"}
        )
        updated = crashing.update({"image": "example.com/held:1"}, wait=False)
        known = {event["id"] for event in crashing.view()["events"]}

        def restarted() -> bool:
            seen = crashing.view()
            states.append(seen["state"])
            return sum(event["type"] == "start" and event["id"] not in known for event in seen["events"]) > 2

        until(restarted, "the old process ends and starts again")
        over.append(True)
        assert set(states) == {"replacing"}
        crashing.wait("started", version=updated["instance_id"])


def test_the_background_process_gets_every_option(tmp_path: Path) -> None:
    chosen = {
        "api-port": 1, "edge-https-port": 2, "edge-http-port": 3, "flycast-port": 4, "wireguard": 5, "org": "a",
        "foreign-app": "b", "runtime": "process", "allow-host": "c", "answer": "lists=lag", "delays": "0.5",
    }  # fmt: skip
    words = [f"--{name}={value}" for name, value in chosen.items()] + ["--egress", "--rate-limits"]
    words += [f"--{name}={tmp_path / name}" for name in ("cache-dir", "image-dir", "token", "log-file")]
    asked = options.given(parse(["start", *words]))
    assert asked.keys() == {option.name for option in options.OPTIONS}
    assert [name for name, value in options.complete({}).items() if value == asked[name]] == []
    assert options.given(parse(["start", *options.words(asked)])) == asked
    options.remember(tmp_path, asked)
    assert options.remembered(tmp_path) == asked


def cli(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fly_emulator", *words, "--state-dir", str(state)],
        text=True,
        capture_output=True,
        timeout=HANG,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(daemon.__file__).parents[1])},
    )


def bearer(state: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {cli(state, 'token').stdout.strip()}"}


def test_the_command_line(tmp_path: Path, cache: Path) -> None:
    state = tmp_path / "s"
    ports = ("--api-port", "0", "--edge-http-port", "0", "--edge-https-port", "0", "--cache-dir", str(cache))
    for words in (("journal",), ("reset",), ("logs", "x"), ("clock", "advance", "1")):
        nothing = cli(state, *words)
        assert nothing.returncode == 1
        assert "No emulator runs" in nothing.stderr
        assert "Traceback" not in nothing.stderr
    assert (cli(state, "stop").returncode, cli(state, "status").returncode) == (0, 3)
    started = cli(state, "start", *ports)
    assert started.returncode == 0, started.stderr
    info = json.loads((state / "emulator.json").read_text())
    try:
        assert info["api_url"] in started.stdout
        assert {
            "api_url",
            "edge_http_port",
            "edge_https_port",
            "ca_file",
            "tier",
            "guarantees",
            "pid",
            "version",
        } <= set(info)
        again = cli(state, "start", *ports)
        assert (again.returncode, "already runs" in again.stdout) == (0, True)
        assert json.loads(cli(state, "status", "--json").stdout)["pid"] == info["pid"]
        port = info["api_url"].rpartition(":")[2]
        taken = cli(tmp_path / "other", "start", *ports, "--api-port", port)
        assert taken.returncode == 1
        for word in (port, "--api-port", "in use", "may hold it"):
            assert word in taken.stderr
        assert "Traceback" not in taken.stderr
        connection = http.client.HTTPConnection(info["api_url"].removeprefix("http://"))
        sent = bearer(state)
        connection.request("POST", "/v1/apps", json.dumps({"name": "cli", "org_slug": "personal"}), sent)
        assert connection.getresponse().read()
        connection.request(
            "POST",
            "/v1/apps/cli/machines",
            json.dumps(
                {
                    "region": "iad",
                    "config": {"image": SLEEP, "init": {"exec": ["sh", "-c", "echo hello-log; exec sleep 1000"]}},
                }
            ),
            sent,
        )
        machine = json.loads(connection.getresponse().read())["id"]
        until(lambda: "hello-log" in cli(state, "logs", "cli").stdout, "the log shows the machine's line")
        connection.request("GET", f"/v1/apps/cli/machines/{machine}/ps", headers=sent)
        pids = [process["pid"] for process in json.loads(connection.getresponse().read())]
        assert "POST   /v1/apps" in cli(state, "journal", "--kind", "write").stdout
        assert len(json.loads(cli(state, "journal", "--json").stdout)) > 2
        assert cli(state, "clock", "advance", "5").returncode == 0
        assert json.loads(cli(state, "faults", '{"status": 503}').stdout)[0]["status"] == 503
        assert cli(state, "faults", "nonsense").returncode == 1
        assert cli(state, "faults", "clear").returncode == 0
    finally:
        stopped = cli(state, "stop")
    assert (stopped.returncode, "has stopped" in stopped.stdout) == (0, True)
    for pid in (*pids, info["pid"]):
        until(lambda pid=pid: not alive(pid), f"process {pid} ends")
    assert "No emulator runs" in cli(state, "stop").stdout


def alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Ports that nothing has now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_a_start_says_what_it_cannot_change_and_the_next_one_remembers(tmp_path: Path, cache: Path) -> None:
    state = tmp_path / "s"
    api, http_port, https_port = map(str, free_ports(3))
    ports = ("--api-port", api, "--edge-http-port", http_port, "--edge-https-port", https_port, "--runtime", "process")
    try:
        assert cli(state, "start", *ports, "--cache-dir", str(cache)).returncode == 0
        assert cli(state, "start", *ports).returncode == 0
        other = cli(state, "start", *ports, "--egress", "--org", "acme")
        assert (other.returncode, other.stdout) == (1, "")
        assert "--egress: now off, asked for on" in other.stderr
        assert "--org: now none, asked for acme" in other.stderr
        assert "--api-port:" not in other.stderr
        assert f"fly-emulator stop --state-dir {state}\n" in other.stderr
        assert f"fly-emulator start --state-dir {state} --api-port {api}" in other.stderr
        assert cli(state, "stop").returncode == 0
        assert cli(state, "start", "--org", "acme").returncode == 0
        running = json.loads((state / "emulator.json").read_text())
        assert running["api_url"] == f"http://127.0.0.1:{api}"
        assert (running["options"]["org"], running["options"]["cache_dir"]) == (["acme"], str(cache))
        assert cli(state, "stop").returncode == 0
        assert cli(state, "start", *ports, "--defaults").returncode == 0
        assert json.loads((state / "emulator.json").read_text())["options"]["org"] == []
    finally:
        assert cli(state, "stop").returncode == 0


def test_a_start_that_is_interrupted_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(real(*args, **options))
        return started[-1]

    def interrupted(_state_dir: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(daemon.subprocess, "Popen", popen)
    monkeypatch.setattr(daemon, "running", interrupted)
    (tmp_path / "s").mkdir(mode=0o700)
    with pytest.raises(KeyboardInterrupt):
        daemon.start(tmp_path / "s", ["--state-dir", str(tmp_path / "s"), "--api-port", "0"], tmp_path / "log")
    assert [process.poll() is not None for process in started] == [True]


@pytest.mark.parametrize("text", ["[]", "{", '{"api_port": "x"}', '{"org": 1}', '{"runtime": "none"}'])
def test_remembered_options_that_cannot_be_read_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "options.json").write_text(text)
    answer = cli(tmp_path, "start")
    assert answer.returncode == 1
    assert f"{tmp_path}/options.json cannot be read" in answer.stderr
    assert "--defaults" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--egres"], "unknown: --egres. Did you mean --egress?"),
        (["--api-ports=1"], "unknown: --api-ports=1. Did you mean --api-port?"),
        (["--api-port", "x"], "argument --api-port: 'x' is not a port"),
        (["--api-port", "70000"], "'70000' is not a port"),
        (["--runtime", "vm"], "choose from"),
        (["stray"], "unknown: stray."),
    ],
    ids=" ".join,
)
def test_a_wrong_option_shows_the_usage_of_its_command(tmp_path: Path, words: list[str], hint: str) -> None:
    answer = cli(tmp_path / "s", "start", *words)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("usage: fly-emulator start ")
    assert hint in answer.stderr
    assert not (tmp_path / "s").exists()


def test_a_killed_emulator_leaves_no_machine_and_starts_again(tmp_path: Path, cache: Path) -> None:
    state = tmp_path / "s"
    ports = ("--api-port", "0", "--edge-http-port", "0", "--edge-https-port", "0", "--cache-dir", str(cache))
    assert cli(state, "start", *ports).returncode == 0
    info = json.loads((state / "emulator.json").read_text())
    sent = bearer(state)

    def call(method: str, path: str, body: Any = None) -> Any:
        host = json.loads((state / "emulator.json").read_text())["api_url"].removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=HANG)
        connection.request(method, path, json.dumps(body), sent)
        return json.loads(connection.getresponse().read())

    call("POST", "/v1/apps", {"name": "cli", "org_slug": "personal"})
    machine = call("POST", "/v1/apps/cli/machines", {"region": "iad", "config": {"image": SLEEP}})["id"]
    call("GET", f"/v1/apps/cli/machines/{machine}/wait?timeout=30")
    pids = [process["pid"] for process in call("GET", f"/v1/apps/cli/machines/{machine}/ps")]
    os.kill(info["pid"], signal.SIGKILL)
    for pid in pids:
        until(lambda pid=pid: not alive(pid), f"process {pid} ends with the emulator")
    assert cli(state, "status").returncode == 3
    assert cli(state, "start", *ports).returncode == 0
    try:
        assert call("GET", f"/v1/apps/cli/machines/{machine}/wait?timeout=30")["state"] == "started"
    finally:
        assert cli(state, "stop").returncode == 0


def test_every_port_has_its_flag(tmp_path: Path, cache: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for flag in ("--edge-http-port", "--edge-https-port"):
            ports = {"--api-port": "0", "--edge-http-port": "0", "--edge-https-port": "0", flag: port}
            answer = cli(tmp_path / flag, "start", "--cache-dir", str(cache), *(w for p in ports.items() for w in p))
            assert answer.returncode == 1
            assert f"Port {port}" in answer.stderr
            assert flag in answer.stderr
