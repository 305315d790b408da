"""upgrade.yml on real gateways: a release that fails after it migrated the data is rolled back with the data, and one
that works is rehearsed on a copy of it first."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support.ansible import Ansible, Core
from support.emulator import Emulator
from support.gateway import GatewaySite
from support.hang import LONG
from support.site import result

pytestmark = [pytest.mark.gateway, pytest.mark.long, pytest.mark.timeout(3000)]
OLD, NEW = "2026.7.1", "2026.9.6"


def test_a_release_that_fails_its_gate(
    own_core: Core,
    collections_path: Path,
    start_emulator: Callable[..., AbstractContextManager[Emulator]],
    tmp_path: Path,
) -> None:
    ansible = Ansible(own_core, collections_path, tmp_path / "home")
    with start_emulator() as emulator:
        site = GatewaySite(ansible, emulator, tmp_path / "site", "my-openclaw")
        site.variables["fly_app_release"] = OLD
        site.run().ok()
        before = site.machine["id"]
        # A path that the gateway answers with 404: it is not healthy, though it started and migrated the data.
        site.variables |= {
            "fly_app_release": NEW,
            "fly_app_check_path": "/api/diagnostics/prometheus",
            "fly_app_wait_timeout": 240,
            "fly_app_rehearse": False,  # it would find that before the gateway is touched
        }
        site.declare()
        run = ansible.start("openclaw.fly.upgrade", inventory=site.inventory).wait(LONG)
        run.failed()
        assert "Image and data of before were restored" in run.output
        assert site.machine["id"] != before and site.machine["config"]["image"].split("@")[0].endswith(f":{OLD}")
        assert site.machine["state"] == "started"
        (record,) = (site.root / ".local/fly" / site.app / "backups").glob("*-upgrade.json")
        written = json.loads(record.read_text())
        assert written["release"] == OLD and written["counts"] == written["back"]["counts"]

        del site.variables["fly_app_check_path"], site.variables["fly_app_rehearse"]
        site.declare()
        assert (
            "failed with this gateway" in ansible.start("openclaw.fly.upgrade", inventory=site.inventory).wait().output
        )
        extra = {"retry_failed_release": True}
        done = ansible.start("openclaw.fly.upgrade", inventory=site.inventory, extra_vars=extra).wait(LONG).ok()
        assert f"{OLD} to {NEW}" in done.output
        rehearsed = result(done, "openclaw_rehearsal")
        assert rehearsed["release"] == NEW and rehearsed["ready"]["body"]["ready"] is True
        assert rehearsed["database"]["status"] == "migration-required" and rehearsed["findings"] is not None
        assert [app["name"] for app in emulator.get("/v1/apps?org_slug=personal")["apps"]] == ["my-openclaw"]
        assert site.inside()["release"] == NEW
