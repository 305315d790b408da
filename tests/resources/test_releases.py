"""The release entry that fly_deploy leaves where the token allows it."""

from __future__ import annotations

from typing import Any

import pytest
from support.platform import Platform

TOML: dict[str, Any] = {"primary_region": "iad", "build": {"image": "registry.fly.io/still:1"}, "env": {"TZ": "UTC"}}
CRASH: dict[str, Any] = {**TOML, "processes": {"app": "crash"}}


def deploy(fly: Platform, app: str, **changes: Any) -> Any:
    return fly.module("fly_deploy", app=app, definition={**TOML, **changes})


def entries(fly: Platform, app: str) -> list[tuple[int, str]]:
    found = fly.app(app)
    assert found
    return [(release.version, release.status) for release in found.releases]


def test_a_deploy_leaves_an_entry_and_its_machines_name_it(fly: Platform, app: str) -> None:
    assert fly.module("fly_deploy", check=True, app=app, definition=TOML)["release"] is None
    assert entries(fly, app) == []
    done = deploy(fly, app)
    found = fly.app(app)
    assert found and done["release"] == {"id": found.releases[0].id, "version": 1}
    assert found.releases[0].definition == {**TOML, "app": app}
    (machine,) = fly.machines(app)
    noted = {key: value for key, value in machine.config["metadata"].items() if key.startswith("fly_release")}
    assert noted == {"fly_release_id": found.releases[0].id, "fly_release_version": "1"}
    again = deploy(fly, app)
    assert (again.changed, again.writes, again["release"]) == (False, [], None)
    deploy(fly, app, env={"TZ": "CET"}, processes={"app": "run", "worker": "work"})
    assert entries(fly, app) == [(1, "complete"), (2, "complete")]
    assert {m.config["metadata"]["fly_release_version"] for m in fly.machines(app)} == {"2"}


def test_a_start_and_a_hold_are_no_releases(fly: Platform, app: str) -> None:
    fly.module("fly_deploy", app=app, definition=TOML, maintenance=True)
    assert entries(fly, app) == []
    deploy(fly, app)
    fly.module("fly_machine", app=app, state="stopped")
    assert deploy(fly, app).changed
    assert entries(fly, app) == [(1, "complete")]


def test_a_deploy_that_fails_leaves_a_failed_one(fly: Platform, app: str) -> None:
    deploy(fly, app)
    assert deploy(fly, app, **CRASH).failed
    assert entries(fly, app) == [(1, "complete"), (2, "failed")]
    (machine,) = fly.machines(app)
    assert machine.config["metadata"]["fly_release_version"] == "1", "the old one was put back"


@pytest.mark.parametrize("status", [401, 403, 404, 501])
def test_without_the_right_to_it_everything_else_goes_on(fly: Platform, app: str, status: int) -> None:
    fly.fault(method="POST", path="/api/v1/releases", status=status, body={"error": "not you"})
    done = deploy(fly, app)
    assert not done.failed and done.changed and done["release"] is None
    (warning,) = done.warnings
    assert "gets no release entry" in warning and "not you" in warning
    (machine,) = fly.machines(app)
    assert not [key for key in machine.config["metadata"] if key.startswith("fly_release")]
    again = deploy(fly, app)
    assert (again.changed, again.writes, again.warnings) == (False, [], [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_entry_though_the_answer_is_lost(fly: Platform, app: str, when: str) -> None:
    fly.fault(method="POST", path="/api/v1/releases", action="reset", when=when)
    done = deploy(fly, app)
    assert not done.failed
    assert entries(fly, app) == [(1, "complete")]
