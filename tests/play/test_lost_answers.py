"""Requests whose answers are lost, before or after they took effect: this run or the next ends in the same state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.faults import FOREVER, add_fault, assert_whole, hits, let_leases_expire, until
from support.site import Site

WRITES = (
    "/v1/apps$",
    "APP/ip_assignments$",
    "APP/volumes$",
    "APP/machines$",
    "APP/secrets$",
    "APP/machines/[^/]+/metadata/",
    "APP/machines/[^/]+$",
)
"""Each write of a first run but those of leases and exec."""
LOST = [
    pytest.param({"action": "status", "status": 500, "when": "before"}, id="500-before"),
    pytest.param({"action": "status", "status": 502, "when": "after"}, id="502-after"),
    pytest.param({"action": "reset", "when": "after"}, id="reset-after"),
    pytest.param({"action": "status", "status": 429, "headers": {"Retry-After": "1"}}, id="429"),
]


@pytest.mark.parametrize("fault", LOST)
def test_a_run_survives_the_loss_of_every_first_answer(
    new_site: Callable[..., Site], request: pytest.FixtureRequest, fault: dict[str, Any]
) -> None:
    site = new_site(f"lost-{request.node.callspec.id}")
    rules = [add_fault(site, path, **fault) for path in WRITES]

    run = site.converge()

    assert [hits(site, rule) for rule in rules] == [1] * len(rules)
    assert run.changed
    assert_whole(site)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_lease_is_waited_for(new_site: Callable[..., Site], when: str) -> None:
    """Whoever took it and cannot know its nonce has to wait until it expires."""
    site = new_site(f"lease-{when}")
    taken = add_fault(site, "APP/machines/[^/]+/lease$", action="reset", when=when)
    returned = add_fault(site, "APP/machines/[^/]+/lease$", method="DELETE", action="reset", when=when)
    started = site.start()
    if when == "after":
        until(lambda: [e["status"] for e in site.journal("write")].count(409) > 0, started, "conflict")
        let_leases_expire(site)

    started.wait().ok()

    assert (hits(site, taken), hits(site, returned)) == (1, 1)
    assert_whole(site)


@pytest.mark.parametrize("when", ["before", "after"])
def test_commands_without_an_answer(new_site: Callable[..., Site], when: str) -> None:
    """A command's answer may be lost too; the run may fail over it, as long as the next one ends well."""
    site = new_site(f"exec-{when}")
    rules = [add_fault(site, "APP/machines/[^/]+/exec$", nth=nth, action="reset", when=when) for nth in (2, 5)]

    for _ in (*rules, "undisturbed"):
        run = site.run()
        if run.rc == 0:
            break
        run.failed()

    assert run.rc == 0, run.output
    assert_whole(site)


@pytest.mark.parametrize("when", ["before", "after"])
def test_writes_that_time_out(new_site: Callable[..., Site], when: str) -> None:
    """Only the modules, with an API timeout of a second: the playbook's is half a minute."""
    site = new_site(f"slow-{when}")
    for path in ("/v1/apps$", "APP/ip_assignments$", "APP/volumes$"):
        add_fault(site, path, action="timeout", when=when, seconds=FOREVER)
    options = {"api_timeout": 1}

    run = site.ansible.tasks(
        {"openclaw.fly.fly_app": {"name": site.app, **options}},
        {"openclaw.fly.fly_ips": {"app": site.app, "shared_v4": True, "v6": 1, **options}},
        {"openclaw.fly.fly_volume": {"app": site.app, "name": "openclaw_data", "region": "iad", **options}},
        env=site.emulator.environment,
    ).ok()

    assert run.changed == 3
    assert site.addresses == ["shared_v4", "v6"]
    assert site.volume["size_gb"] == 1
