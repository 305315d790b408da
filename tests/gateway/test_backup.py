"""backup.yml on the real gateway: suspended while the snapshot is made, intact in it, and resumed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from support.gateway import GatewaySite, eventually
from support.site import result

pytestmark = [pytest.mark.gateway, pytest.mark.slow]
# Without the cache: root's files in it would be a difference to the next run.
LOOK = 'fetch("http://127.0.0.1:3000/startupz").then(async (r) => console.log(r.status, await r.text()))'
STARTUP = f"env -u NODE_COMPILE_CACHE node -e '{LOOK}'"


def test_it_is_suspended_while_its_snapshot_is_made(deployed: GatewaySite) -> None:
    process = deployed.process
    deployed.emulator.clear_journal()
    # What Fly.io needs for a snapshot, so that somebody can look meanwhile.
    slow = {"method": "POST", "path": "/snapshots", "action": "latency", "seconds": 8}
    deployed.emulator.request("POST", "/emulator/v1/faults", slow)
    deployed.declare()
    started = deployed.ansible.start("openclaw.fly.backup", inventory=deployed.inventory)
    eventually("a suspended gateway", lambda: '"draining"' in deployed.sh(STARTUP))
    run = started.wait().ok()
    deployed.emulator.request("DELETE", "/emulator/v1/faults")

    done = result(run, "openclaw_volume_snapshot")
    assert (done["quiesced"], done["release"], done["snapshot"]["status"]) == ("suspend", "2026.9.6", "created")
    assert done["counts"]["agents"] == ["main"] and done["counts"]["cron_jobs"] == len(done["counts"]["cron_job_ids"])
    assert None not in done["counts"].values()
    assert [path.rpartition("/")[2] for path in deployed.writes()] == ["snapshots", "ansible_last_backup"]
    assert deployed.sh(STARTUP).startswith("200 "), "it was resumed"
    assert deployed.process == process
    assert deployed.token not in Path(done["record"]).read_text()
    assert json.loads(Path(done["record"]).read_text())["counts"] == done["counts"]

    copied = deployed.data.parent / "snapshots" / done["snapshot"]["id"]
    databases = [path for path in copied.rglob("*.sqlite") if ".lock" not in path.name and path.stat().st_size]
    assert databases
    for path in databases:
        assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
