"""The client: rate limits, retries, lost answers, capacity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.platform import Platform, platform

from ansible_collections.openclaw.fly.plugins.module_utils import clock


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Platform]:
    """A platform that enforces Fly's rate limits."""
    with platform(tmp_path, rate_limits=True) as started:
        yield started


def test_stays_within_the_rate_limits(limited: Platform) -> None:
    limited.module("fly_app", name="busy", org="personal")
    began = clock.monotonic()
    outcome = limited.module("fly_ips", app="busy", v4=6)
    assert not outcome.failed, outcome
    assert [entry.status for entry in outcome.requests].count(429) <= 1, "its clock and ours differ a little"
    assert clock.monotonic() - began > 2, "three at once, then one a second"


def test_waits_as_long_as_it_is_told_to(fly: Platform, app: str) -> None:
    fly.fault(path=f"/{app}/ip_assignments", status=429, headers={"Retry-After": "7"})
    began = clock.monotonic()
    assert not fly.module("fly_ips", app=app, v6=1).failed
    assert clock.monotonic() - began >= 7


@pytest.mark.parametrize("action", ["status", "reset"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_looks_before_it_writes_again(fly: Platform, app: str, action: str, when: str) -> None:
    fly.fault(method="POST", path=f"/{app}/volumes", action=action, when=when)
    outcome = fly.module("fly_volume", app=app, name="data", region="iad")
    assert not outcome.failed, outcome
    assert outcome["changes"] == ["create 1 GB in iad"]
    found = fly.app(app)
    assert found and len(found.volumes) == 1


def test_a_full_region_has_neighbours(fly: Platform, app: str) -> None:
    fly.context.full_regions.add("lhr")
    outcome = fly.module("fly_volume", app=app, name="data", region="lhr", fallback_regions=["ams"])
    fly.context.full_regions.clear()
    assert outcome["volume"]["region"] == "ams"


def test_a_quota_has_none(fly: Platform, app: str) -> None:
    body = {"error": "You have reached the maximum number of volumes for your organization's quota"}
    fly.fault(method="POST", path=f"/{app}/volumes", status=403, body=body, count=0)
    outcome = fly.module("fly_volume", app=app, name="data", region="lhr", fallback_regions=["ams"])
    fly.clear_faults()
    assert outcome["error"]["kind"] == "QuotaReached"
    assert [entry.method for entry in outcome.requests] == ["GET", "POST"]


def test_the_token_says_early_what_it_may_not(fly: Platform) -> None:
    outcome = fly.module("fly_app", name="one-app", org="personal", api_token="fm2_one")
    assert outcome.failed and "deploy token" in outcome["msg"]
    assert outcome.writes == []
    assert fly.module("fly_app", check=True, name="one-app", org="personal", api_token="fm2_one").failed
