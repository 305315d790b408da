"""playbooks/backup.yml against the stand-in gateway: suspended, snapshotted, and always resumed."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Ansible, Run, Started
from support.emulator import Emulator
from support.faults import let_leases_expire
from support.gateway import eventually
from support.site import Site, changes, result

MODULE = "openclaw_volume_snapshot"
BUSY = "featherweight-busy"
OLD = "registry.fly.io/featherweight:2026.7.1"
COUNTED = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}


def start_backup(site: Site, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / "playbooks/backup.yml", *args, inventory=site.inventory, extra_vars=extra)


def back_up(site: Site, *args: str, **extra: Any) -> Run:
    return start_backup(site, *args, **extra).wait()


def sh(site: Site, script: str) -> str:
    """Run a shell script in the machine."""
    body = {"command": ["sh", "-c", script], "timeout": 55}
    answer = site.emulator.request("POST", f"/v1/apps/{site.app}/machines/{site.machine['id']}/exec", body)
    assert not answer["exit_code"], answer
    return str(answer["stdout"])


def call(site: Site, method: str, **params: Any) -> dict[str, Any]:
    """Call a method of the gateway in its machine, as another client."""
    wanted = json.dumps([[method, params]])
    packed = sh(site, f"cd /app; node dist/index.js call-gateway '{wanted}'")
    (answer,) = json.loads(gzip.decompress(base64.b64decode(packed)))["answers"]
    found: dict[str, Any] = answer["payload"] or answer["error"]
    return found


def assert_serves(site: Site) -> None:
    """It is not suspended, and its machine runs."""
    assert site.machine["state"] == "started"
    assert call(site, "health")["ok"]


def plan(run: Run) -> list[str]:
    """What a run in check mode prints."""
    lines: list[str] = run.of("Print what a run would do")["msg"]
    return lines


def snapshots(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.get(f"/volumes/{site.volume['id']}/snapshots")
    return found


def records(site: Site) -> list[Path]:
    return sorted((site.root / ".local/fly" / site.app / "backups").glob("*"))


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    """Fly.io's own delays are shorter here: each snapshot takes half a minute else."""
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture(scope="module")
def shared(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return made(Site(file_ansible, emulator, tmp_path_factory.mktemp("site"), "backup"))


def made(site: Site) -> Site:
    site.converge()
    (site.data / "featherweight.json").write_text(json.dumps(COUNTED))
    return site


@pytest.fixture
def gateway(shared: Site) -> Iterator[Site]:
    """One for all tests; each leaves it serving."""
    shared.emulator.clear_journal()
    yield shared
    shared.emulator.request("DELETE", "/emulator/v1/faults")


@pytest.fixture
def before(gateway: Site) -> set[str]:
    """What was kept before the test: snapshots and records."""
    return kept(gateway)


def kept(site: Site) -> set[str]:
    return {*(snapshot["id"] for snapshot in snapshots(site)), *(path.name for path in records(site))}


def test_it_is_suspended_for_the_snapshot(gateway: Site, before: set[str]) -> None:
    planned = back_up(gateway, "--check").ok()
    assert (gateway.writes(), kept(gateway)) == ([], before)
    assert result(planned, MODULE)["counts"]["sessions"] == 3
    run = back_up(gateway).ok()
    volume = gateway.volume["id"]
    lines = [f"suspend the gateway, make a snapshot of {volume}, resume it"]
    assert changes(planned) == changes(run) == [(MODULE, lines)]
    assert plan(planned)[:1] == lines and "fly_app_backup_recipients names nobody" in plan(planned)[1]

    done = result(run, MODULE)
    assert (done["quiesced"], done["release"], done["snapshot"]["status"]) == ("suspend", "2026.9.6", "created")
    assert done["counts"]["sessions"] == 3 and done["counts"]["cron_job_ids"] == COUNTED["cron_jobs"]
    assert done["counts"]["agents"] == ["main"]
    note = f"machines/{gateway.machine['id']}/metadata/ansible_last_backup"
    assert gateway.writes() == [f"POST /v1/apps/{gateway.app}/{part}" for part in (f"volumes/{volume}/snapshots", note)]
    assert_serves(gateway)

    record = Path(done["record"])
    assert kept(gateway) - before == {done["snapshot"]["id"], record.name}
    assert record.stat().st_mode & 0o777 == 0o600 and record.parent.stat().st_mode & 0o777 == 0o700
    written = json.loads(record.read_text())
    assert (written["succeeded"], written["snapshot"]["id"]) == (True, done["snapshot"]["id"])
    assert written["counts"] == done["counts"]
    token = (gateway.root / f".local/secrets/{gateway.app}.token").read_text().strip()
    assert token not in record.read_text()


@pytest.mark.parametrize("fault", [{"status": 422}, {"action": "reset", "when": "before", "count": 0}], ids=str)
def test_a_snapshot_that_fails_leaves_it_serving(gateway: Site, before: set[str], fault: dict[str, Any]) -> None:
    gateway.emulator.request("POST", "/emulator/v1/faults", {"method": "POST", "path": "/snapshots", **fault})
    run = back_up(gateway, snapshot_timeout=5).failed()
    assert gateway.volume["id"] in run.output
    assert_serves(gateway)
    (record,) = kept(gateway) - before
    folder = gateway.root / ".local/fly" / gateway.app / "backups"
    assert json.loads((folder / record).read_text())["succeeded"] is False


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_makes_one_snapshot(gateway: Site, before: set[str], when: str) -> None:
    gateway.emulator.request(
        "POST", "/emulator/v1/faults", {"method": "POST", "path": "/snapshots", "action": "reset", "when": when}
    )
    done = result(back_up(gateway).ok(), MODULE)
    assert kept(gateway) - before == {done["snapshot"]["id"], Path(done["record"]).name}
    assert_serves(gateway)


def test_a_busy_gateway_is_not_waited_for_without_end(gateway: Site, before: set[str]) -> None:
    (gateway.data / BUSY).touch()
    run = back_up(gateway, drain_timeout=1).failed()
    (gateway.data / BUSY).unlink()
    assert "the gateway is busy" in run.output and "1 root-request" in run.output and "quiesce: stop" in run.output
    assert_serves(gateway)
    assert not {snapshot["id"] for snapshot in snapshots(gateway)} - before


def test_another_clients_suspension_is_respected(gateway: Site, before: set[str]) -> None:
    """Also that of a run that was killed: it ends by itself, and is waited for."""
    lease = call(gateway, "gateway.suspend.prepare", requestId="somebody-else")["suspensionId"]
    run = back_up(gateway, drain_timeout=1).failed()
    assert "another client has suspended the gateway" in run.output and "openclaw gateway resume" in run.output
    assert call(gateway, "gateway.suspend.status", suspensionId=lease)["status"] == "ready"
    assert not {snapshot["id"] for snapshot in snapshots(gateway)} - before

    call(gateway, "gateway.suspend.prepare", requestId="somebody-else")
    gateway.emulator.clear_journal()
    waits = start_backup(gateway)
    eventually("two looks", lambda: len(gateway.journal("exec")) > 2)
    assert call(gateway, "gateway.suspend.resume", suspensionId=lease)["resumed"]
    assert result(waits.wait().ok(), MODULE)["counts"]["sessions"] == 3
    assert_serves(gateway)


def test_a_stopped_machine_stays_stopped(gateway: Site, before: set[str]) -> None:
    def to(state: str) -> None:
        task = {"openclaw.fly.fly_machine": {"app": gateway.app, "state": state}}
        gateway.ansible.tasks(task, env=gateway.emulator.environment).ok()

    to("stopped")
    done = result(back_up(gateway).ok(), MODULE)
    assert (done["quiesced"], done["counts"], gateway.machine["state"]) == ("stopped already", None, "stopped")
    assert done["snapshot"]["id"] in kept(gateway) - before
    to("suspended")
    assert "what is in its memory is not on its volume" in back_up(gateway).failed().output
    to("started")


def test_it_is_stopped_on_demand(gateway: Site) -> None:
    stopped = result(back_up(gateway, quiesce="stop").ok(), MODULE)
    assert (stopped["quiesced"], stopped["counts"]["sessions"]) == ("stop", 3)
    assert_serves(gateway)
    gateway.emulator.clear_journal()
    running = result(back_up(gateway, quiesce="none").ok(), MODULE)
    assert running["quiesced"] == "none" and len(gateway.writes()) == 2


def test_a_suspension_that_ends_too_early_fails(gateway: Site) -> None:
    gateway.variables["fly_app_env"] = {"FEATHER_LEASE": "0.5", "OPENCLAW_SKIP_CHANNELS": "1"}
    gateway.converge()
    assert "the gateway's suspension ended too early" in back_up(gateway).failed().output
    assert_serves(gateway)
    del gateway.variables["fly_app_env"]
    gateway.converge()


def test_an_old_release_is_stopped_for_it(new_site: Callable[..., Site]) -> None:
    site = made(new_site("old", fly_app_image=OLD, fly_app_release="2026.7.1"))
    refused = back_up(site, quiesce="suspend").failed()
    assert "release 2026.7.1 has no gateway.suspend.prepare" in refused.output
    planned, run = back_up(site, "--check").ok(), back_up(site).ok()
    assert changes(planned) == changes(run)
    done = result(run, MODULE)
    assert done["quiesced"] == "stop" and done["counts"]["sessions"] == 3
    assert "its machine was stopped for" in run.output
    assert len(snapshots(site)) == 1
    assert_serves(site)


@pytest.mark.parametrize("path", ["/snapshots", "/start"])
def test_a_stopped_machine_is_started_whatever_fails(gateway: Site, path: str) -> None:
    fault = {"/snapshots": {"status": 422}, "/start": {"action": "reset", "when": "before", "nth": 1}}[path]
    gateway.emulator.request("POST", "/emulator/v1/faults", {"method": "POST", "path": path, **fault})
    run = back_up(gateway, quiesce="stop")
    assert run.rc == (2 if path == "/snapshots" else 0), run.output
    assert_serves(gateway)


def test_a_killed_run_leaves_nothing_closed(gateway: Site) -> None:
    gateway.variables["fly_app_env"] = {"FEATHER_LEASE": "15", "OPENCLAW_SKIP_CHANNELS": "1"}
    gateway.converge()
    slow = {"method": "POST", "path": "/snapshots", "action": "latency", "seconds": 60}

    gateway.emulator.request("POST", "/emulator/v1/faults", slow)
    suspends = start_backup(gateway)
    eventually("a suspended gateway", lambda: "details" in call(gateway, "health"))
    suspends.kill()
    let_leases_expire(gateway)
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    assert result(back_up(gateway).ok(), MODULE)["counts"]["sessions"] == 3, "it was waited for"
    assert_serves(gateway)

    gateway.emulator.request("POST", "/emulator/v1/faults", slow)
    stops = start_backup(gateway, quiesce="stop")
    eventually("a stopped machine", lambda: gateway.machine["state"] == "stopped")
    stops.kill()
    let_leases_expire(gateway)
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    assert gateway.converge().changed, "site.yml starts what should run"
    assert_serves(gateway)
    del gateway.variables["fly_app_env"]
    gateway.converge()
