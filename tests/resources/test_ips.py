"""fly_ips: no app becomes public unasked."""

from __future__ import annotations

from typing import Any

import pytest
from support.platform import Platform

SEALED: dict[str, Any] = {"primary_region": "iad", "build": {"image": "registry.fly.io/still:1"}}
SERVING: dict[str, Any] = {**SEALED, "http_service": {"internal_port": 3000, "force_https": True}}
PUBLIC = {"shared_v4": True, "v6": 1}


def deployed(fly: Platform, app: str, toml: dict[str, Any], **options: Any) -> None:
    outcome = fly.module("fly_deploy", app=app, definition=toml, **options)
    assert not outcome.failed, outcome


def kinds(fly: Platform, app: str) -> list[str]:
    return sorted(entry["type"] for entry in fly.module("fly_ips_info", app=app)["ips"])


@pytest.mark.parametrize(
    ("toml", "private_v6", "exposure"), [(SEALED, 0, "sealed"), (SERVING, 1, "private"), (SERVING, 0, "private")]
)
@pytest.mark.parametrize("wanted", [{"v6": 1}, {"shared_v4": True}, {"v4": 1}, PUBLIC])
def test_the_first_public_address_of_a_running_app_needs_a_word(
    fly: Platform, app: str, toml: dict[str, Any], private_v6: int, exposure: str, wanted: dict[str, Any]
) -> None:
    assert not fly.module("fly_ips", app=app, private_v6=private_v6).failed
    deployed(fly, app, toml)

    for check in (True, False):
        refused = fly.module("fly_ips", check=check, app=app, private_v6=private_v6, **wanted)
        assert (refused.failed, refused.changed, refused.writes) == (True, False, []), refused
        said = refused["msg"]
        assert f"a public address would open {app} to the internet" in said
        assert f"addresses of {app}" in said
        assert f"the app runs a machine, has no public address, and is {exposure} now" in said
        assert f"set fly_app_exposure: {exposure}" in said
        assert "openclaw.fly.convert" in said and "openclaw_convert_confirm: true" in said
        assert "allow_public: true" in said

    allowed = fly.module("fly_ips", app=app, private_v6=private_v6, allow_public=True, **wanted)
    assert not allowed.failed and len(allowed["public"]) == len(wanted)
    again = fly.module("fly_ips", app=app, private_v6=private_v6, **wanted)
    assert (again.failed, again.changed) == (False, False), "what is public stays so without a word"


def test_a_private_address_needs_none(fly: Platform, app: str) -> None:
    deployed(fly, app, SEALED)
    assert fly.module("fly_ips", app=app, private_v6=1).changed


def test_a_first_deploy_needs_none(fly: Platform, app: str) -> None:
    assert fly.module("fly_ips", app=app, **PUBLIC).changed


def test_an_interrupted_first_deploy_needs_none(fly: Platform, app: str) -> None:
    """Its machine is held until its first deploy, and serves nothing."""
    deployed(fly, app, SERVING, maintenance=True)
    assert fly.module("fly_ips", app=app, **PUBLIC).changed
    deployed(fly, app, SERVING)
    assert not fly.module("fly_ips", app=app, **PUBLIC).changed


def test_a_public_app_gets_what_it_misses(fly: Platform, app: str) -> None:
    assert fly.module("fly_ips", app=app, v6=1).changed
    deployed(fly, app, SERVING)
    assert fly.module("fly_ips", app=app, **PUBLIC)["changes"] == ["allocate shared_v4"]


def test_a_machine_that_no_deploy_made_counts(fly: Platform, app: str) -> None:
    config = {"image": "registry.fly.io/still:1", "services": [{"internal_port": 22, "ports": [{"port": 22}]}]}
    fly.api().create_machine(app, {"region": "iad", "config": config})
    assert "is private now" in fly.module("fly_ips", app=app, v6=1)["msg"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_only_address_changes_though_an_answer_is_lost(fly: Platform, app: str, when: str) -> None:
    """Between its two addresses the app has none; what was begun is ended."""
    assert fly.module("fly_ips", app=app, v4=1).changed
    deployed(fly, app, SERVING)
    fly.fault(method="POST", path=f"/{app}/ip_assignments", action="reset", when=when)
    outcome = fly.module("fly_ips", app=app, shared_v4=True)
    assert not outcome.failed, outcome
    assert [change.split()[0] for change in outcome["changes"]] == ["release", "allocate"]
    assert kinds(fly, app) == ["shared_v4"]


def test_the_diff_of_a_step_is_that_step(fly: Platform, app: str) -> None:
    (address,) = fly.module("fly_ips", app=app, v6=1)["public"]
    outcome = fly.module("fly_ips", app=app, private_v6=1)
    assert outcome["changes"] == ["allocate private_v6", f"release v6 {address}"]
    assert [(step["before"], step["after"]) for step in outcome["diff"]] == [
        ("", "private_v6: a new address\n"),
        (f"v6: {address}\n", ""),
    ]
