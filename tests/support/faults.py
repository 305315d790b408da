"""Make the emulator fail on purpose, and look at what a disturbed run left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .ansible import Started
from .hang import HANG
from .site import Site

DEADLINE = HANG
FOREVER = 600
LEASE_SECONDS = 31


def add_fault(site: Site, path: str, **rule: Any) -> str:
    """Add a fault for the site's writes whose path matches; return the rule's id."""
    rule = {"method": "POST|PUT|PATCH|DELETE", "path": path.replace("APP", f"/apps/{site.app}"), **rule}
    rules = site.emulator.request("POST", "/emulator/v1/faults", rule)["rules"]
    return str(rules[0]["id"])


def hits(site: Site, rule: str) -> int:
    rules = site.emulator.get("/emulator/v1/faults")["rules"]
    return int(next(each["hits"] for each in rules if each["id"] == rule))


def poll(true: Callable[[], bool]) -> bool:
    """Wait until it is true; False after DEADLINE."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def until(true: Callable[[], bool], started: Started, what: str) -> None:
    """Wait until it is true; fail when the play ends before."""
    assert poll(lambda: true() or started.process.poll() is not None), f"no {what} in {DEADLINE:.0f} s"
    assert true(), f"the play ended before {what}:\n{started.wait().output}"


def let_leases_expire(site: Site) -> None:
    """Let the time pass that a dead run's lease and its lock hold; the lock goes by the machine's clock."""
    site.emulator.request("POST", "/emulator/v1/clock", {"advance": LEASE_SECONDS})
    for lock in (site.emulator.state_dir / "volumes").glob("*/data/.ansible-run.lock"):
        lock.write_text("\n".join(["0", *lock.read_text().splitlines()[1:], ""]))


def assert_whole(site: Site) -> None:
    """One app, one volume, one machine, the right addresses, and nothing left to do."""
    assert [app["name"] for app in site.emulator.get("/v1/apps?org_slug=personal")["apps"]].count(site.app) == 1
    assert site.volume["attached_machine_id"] == site.machine["id"]
    assert site.machine["state"] == "started"
    assert site.addresses == ["shared_v4", "v6"]
    site.emulator.clear_journal()
    assert site.converge().changed == 0
    assert site.writes() == []
