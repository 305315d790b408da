"""A rehearsal on a real gateway's data: a copy boots, keeps still, holds the same, and is gone afterwards."""

from __future__ import annotations

import tomllib

import pytest
from support.gateway import GatewaySite
from support.site import result

pytestmark = [pytest.mark.gateway, pytest.mark.long, pytest.mark.timeout(3000)]
RELEASE = "2026.9.6"


def test_the_release_starts_on_a_copy(deployed: GatewaySite) -> None:
    process = deployed.process
    before = {job["id"] for job in deployed.call("cron.list")["jobs"]}
    definition = tomllib.loads((deployed.root / f".local/fly/{deployed.app}/fly.toml").read_text())
    deployed.emulator.clear_journal()
    task = {
        "openclaw.fly.openclaw_rehearsal": {
            "app": deployed.app,
            "release": RELEASE,
            "image": deployed.machine["config"]["image"].partition("@")[0],
            "definition": definition,
            "expected": {"cron_job_ids": sorted(before), "agents": ["main"]},
            "retry_on_log": ["owner lease is still active"],
        }
    }
    found = result(deployed.ansible.tasks(task, env=deployed.emulator.environment).ok(), "openclaw_rehearsal")
    assert (found["release"], found["config_problems"], found["database"]["status"]) == (RELEASE, [], "exact")
    assert found["ready"]["body"]["ready"] is True and found["findings"] is not None
    assert before <= set(found["counts"]["cron_job_ids"])
    assert [each for each in deployed.writes() if f"/apps/{deployed.app}" in each] == []
    assert [app["name"] for app in deployed.emulator.get("/v1/apps?org_slug=personal")["apps"]] == [deployed.app]
    assert deployed.process == process, "the gateway itself was left alone"
