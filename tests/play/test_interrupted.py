"""A run that is killed at any point: the next one ends where an undisturbed one does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.faults import FOREVER, add_fault, assert_whole, hits, let_leases_expire, poll, until
from support.site import Site

KILLS = [
    pytest.param("/v1/apps$", 1, "after", id="app-created"),
    pytest.param("APP/ip_assignments$", 1, "before", id="first-address-asked-for"),
    pytest.param("APP/ip_assignments$", 2, "after", id="second-address-assigned"),
    pytest.param("APP/volumes$", 1, "after", id="volume-created"),
    pytest.param("APP/machines$", 1, "after", id="machine-created"),
    pytest.param("APP/machines/[^/]+/metadata/", 1, "before", id="secrets-not-remembered"),
    pytest.param("APP/machines/[^/]+/exec$", 4, "after", id="config-half-written"),
    pytest.param("APP/machines/[^/]+/lease$", 1, "after", id="lease-taken"),
    pytest.param("APP/machines/[^/]+$", 1, "after", id="machine-updated"),
    pytest.param("APP/machines/[^/]+/lease$", 2, "before", id="lease-not-given-back"),
]


@pytest.mark.parametrize(("path", "nth", "when"), KILLS)
def test_a_killed_run_is_finished_by_the_next(
    new_site: Callable[..., Site], request: pytest.FixtureRequest, path: str, nth: int, when: str
) -> None:
    site = new_site(f"killed-{request.node.callspec.id}")
    rule = add_fault(site, path, nth=nth, when=when, action="timeout", seconds=FOREVER)
    started = site.start()
    until(lambda: hits(site, rule) == 1, started, f"request {nth} to {path}")
    started.kill()
    started.process.communicate()
    assert poll(lambda: any(entry["fault"] == rule for entry in site.emulator.journal())), "the request never ended"
    site.emulator.request("DELETE", "/emulator/v1/faults")
    token_file = site.root / f".local/secrets/{site.app}.token"
    token = token_file.read_text() if token_file.exists() else None
    let_leases_expire(site)

    site.converge()

    assert_whole(site)
    assert token in (None, token_file.read_text())
