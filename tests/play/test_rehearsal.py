"""The rehearsal of playbooks/upgrade.yml: a release is started on a copy of the data before the gateway is touched."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from support.ansible import REPO, Run, Started
from support.emulator import Emulator
from support.faults import add_fault, hits, let_leases_expire, until
from support.site import Site, result

from ansible_collections.openclaw.fly.plugins.module_utils._rehearsal.remains import REHEARSAL, new_name

OLD, NEW = "2026.8.2", "2026.9.6"
HELD = {"sessions": 3, "cron_jobs": ["daily", "weekly"]}
MODULE = "openclaw_rehearsal"
_numbers = itertools.count(1)
pytestmark = pytest.mark.apart


def image(release: str) -> str:
    return f"registry.fly.io/featherweight:{release}"


def start(site: Site, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / "playbooks/upgrade.yml", *args, inventory=site.inventory, extra_vars=extra)


def upgrade(site: Site, *args: str, **extra: Any) -> Run:
    return start(site, *args, **extra).wait()


def declare(site: Site, **variables: Any) -> None:
    site.variables |= {"fly_app_release": NEW, "fly_app_image": image(NEW), **variables}


def copies(site: Site) -> list[str]:
    """The throw-away apps that exist."""
    apps = site.emulator.get("/v1/apps?org_slug=personal")["apps"]
    return sorted(app["name"] for app in apps if app["name"].startswith(REHEARSAL))


def assert_untouched(site: Site, before: dict[str, Any]) -> None:
    """Nothing was written to the gateway's app, and no throw-away app is left."""
    assert [each for each in site.writes() if f"/apps/{site.app}" in each] == []
    assert site.machine["instance_id"] == before["instance_id"] and site.machine["state"] == "started"
    assert copies(site) == []


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]]) -> Iterator[Emulator]:
    with start_emulator("--delays", "0.1") as started:
        yield started


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    """It runs the old release, and a new one is declared."""
    site = new_site(f"rehearsed-{next(_numbers)}", fly_app_secrets={"PROVIDER_KEY": "a-real-key-of-somebody"})
    site.variables |= {"fly_app_release": OLD, "fly_app_image": image(OLD)}
    site.converge()
    (site.data / "featherweight.json").write_text(json.dumps(HELD))
    (site.data / "featherweight.json").chmod(0o644)
    declare(site)
    site.emulator.clear_journal()
    return site


def test_a_release_that_works_is_rehearsed_and_deployed(gateway: Site) -> None:
    planned = upgrade(gateway, "--check").ok()
    assert gateway.writes() == [] and copies(gateway) == []
    assert "it costs at most $0.0" in " ".join(planned.output.split())

    run = upgrade(gateway).ok()
    found = result(run, MODULE)
    assert (found["release"], found["counts"]["sessions"]) == (NEW, 3)
    assert found["counts"]["cron_job_ids"] == ["daily", "weekly"]
    assert found["ready"]["body"]["ready"] is True and found["config_problems"] == [] and found["findings"] == []
    assert copies(gateway) == []
    requests = [entry for entry in gateway.emulator.journal("") if entry["app"] == found["copy_app"]]
    created = [entry for entry in requests if entry["method"] == "POST" and entry["path"].endswith("/machines")]
    assert created and not [
        entry for entry in requests if "ip_assignments" in entry["path"] and entry["method"] != "GET"
    ]
    assert gateway.machine["config"]["image"].startswith(image(NEW))


def test_a_release_that_would_crash_ends_before_the_gateway_is_touched(gateway: Site) -> None:
    before = gateway.machine
    declare(gateway, fly_app_env={"FEATHER_CRASH": "1"})
    run = upgrade(gateway).failed()
    assert f"the rehearsal of {NEW} failed" in " ".join(run.output.split())
    assert "crashing because FEATHER_CRASH is set" in run.output
    assert "Its machine was not changed" in " ".join(run.output.split())
    assert_untouched(gateway, before)


def test_an_image_that_is_missing_is_known_before_the_gateway_is_touched(gateway: Site) -> None:
    before = gateway.machine
    declare(gateway, fly_app_image="registry.fly.io/no-such-image:2026.9.6")
    upgrade(gateway).failed()
    assert_untouched(gateway, before)


def test_without_it_nothing_is_created(gateway: Site) -> None:
    run = upgrade(gateway, fly_app_rehearse=False).ok()
    assert not [each for each in run.results if each.action.endswith(MODULE) and "release" in each.result]
    assert not [entry for entry in gateway.emulator.journal("") if str(entry["app"]).startswith(REHEARSAL)]


@pytest.mark.parametrize("path", ["/volumes$", "/secrets$", "/machines$"])
def test_what_a_killed_rehearsal_leaves_is_removed_by_the_next_run(gateway: Site, path: str) -> None:
    rule = add_fault(gateway, f"/apps/{REHEARSAL}-[^/]+{path}", action="latency", seconds=60, when="after")
    run = start(gateway)
    until(lambda: hits(gateway, rule) > 0, run, "request of the rehearsal")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    (left,) = copies(gateway)
    let_leases_expire(gateway)
    done = upgrade(gateway).ok()
    assert result(done, MODULE)["removed"] == [left] and copies(gateway) == []


def test_only_what_has_expired_and_is_a_copy_is_removed(gateway: Site) -> None:
    request = gateway.emulator.request
    old, young, strange = (new_name(REHEARSAL, "another", at) for at in (1_700_000_000, 4_000_000_000, 1_700_000_001))
    for name in (old, young, strange, f"{REHEARSAL}-1700000000"):
        request("POST", "/v1/apps", {"name": name, "org_slug": "personal"})
    request("POST", f"/v1/apps/{strange}/ip_assignments", {"type": "shared_v4"})
    run = upgrade(gateway).ok()
    assert result(run, MODULE)["removed"] == [old]
    assert copies(gateway) == sorted([young, strange, f"{REHEARSAL}-1700000000"])
    assert f"app {strange} is named like a copy" in " ".join(run.output.split())
    for name in copies(gateway):
        request("DELETE", f"/v1/apps/{name}")
