"""playbooks/teardown.yml: out of service first, destroyed later, and nothing of others with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from support.ansible import REPO, Run, Started
from support.faults import FOREVER, add_fault, hits, let_leases_expire, until
from support.site import Site, result

_numbers = itertools.count(1)
pytestmark = pytest.mark.apart


def start(site: Site, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / "playbooks/teardown.yml", *args, inventory=site.inventory, extra_vars=extra)


def tear_down(site: Site, *args: str, **extra: Any) -> Run:
    return start(site, *args, **extra).wait()


def exists(site: Site) -> bool:
    return site.app in [app["name"] for app in site.emulator.get("/v1/apps?org_slug=personal")["apps"]]


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    site = new_site(f"teardown-{next(_numbers)}")
    site.converge()
    return site


def test_retired_then_back_in_use(gateway: Site) -> None:
    volume, token = gateway.volume["id"], (gateway.root / f".local/secrets/{gateway.app}.token").read_text()
    (gateway.data / "kept").write_text("data")
    gateway.emulator.clear_journal()
    planned = tear_down(gateway, "--check").ok()
    assert f"volume {volume} (openclaw_data" in planned.output and "address " in planned.output, planned.output
    refused = tear_down(gateway, confirm="another").failed()
    assert "Nothing was changed" in refused.output and gateway.writes() == []

    run = tear_down(gateway, confirm=gateway.app).ok()
    assert gateway.addresses == [] and gateway.machine["state"] == "stopped" and gateway.machine["cordoned"]
    assert gateway.volume["id"] == volume and (gateway.data / "kept").read_text() == "data"
    snapshots = {snapshot["id"] for snapshot in gateway.get(f"/volumes/{volume}/snapshots")}
    assert result(run, "openclaw_volume_snapshot")["snapshot"]["id"] in snapshots

    gateway.emulator.clear_journal()
    assert not tear_down(gateway).ok().changed and gateway.writes() == []
    assert "was retired at" in gateway.run().failed().output and gateway.writes() == []
    assert "is kept until" in tear_down(gateway, phase="destroy", confirm=gateway.app).failed().output

    tear_down(gateway, phase="return").ok()
    gateway.converge()
    assert gateway.volume["id"] == volume and (gateway.data / "kept").read_text() == "data"
    assert gateway.addresses == ["shared_v4", "v6"] and gateway.machine["state"] == "started"
    assert (gateway.root / f".local/secrets/{gateway.app}.token").read_text() == token
    assert not gateway.converge().changed


def test_what_the_inventory_does_not_declare_stays(gateway: Site, new_site: Callable[..., Site]) -> None:
    other = new_site(f"other-{gateway.app}")
    other.converge()
    config = {"image": gateway.machine["config"]["image"], "metadata": {}}
    path = f"/v1/apps/{gateway.app}/machines"
    stranger = gateway.emulator.request("POST", path, {"config": config, "region": "iad"})["id"]
    gateway.emulator.request("POST", f"/v1/apps/{gateway.app}/volumes", {"name": "archive", "region": "iad"})
    gateway.emulator.clear_journal()
    for phase in ("retire", "destroy"):
        refused = tear_down(gateway, phase=phase, early=True, confirm=gateway.app).failed()
        assert f"machine {stranger}, which no deploy made" in refused.output and "(archive)" in refused.output
    assert gateway.writes() == []

    gateway.emulator.request("DELETE", f"{path}/{stranger}?force=true")
    spare = next(volume["id"] for volume in gateway.get("/volumes") if volume["name"] == "archive")
    gateway.emulator.request("DELETE", f"/v1/apps/{gateway.app}/volumes/{spare}")
    gateway.emulator.clear_journal()
    tear_down(gateway, phase="destroy", early=True, confirm=gateway.app).ok()
    assert not exists(gateway) and exists(other) and not other.writes()[1:]
    assert other.machine["state"] == "started" and not other.converge().changed


def test_killed_at_every_request(gateway: Site) -> None:
    """Each run is killed at its next write; the last one finds a retired app, or none."""
    volume = gateway.volume["id"]
    for path in ("/metadata/ansible_retired", "/snapshots$", "/ip_assignments/", "/stop$", "/cordon$"):
        _kill(gateway, path)
        assert gateway.volume["id"] == volume
    tear_down(gateway, confirm=gateway.app).ok()
    assert gateway.addresses == [] and gateway.machine["state"] == "stopped"
    assert not tear_down(gateway).ok().changed
    _kill(gateway, "/apps/[^/]+$", phase="destroy", early=True)
    tear_down(gateway, phase="destroy", early=True, confirm=gateway.app).ok()
    assert not exists(gateway)
    again = tear_down(gateway, phase="destroy", early=True, confirm=gateway.app).ok()
    assert not again.changed and "does not exist" in again.output


def _kill(site: Site, path: str, **extra: Any) -> None:
    rule = add_fault(site, path, action="timeout", seconds=FOREVER, when="before")
    run = start(site, confirm=site.app, quiesce="none", **extra)  # a suspended gateway is waited for
    until(lambda: hits(site, rule) == 1, run, f"a request to {path}")
    run.kill()
    run.process.communicate()
    site.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(site)
