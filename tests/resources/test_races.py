"""Two tasks at the same moment, where there is no machine yet and so no lock: one thing of each kind is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.platform import Outcome, Platform


def both(fly: Platform, path: str, module: str, /, **params: Any) -> list[Outcome]:
    """Run a module twice at once; writes to `path` are late, so that both have read before either has written."""
    fly.fault(method="POST", path=path, action="latency", seconds=0.5, count=0)
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(fly.module, module, **params) for _ in range(2)]
    fly.clear_faults()
    return [each.result() for each in found]


@pytest.mark.parametrize("number", range(5))
def test_two_volumes_at_once_leave_one(fly: Platform, app: str, number: int) -> None:
    outcomes = both(fly, "/volumes$", "fly_volume", app=app, name="data", region="iad", size_gb=1)
    assert [outcome.failed for outcome in outcomes] == [False, False], outcomes
    again = fly.module("fly_volume", app=app, name="data", region="iad", size_gb=1)
    assert (again.changed, len(again["volumes"])) == (False, 1)


def test_two_apps_at_once(fly: Platform) -> None:
    outcomes = both(fly, "/apps$", "fly_app", name="both", org="personal")
    assert [outcome.failed for outcome in outcomes] == [False, False], outcomes


def test_addresses_at_once(fly: Platform, app: str) -> None:
    outcomes = both(fly, "ip", "fly_ips", app=app, v6=1, shared_v4=True)
    assert [outcome.failed for outcome in outcomes] == [False, False], outcomes
    again = fly.module("fly_ips", app=app, v6=1, shared_v4=True)
    assert (again.changed, len(again["ips"])) == (False, 2)
