"""playbooks/rotate.yml against the stand-in gateway: what is replaced is in force, proved, and one value at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO, Run, Started
from support.faults import add_fault, hits, let_leases_expire, until
from support.site import Site, changes, result

TOKEN, KEY = "OPENCLAW_GATEWAY_TOKEN", "ANTHROPIC_API_KEY"
OLD_KEY, NEW_KEY = "sk-ant-old-0123456789abcdef", "sk-ant-new-fedcba9876543210"
LONG_AGO = "2026-01-01T00:00:00Z"
PROOF = "openclaw_secrets_info"
_numbers = itertools.count()


def start(site: Site, *args: str, **extra: Any) -> Started:
    site.declare()
    return site.ansible.start(REPO / "playbooks/rotate.yml", *args, inventory=site.inventory, extra_vars=extra)


def rotate(site: Site, *args: str, **extra: Any) -> Run:
    return start(site, *args, **extra).wait()


def token_file(site: Site) -> Path:
    return site.root / f".local/secrets/{site.app}.token"


def token(site: Site) -> str:
    return token_file(site).read_text().strip()


def in_force(site: Site, name: str) -> str:
    """What the machine runs with."""
    body = {"command": ["sh", "-c", f'printf %s "${name}"'], "timeout": 30}
    return str(site.emulator.request("POST", f"/v1/apps/{site.app}/machines/{site.machine['id']}/exec", body)["stdout"])


@pytest.fixture
def gateway(new_site: Callable[..., Site]) -> Site:
    site = new_site(f"rotate-{next(_numbers)}", fly_app_secrets={KEY: OLD_KEY})
    site.converge()
    return site


def assert_idle(site: Site) -> None:
    run = site.converge()
    assert not run.changed, changes(run)
    assert not token_file(site).with_name(f"{token_file(site).name}.next").exists()


def test_a_new_gateway_token(gateway: Site) -> None:
    old, machine = token(gateway), gateway.machine["id"]
    gateway.emulator.clear_journal()
    planned = rotate(gateway, "--check").ok()
    assert gateway.writes() == [] and token(gateway) == old and in_force(gateway, TOKEN) == old
    assert f"would rotate {TOKEN}, and restart its machine: the gateway is unreachable" in planned.output
    run = rotate(gateway, "-vvv").ok()
    new = token(gateway)
    assert new != old and in_force(gateway, TOKEN) == new and gateway.machine["id"] == machine
    assert token_file(gateway).stat().st_mode & 0o777 == 0o600
    (line,) = [lines for module, lines in changes(planned) if module == "fly_secrets"]
    assert line in [lines for module, lines in changes(run) if module == "fly_secrets"]
    assert result(run, PROOF)["token_refused"] is True and result(run, PROOF)["secrets"] == [KEY, TOKEN]
    assert old not in run.output and new not in run.output and OLD_KEY not in run.output
    assert "refuses the token of before" in run.output
    assert_idle(gateway)

    token_file(gateway).write_text(f"{old}\n")  # as on another controller
    gateway.emulator.clear_journal()
    assert "this value was replaced by a rotation" in gateway.run().failed().output and in_force(gateway, TOKEN) == new
    token_file(gateway).unlink()
    assert not gateway.converge().changed and token(gateway) == new


def test_a_key_that_has_a_new_value_in_the_inventory(gateway: Site) -> None:
    old = token(gateway)
    gateway.variables["fly_app_secrets"] = {KEY: NEW_KEY}
    run = rotate(gateway, rotate=KEY).ok()
    assert in_force(gateway, KEY) == NEW_KEY and token(gateway) == in_force(gateway, TOKEN) == old
    assert NEW_KEY not in run.output and f"runs with new values of {KEY}" in run.output
    assert_idle(gateway)
    unchanged = rotate(gateway, "--check", rotate=KEY).ok()
    assert f"would rotate {KEY}." in unchanged.output and "restart its machine" not in unchanged.output


def test_a_key_whose_value_is_the_old_one(gateway: Site) -> None:
    """It was set long ago, so no run that was interrupted set it."""
    listed = gateway.get("/secrets")["secrets"]
    old = {"secrets": [{**entry, "created_at": LONG_AGO, "updated_at": LONG_AGO} for entry in listed]}
    add_fault(gateway, "/secrets$", method="GET", status=200, body=old, count=1000)
    message = rotate(gateway, rotate=KEY).failed().output
    assert f"{KEY}: the value in the inventory is the one that {gateway.app} has already" in message
    missing = rotate(gateway, rotate="SOME_KEY").failed().output
    assert f"SOME_KEY: no such secret is declared for {gateway.app}. It has {KEY}, {TOKEN}." in missing


def test_what_is_old(gateway: Site) -> None:
    gateway.emulator.clear_journal()
    assert "nothing is older than 90 days" in rotate(gateway, older_than_days=90).ok().output
    assert gateway.writes() == []
    planned = rotate(gateway, "--check", older_than_days=0).ok()
    assert f"would rotate {KEY}, {TOKEN}" in planned.output


def test_of_two_at_once_one_rotates(gateway: Site) -> None:
    old = token(gateway)
    rule = add_fault(gateway, "/secrets$", action="latency", seconds=20, when="before")
    first = start(gateway)
    until(lambda: hits(gateway, rule) > 0, first, "request that hangs")
    gateway.emulator.clear_journal()
    second = start(gateway)
    until(lambda: any("/secrets" in each["path"] for each in gateway.emulator.journal("read")), second, "look at them")
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    first.wait().ok()
    new = token(gateway)
    refused = second.wait().failed()
    assert f"another run replaced {TOKEN} of {gateway.app}" in " ".join(refused.output.split())
    assert token(gateway) == in_force(gateway, TOKEN) == new != old
    assert_idle(gateway)


@pytest.mark.parametrize("path", ["/secrets$", "/machines/[^/]+$"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_run_is_finished_by_the_next(gateway: Site, path: str, when: str) -> None:
    """Whatever runs next, one value is valid: site.yml goes back to the old one, rotate.yml on to the new one."""
    old = token(gateway)
    rule = add_fault(gateway, path, action="latency", seconds=60, when=when)
    run = start(gateway)
    until(lambda: hits(gateway, rule) > 0, run, "request that hangs")
    run.kill()
    gateway.emulator.request("DELETE", "/emulator/v1/faults")
    let_leases_expire(gateway)
    assert token(gateway) == old
    begun = token_file(gateway).with_name(f"{token_file(gateway).name}.next").read_text().strip()
    gateway.converge()
    assert in_force(gateway, TOKEN) == old
    rotate(gateway).ok()
    assert token(gateway) == in_force(gateway, TOKEN) == begun != old
    assert_idle(gateway)
