"""The modules that only read."""

from __future__ import annotations

from typing import Any

import pytest
from faults.scenarios import TOML
from support.platform import Platform


def test_what_an_app_has(fly: Platform, app: str) -> None:
    fly.module("fly_ips", app=app, v6=1, private_v6=1)
    fly.module("fly_deploy", app=app, definition={**TOML, "mounts": None})
    fly.module("fly_secrets", app=app, secrets={"TOKEN": "value"})
    ips = fly.module("fly_ips_info", app=app)
    assert sorted(ip["type"] for ip in ips["ips"]) == ["private_v6", "v6"]
    assert (len(ips["public"]), len(ips["private"])) == (1, 1)
    secrets = fly.module("fly_secrets_info", app=app)
    assert secrets["names"] == ["TOKEN"] and secrets["digests"]["TOKEN"]
    (token,) = secrets["secrets"]
    assert (token["name"], token["digest"]) == ("TOKEN", secrets["digests"]["TOKEN"])
    assert token["set_at"].endswith("Z") and 0 <= token["age_days"] < 1
    (machine,) = fly.module("fly_machine_info", app=app)["machines"]
    assert machine["state"] == "started"
    assert "ansible_secrets" not in machine["config"]["metadata"], "our own notes are nobody's business"
    assert fly.module("fly_machine_info", app=app, process_group="worker")["machines"] == []


def test_what_the_platform_has(fly: Platform) -> None:
    regions = fly.module("fly_regions_info")
    assert regions["nearest"] == "iad"
    assert {"code": "ams", "price_factor": 1.0385}.items() <= next(
        region for region in regions["regions"] if region["code"] == "ams"
    ).items()
    found = fly.module("fly_platform_info", region="iad")
    assert found.requests == []
    sizes = {size["name"]: size for size in found["sizes"]}
    assert sizes["shared-cpu-2x"]["monthly_dollars"] == 3.89
    assert sizes["performance-1x"] == {
        "name": "performance-1x", "cpu_kind": "performance", "cpus": 1, "memory_mb": 2048, "max_memory_mb": 8192,
        "memory_step_mb": 1024, "monthly_dollars": 31.0,
    }  # fmt: skip


def test_what_the_token_may_do(fly: Platform) -> None:
    assert fly.module("fly_token_info")["organizations"] == ["acme", "personal"]
    limited = {"api_token": "fm2_one"}
    assert fly.module("fly_token_info", app="one-app", **limited)["apps"] == ["one-app"]
    for params in ({"app": "other"}, {"app": "one-app", "create": True}, {"org": "acme"}):
        outcome = fly.module("fly_token_info", **limited, **params)
        assert outcome.failed and "the API token cannot do this" in outcome["msg"], params
    refused = fly.module("fly_token_info", api_token="wrong")
    assert refused["error"]["kind"] == "Unauthorized"


@pytest.mark.parametrize("asked", [{}, {"inside": False, "channels": [], "config": {}}])
def test_a_gateway_that_is_asked_nothing(fly: Platform, app: str, asked: dict[str, Any]) -> None:
    outcome = fly.module("openclaw_gateway_info", app=app, **asked)
    assert outcome.failed and outcome.requests == []
    assert outcome["msg"] == (
        f"app {app}: nothing was asked: neither url nor inside is set, nor a channel to wait for. "
        "Set url to have the gateway proved, or inside: true to ask it in its machine."
    )
