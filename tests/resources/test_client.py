"""The client: one connection, rate limits, retries, waits, lost answers, capacity."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from support.platform import Platform, platform
from support.still import Still

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock
from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.retry import QUEUE

TOML = {"primary_region": "iad", "build": {"image": "registry.fly.io/still:1"}}


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


def test_keeps_no_limits_where_the_emulator_has_none(fly: Platform, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(clock, "sleep", pauses.append)
    assert not fly.module("fly_ips", app=app, v4=6).failed
    assert sum(pauses) < 1


@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
def test_waits_as_long_as_it_is_told_to(fly: Platform, app: str, date: bool) -> None:
    began = clock.monotonic()
    told = formatdate(began + 8, usegmt=True) if date else "7"
    fly.fault(path=f"/{app}/ip_assignments", status=429, headers={"Retry-After": told})
    assert not fly.module("fly_ips", app=app, v6=1).failed
    assert clock.monotonic() - began >= 7


def test_a_rate_limit_is_a_queue(fly: Platform, app: str) -> None:
    """Other hosts stand in it too: it takes as long as it takes, and longer than a failure is retried."""
    fly.fault(path=f"/{app}/ip_assignments", status=429, count=20, headers={"Retry-After": "1"})
    assert not fly.module("fly_ips", app=app, v6=1, api_retries=0).failed


def test_a_queue_that_does_not_move_is_left(fly: Platform, app: str) -> None:
    fly.fault(path=f"/{app}/ip_assignments", status=429, count=0)
    began = clock.monotonic()
    outcome = fly.module("fly_ips", app=app, v6=1)
    fly.clear_faults()
    assert outcome["error"]["kind"] == "RateLimited" and "forks" in outcome["msg"]
    assert QUEUE < clock.monotonic() - began < QUEUE + 60


def test_one_connection_for_each_api(fly: Platform, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[http.client.HTTPConnection] = []
    connect = http.client.HTTPConnection.connect

    def counted(self: http.client.HTTPConnection) -> None:
        opened.append(self)
        connect(self)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", counted)
    outcome = fly.module("fly_ips", app=app, v6=2, shared_v4=True)
    assert not outcome.failed and len(outcome.requests) == 9  # two look for machines, one for a lock
    assert len(opened) == 1
    opened.clear()
    outcome = fly.module("fly_deploy", app=app, definition=TOML)
    assert not outcome.failed and len(outcome.requests) > 6
    assert len(opened) == 2, "the Machines API, and the one that has logs and releases"
    assert {connection.timeout for connection in opened} == {30.0}


def test_a_long_wait_is_asked_for_again(fly: Platform, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not fly.module("fly_deploy", app=app, definition=TOML).failed
    stop = Still.stop

    async def slowly(self: Still, signal: int, timeout: float) -> Any:
        await asyncio.sleep(0.4)  # 12 s of the platform's clock
        return await stop(self, signal, timeout)

    monkeypatch.setattr(Still, "stop", slowly)
    outcome = fly.module("fly_machine", app=app, state="stopped")
    assert not outcome.failed, outcome
    waits = [entry.status for entry in outcome.requests if entry.path.endswith("/wait")]
    assert 408 in waits and waits[-1] == 200
    assert len(outcome.requests) < 16, "it does not ask in a loop"  # one looks for a lock


def test_a_new_machine_may_be_unknown_for_a_moment(fly: Platform, app: str) -> None:
    fly.fault(path=f"/{app}/machines/[0-9a-f]+/wait", status=404, body={"error": "machine not found"}, count=2)
    outcome = fly.module("fly_deploy", app=app, definition=TOML)
    assert not outcome.failed, outcome
    assert len(fly.machines(app)) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 412, 418, 422, 500, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_error_carries_the_request(fly: Platform, app: str, method: str, status: int) -> None:
    path = "/" if (method, status) == ("GET", 404) else f"/{app}/volumes"
    fly.fault(method=method, path=path, status=status, count=0)
    outcome = fly.module("fly_volume", app=app, name="data", region="iad", api_retries=1)
    if (method, status) == ("GET", 404):
        outcome = fly.module("fly_regions_info")
    fly.clear_faults()
    assert outcome.failed
    assert outcome["error"]["request_id"] and f"(request {outcome['error']['request_id']})" in outcome["msg"]


@pytest.mark.parametrize("wrong", [{"api_timeout": 0.0}, {"api_retries": -1}])
def test_a_client_that_cannot_work_is_refused(fly: Platform, app: str, wrong: dict[str, Any]) -> None:
    assert "api_timeout more than 0" in fly.module("fly_ips", app=app, **wrong)["msg"]


@pytest.mark.parametrize("action", ["status", "reset"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_looks_before_it_writes_again(fly: Platform, app: str, action: str, when: str) -> None:
    fly.fault(method="POST", path=f"/{app}/volumes", action=action, when=when)
    outcome = fly.module("fly_volume", app=app, name="data", region="iad")
    assert not outcome.failed, outcome
    assert outcome["changes"] == ["create 1 GB in iad"]
    found = fly.app(app)
    assert found and len(found.volumes) == 1


@pytest.mark.parametrize("count", [1, 0], ids=["once", "always"])
def test_another_run_writes_at_the_same_time(fly: Platform, app: str, count: int) -> None:
    body = {"error": "aborted: the app is being changed"}
    fly.fault(method="POST", path=f"/{app}/volumes", status=409, body=body, count=count)
    outcome = fly.module("fly_volume", app=app, name="data", region="iad")
    fly.clear_faults()
    assert outcome.failed == (count == 0), outcome
    assert not outcome.failed or "the app is being changed" in outcome["msg"]


def test_two_runs_make_one_machine(fly: Platform, app: str) -> None:
    """Both have seen that there is none; its name decides, and the other run goes on with what it finds."""
    fly.fault(method="POST", path=f"/{app}/machines$", action="latency", seconds=0.3, count=2)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(fly.module, "fly_deploy", app=app, definition=TOML) for _run in range(2)]
        outcomes = [run.result() for run in runs]
    assert not any(outcome.failed for outcome in outcomes), outcomes
    assert len(fly.machines(app)) == 1
    assert not fly.module("fly_deploy", app=app, definition=TOML).changed


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
    # The last one looks what the failed change left.
    assert [entry.method for entry in outcome.requests].count("POST") == 1, "no other region is asked"


def test_the_token_says_early_what_it_may_not(fly: Platform) -> None:
    outcome = fly.module("fly_app", name="one-app", org="personal", api_token="fm2_one")
    assert outcome.failed and "deploy token" in outcome["msg"]
    assert outcome.writes == []
    assert fly.module("fly_app", check=True, name="one-app", org="personal", api_token="fm2_one").failed


@pytest.mark.parametrize(("token", "org"), [("emulator-token", "nope"), ("fm2_acme", "nope"), ("fm2_acme", "personal")])
def test_an_organization_that_the_token_has_not(fly: Platform, token: str, org: str) -> None:
    outcome = fly.module("fly_app", name="new", org=org, api_token=token)
    assert outcome.failed and outcome.writes == []
    assert f"organization {org}" in outcome["msg"] and "fly orgs list" in outcome["msg"]
    assert outcome["error"]["request_id"]


def test_the_preflight_looks_at_the_token(fly: Platform) -> None:
    """Two requests: who the token is, and whether the app has machines that going public would publish."""
    command = "node dist/index.js gateway --port 3000 --bind lan"
    wanted = {"release": "2026.9.6", "command": command, "internal_port": 3000, "allow_public": True}

    def judged(**params: Any) -> tuple[str, int]:
        outcome = fly.module("openclaw_preflight", app="some-app", **wanted, **params)
        return outcome.result.get("msg", ""), len(outcome.requests)

    assert judged(org="personal") == ("", 2)
    assert judged(org="acme", api_token="fm2_acme") == ("", 2)
    assert "belongs to acme, not to other" in judged(org="other", api_token="fm2_acme")[0]
    assert "deploy token of one-app" in judged(api_token="fm2_one")[0]


@pytest.mark.parametrize("reaches", [True, False])
def test_any_answer_says_whether_machines_reach_out(
    fly: Platform, app: str, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    """An emulator says so in a header, as for rate limits: no request is made for it."""
    guarantees = replace(fly.context.runtime.guarantees, private_network=not reaches)
    monkeypatch.setattr(fly.context.runtime, "guarantees", guarantees)
    fly.forget_journal()
    api = fly.api()
    assert api.machines(app) == []
    assert api.machines_reach_out() is reaches
    assert [request.path for request in fly.journal()] == [f"/v1/apps/{app}/machines"]
