"""fly_deploy where Fly.io has no room: the next allowed region, but never without the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.platform import Platform

TOML: dict[str, Any] = {"primary_region": "iad", "build": {"image": "registry.fly.io/still:1"}}
MOUNTED: dict[str, Any] = {**TOML, "mounts": {"source": "data", "destination": "/data"}}


@pytest.fixture(autouse=True)
def room(fly: Platform) -> Iterator[None]:
    yield
    full(fly)


def full(fly: Platform, *regions: str) -> None:
    fly.context.full_regions = set(regions)


def test_a_machine_without_a_volume_goes_to_the_next_region_with_room(fly: Platform, app: str) -> None:
    full(fly, "iad", "ewr")
    params = {"app": app, "definition": TOML, "fallback_regions": ["ewr", "lhr", "ams"]}
    done = fly.module("fly_deploy", **params)
    assert [machine["region"] for machine in done["machines"]] == ["lhr"]
    full(fly)
    again = fly.module("fly_deploy", **params)
    assert (again.changed, again.writes) == (False, []), "it stays where it is"


def test_no_region_has_room(fly: Platform, app: str) -> None:
    full(fly, "iad", "lhr")
    done = fly.module("fly_deploy", app=app, definition=TOML, fallback_regions=["lhr"])
    assert done["error"]["kind"] == "NoCapacity" and done["error"]["scope"] == "region"
    assert not fly.machines(app)


def test_a_quota_is_no_want_of_room(fly: Platform, app: str) -> None:
    body = {"error": "You have reached the maximum number of machines"}
    fly.fault(method="POST", path="/machines", status=403, body=body)
    done = fly.module("fly_deploy", app=app, definition=TOML, fallback_regions=["lhr"])
    assert done["error"]["kind"] == "QuotaReached"
    assert len([write for write in done.writes if write.endswith("/machines")]) == 0, "no other region is asked"
    assert sum(bool(request.fault) for request in done.requests) == 1


def test_a_volume_is_not_left_behind(fly: Platform, app: str) -> None:
    volume = fly.module("fly_volume", app=app, name="data", region="iad")["volume"]["id"]
    full(fly, "iad")
    done = fly.module("fly_deploy", app=app, definition=MOUNTED, fallback_regions=["lhr"])
    assert done["error"]["kind"] == "NoCapacity" and done["error"]["scope"] == "host"
    assert "fork_from" in done["msg"] and not fly.machines(app)

    copy = fly.module("fly_volume", app=app, name="data", region="lhr", fork_from=volume)["volume"]["id"]
    params = {"app": app, "definition": MOUNTED, "volume": copy}
    assert "there is no volume" in fly.module("fly_deploy", **{**params, "volume": "vol_none"})["msg"]
    moved = fly.module("fly_deploy", **params)
    assert [(m["region"], m["config"]["mounts"][0]["volume"]) for m in moved["machines"]] == [("lhr", copy)]
    assert not fly.module("fly_deploy", **params).changed
    found = fly.app(app)
    assert found and found.volumes[volume].state == "created", "the copied one stays"


@pytest.mark.parametrize(("first", "then"), [({"v4": 1}, {"shared_v4": 1}), ({"shared_v4": 1}, {"v4": 1})])
def test_a_dedicated_address_and_a_shared_one_take_turns(
    fly: Platform, app: str, first: dict[str, int], then: dict[str, int]
) -> None:
    """Fly.io has no app with both."""
    assert not fly.module("fly_ips", app=app, v6=1, **first).failed
    planned = fly.module("fly_ips", check=True, app=app, v6=1, **then)
    outcome = fly.module("fly_ips", app=app, v6=1, **then)
    assert not outcome.failed and outcome["changes"] == planned["changes"], outcome
    assert sorted(entry["type"] for entry in outcome["ips"]) == sorted([*then, "v6"])
    assert not fly.module("fly_ips", app=app, v6=1, **then).changed
