"""playbooks/doctor.yml on a gateway that site.yml made: nothing while it is healthy, and what is broken by its id."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.ansible import REPO, Ansible, Run
from support.emulator import Emulator
from support.gateway import eventually
from support.site import Site, result


@pytest.fixture(scope="module")
def gateway(file_ansible: Ansible, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(file_ansible, emulator, tmp_path_factory.mktemp("doctor") / "site", "see-doctor")
    site.converge()
    return site


def play(site: Site, **extra_vars: Any) -> Run:
    return site.ansible.playbook(REPO / "playbooks/doctor.yml", inventory=site.inventory, extra_vars=extra_vars)


def examine(site: Site, **extra_vars: Any) -> dict[str, Any]:
    """The module's result; the play writes nothing."""
    site.emulator.clear_journal()
    before = site.fingerprint()
    found = result(play(site, **extra_vars).ok(), "openclaw_doctor")
    assert site.writes() == [] and site.fingerprint() == before
    return found


def ids(site: Site, **extra_vars: Any) -> list[str]:
    return [entry["id"] for entry in examine(site, **extra_vars)["findings"]]


def test_a_healthy_gateway_has_no_finding(gateway: Site) -> None:
    found = examine(gateway)
    assert found["findings"] == [], found["report"]
    assert {"machines", "inside", "owners", "openclaw.json", "gateway", "edge", "log"} <= set(found["read"])
    assert found["checked"] > 110, found["unread"]


@contextmanager
def owned_by_root(gateway: Site) -> Iterator[None]:
    file = gateway.data / "openclaw.json"
    owner = file.stat()
    os.chown(file, 0, 0)
    try:
        yield
    finally:
        os.chown(file, owner.st_uid, owner.st_gid)


@contextmanager
def readable_by_all(gateway: Site) -> Iterator[None]:
    file = gateway.data / "openclaw.json"
    file.chmod(0o644)
    try:
        yield
    finally:
        file.chmod(0o600)


@contextmanager
def no_trusted_proxy(gateway: Site) -> Iterator[None]:
    """As after a config of before 2026.8.1; the gateway takes the change while it runs."""
    file = gateway.data / "openclaw.json"
    before = file.read_text()
    config = json.loads(before)
    config["gateway"]["trustedProxies"] = []
    file.write_text(json.dumps(config))
    eventually("the gateway refuses the proxy", lambda: refused(gateway))
    try:
        yield
    finally:
        file.write_text(before)
        eventually("the gateway takes its config", lambda: not refused(gateway))


def refused(gateway: Site) -> bool:
    return "gateway.proxy_attribution" in ids(gateway)


@pytest.mark.parametrize(
    ("broken", "finding"),
    [
        (owned_by_root, "machine.file_owner"),
        (readable_by_all, "machine.config_mode"),
        (no_trusted_proxy, "gateway.trusted_proxies"),
    ],
)
def test_its_broken_twin_has_the_finding(gateway: Site, broken: Callable[[Site], Any], finding: str) -> None:
    with broken(gateway):
        assert finding in ids(gateway)


def test_it_fails_when_it_should(gateway: Site) -> None:
    with readable_by_all(gateway):
        run = play(gateway, fail_on="critical")
        assert run.failed and "see-doctor: machine.config_mode" in run.output
        assert "do:    Run chmod 600 on it" in run.output
    play(gateway, fail_on="info").ok()


def test_openclaws_own_checks_are_mapped(gateway: Site) -> None:
    """The stand-in does not have all of them; that one cannot be run is no failure."""
    with readable_by_all(gateway):
        found = examine(gateway, thorough=True)
    assert [entry["id"] for entry in found["findings"]] == ["machine.config_mode"], found["report"]
    assert "security audit" in found["read"]
    assert "secrets audit" in {entry["what"] for entry in found["unread"]}


def test_a_gateway_that_crashes_is_explained_by_events_and_log(gateway: Site) -> None:
    """Its config is broken behind our back, and it is started again: it cannot be asked any more."""
    file = gateway.data / "openclaw.json"
    before = file.read_text()
    file.write_text('{"gateway": {"mode": "local", "unheardOf": true}}')
    machine = gateway.machine["id"]
    gateway.emulator.request("POST", f"/v1/apps/{gateway.app}/machines/{machine}/restart")
    try:
        wanted = {"fly.crash_loop", "machine.exit_78", "gateway.log_config_invalid"}
        eventually("the loop is found", lambda: wanted <= set(ids(gateway)))
    finally:
        file.write_text(before)
