"""fly_deploy with engine flyctl: builds when the source has changed, deploys as ever. flyctl is a stand-in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.flyctl import DIGEST, Registry, StandIn
from support.platform import TOKEN, Outcome, Platform, platform

TOML: dict[str, Any] = {"primary_region": "iad", "env": {"TZ": "UTC"}}
CANARY = "canary-0123456789abcdef"


@pytest.fixture(scope="module")
def flyctl(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    return StandIn.make(tmp_path_factory.mktemp("flyctl"))


@pytest.fixture(scope="module")
def fly(tmp_path_factory: pytest.TempPathFactory, flyctl: StandIn) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform"), images=Registry(flyctl)) as started:
        started.defaults.update(engine="flyctl", flyctl=str(flyctl.program))
        yield started


@pytest.fixture(autouse=True)
def forget(flyctl: StandIn) -> None:
    for name in ("runs", "fails"):
        (flyctl.here / name).unlink(missing_ok=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY hello /\n")
    (folder / "hello").write_text(str(tmp_path))
    return folder


def deploy(fly: Platform, app: str, source: Path | None, check: bool = False, **params: Any) -> Outcome:
    build = {**({"path": str(source)} if source else {}), **params.pop("build", {})}
    return fly.module("fly_deploy", check=check, **{"app": app, "definition": TOML, "build": build, **params})


def test_an_image_that_was_just_built_is_waited_for(fly: Platform, app: str, source: Path) -> None:
    """Row 46 of docs/fidelity.md: Fly.io's registry shows it some 15 s later."""
    image = deploy(fly, app, source, check=True)["image"]
    fly.control("PUT", "/images", {"reference": image, "seconds": 15})
    done = deploy(fly, app, source)
    assert not done.failed, done
    assert [machine.state for machine in fly.machines(app)] == ["started"]


def test_builds_what_changed_and_nothing_else(fly: Platform, app: str, flyctl: StandIn, source: Path) -> None:
    planned = deploy(fly, app, source, check=True)
    assert not flyctl.runs() and not planned.writes
    done = deploy(fly, app, source)
    assert (
        planned["changes"]
        == done["changes"]
        == [
            f"build {done['image']} from {source}",
            "create a machine for app",
        ]
    )
    assert planned["image"] == done["image"] and done["image"].startswith(f"registry.fly.io/{app}:build-")
    (machine,) = fly.machines(app)
    assert machine.config["image"] == f"{done['image']}@{DIGEST}"
    found = fly.app(app)
    assert found and found.releases[0].image == machine.config["image"]

    for check in (True, False):
        again = deploy(fly, app, source, check=check)
        assert (again.changed, again.writes) == (False, [])
    assert len(flyctl.runs()) == 1

    (source / "hello").write_text("other")
    planned = deploy(fly, app, source, check=True)
    assert planned["changes"] == [f"build {planned['image']} from {source}", f"update machine {machine.id}: image"]
    assert deploy(fly, app, source)["changes"] == planned["changes"]
    assert deploy(fly, app, source, definition={**TOML, "env": {"TZ": "CET"}})["changes"] == [
        f"update machine {machine.id}: env.TZ"
    ]
    assert len(flyctl.runs()) == 2


def test_what_flyctl_is_told(
    fly: Platform, app: str, flyctl: StandIn, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEBODYS_SECRET", CANARY)
    monkeypatch.setenv("FLY_ACCESS_TOKEN", CANARY)
    build = {"args": {"RELEASE": "1"}, "target": "final"}
    done = deploy(fly, app, source, build=build)
    (run,) = flyctl.runs()
    words = run["argv"]
    assert words[:2] == ["deploy", str(source)]
    expected = ["--build-only", "--push", "--remote-only", "--ha=false", "--no-public-ips", "--yes"]
    assert set(expected) < set(words) and "--flycast" not in words and "--local-only" not in words
    assert f"--image-label={done['image'].rpartition(':')[2]}" in words and f"--app={app}" in words
    assert run["config"] == {"app": app, "build": {"args": {"RELEASE": "1"}, "build-target": "final"}}
    assert run["env"]["FLY_API_TOKEN"] == TOKEN
    assert run["env"]["FLY_API_BASE_URL"] == run["env"]["FLY_FLAPS_BASE_URL"] == fly.url
    assert CANARY not in str(run["env"]) and TOKEN not in " ".join(words)

    deploy(fly, app, source, build={**build, "builder": "local", "args": {}}, flycast=True)
    words = flyctl.runs()[1]["argv"]
    assert {"--local-only", "--depot=false", "--flycast", "--ha=false"} < set(words)
    assert not {"--no-public-ips", "--remote-only"} & set(words)


def test_a_dockerfiles_text(fly: Platform, app: str, flyctl: StandIn) -> None:
    build = {"content": f"FROM scratch\n# {app}\n"}
    assert deploy(fly, app, None, build=build).changed
    (run,) = flyctl.runs()
    assert (run["dockerfile"], run["files"]) == (build["content"], [])
    assert not deploy(fly, app, None, build=build).changed
    assert deploy(fly, app, None, build={"content": "FROM other\n"}, check=True).changed


def test_fly_toml_says_what_to_build(fly: Platform, app: str, flyctl: StandIn, source: Path) -> None:
    (source / "other.Dockerfile").write_text(f"FROM scratch\n# {app}\n")
    (source / "fly.toml").write_text('[build]\n  dockerfile = "other.Dockerfile"\n  [build.args]\n    A = "1"\n')
    params = {"app": app, "config": str(source / "fly.toml")}
    assert fly.module("fly_deploy", **params).changed
    (run,) = flyctl.runs()
    assert run["config"]["build"]["args"] == {"A": "1"} and run["dockerfile"].endswith(f"# {app}\n")
    (source / "fly.toml").write_text((source / "fly.toml").read_text() + "# a comment\n")
    assert not fly.module("fly_deploy", **params).changed, "flyctl leaves fly.toml out"


def git(where: Path, *words: str) -> str:
    env = {"GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin", "HOME": str(where)}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=where, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_git_repository(fly: Platform, app: str, flyctl: StandIn, source: Path) -> None:
    git(source, "init", "--quiet")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "-m", "one")
    git(source, "tag", "-a", "v1", "-m", "v1")
    build = {"git": str(source), "version": "main"}
    assert deploy(fly, app, None, build=build, check=True)["changes"][0].endswith(f"from {source} at main")
    assert deploy(fly, app, None, build=build).changed
    assert flyctl.runs()[0]["files"] == ["Dockerfile", "hello"]
    assert not deploy(fly, app, None, build=build).changed
    for version in ("v1", git(source, "rev-parse", "HEAD")):
        assert not deploy(fly, app, None, build={**build, "version": version}).changed, "the same commit"
    (source / "hello").write_text("two")
    assert not deploy(fly, app, None, build=build).changed, "not committed"
    git(source, "commit", "--quiet", "-a", "-m", "two")
    assert not deploy(fly, app, None, build={**build, "version": "v1"}).changed
    assert deploy(fly, app, None, build=build).changed
    refused = deploy(fly, app, None, build={**build, "version": "v9"})
    assert "no such version" in refused["msg"]
    refused = deploy(fly, app, None, build={"git": str(source / "none")})
    assert "git failed" in refused["msg"] and "does not" in refused["msg"]


def test_the_machine_on_hold_is_built_first(fly: Platform, app: str, flyctl: StandIn, source: Path) -> None:
    assert deploy(fly, app, source, maintenance=True)["changes"][0].startswith("build ")
    assert deploy(fly, app, source).changed
    (source / "hello").write_text(app)
    held = deploy(fly, app, source, maintenance=True)
    assert (held.changed, len(flyctl.runs())) == (False, 1), "a running machine is left alone"
    assert deploy(fly, app, source).changed
    assert len(flyctl.runs()) == 2


def test_what_was_pushed_is_not_built_again(fly: Platform, app: str, flyctl: StandIn, source: Path) -> None:
    """The run was ended between push and deploy, or an older source comes back."""
    reference = deploy(fly, app, source, check=True)["image"]
    (flyctl.pushed / reference.rpartition(":")[2]).mkdir()
    assert deploy(fly, app, source)["changes"] == ["create a machine for app"]
    assert not flyctl.runs()


@pytest.mark.parametrize("status", [403, 500])
def test_a_token_that_may_not_look_into_the_registry(
    fly: Platform, app: str, flyctl: StandIn, source: Path, status: int
) -> None:
    rule = fly.fault(method="POST", path="/graphql", status=status, count=100)
    try:
        assert deploy(fly, app, source).changed and rule.hits
        (machine,) = fly.machines(app)
        assert "@" not in machine.config["image"], "without a digest, as nobody tells it"
        assert not deploy(fly, app, source).changed
    finally:
        fly.clear_faults()
    assert len(flyctl.runs()) == 1


@pytest.mark.parametrize(
    ("words", "what", "todo"),
    [
        ("COPY failed: file not found: hello", "the image could not be built", "Correct what flyctl reports"),
        ("Error: app not found", "the app does not exist", "fly_app"),
        ("Error: ensure depot builder failed, please try again (status 501)", "there is no builder", "builder local"),
        ("Error: Authenticate: token validation error", "refuses the API token", "fly tokens create deploy"),
    ],
)
def test_a_build_that_fails(
    fly: Platform, app: str, flyctl: StandIn, source: Path, words: str, what: str, todo: str
) -> None:
    flyctl.says("fails", f"\x1b[31mwith {TOKEN}\x1b[0m\nxoxb-0123456789-abc\n{words}")
    failed = deploy(fly, app, source)
    assert what in failed["msg"] and words in failed["msg"] and todo in failed["msg"]
    assert failed["error"]["kind"] == "FlyctlFailed"
    assert TOKEN not in str(failed.result) and "xoxb" not in str(failed.result) and "\x1b" not in failed["msg"]
    assert not fly.machines(app)
    (flyctl.here / "fails").unlink()
    assert deploy(fly, app, source).changed


def test_a_build_that_takes_too_long(fly: Platform, app: str, flyctl: StandIn, source: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text(f'#!/bin/sh\n[ "$1" = version ] && exec {flyctl.program} version\nsleep 600\n')
    slow.chmod(0o755)
    failed = deploy(fly, app, source, flyctl=str(slow), build={"timeout": 0.3})
    assert "slow took longer than 0 s" in failed["msg"]


def test_no_flyctl_or_an_old_one(fly: Platform, app: str, flyctl: StandIn, source: Path, tmp_path: Path) -> None:
    for check in (True, False):
        failed = deploy(fly, app, source, check=check, flyctl=str(tmp_path / "none"))
        assert "there is no flyctl" in failed["msg"] and "Install flyctl" in failed["msg"]
    assert "this is no flyctl" in deploy(fly, app, source, flyctl="true")["msg"]
    known = (flyctl.here / "version").read_text()
    try:
        flyctl.says("version", '{"Version": "0.3.100", "BuildDate": "2025-04-01T00:00:00Z"}')
        failed = deploy(fly, app, source)
        assert "too old" in failed["msg"] and "0.3.100 of 2025-04-01" in failed["msg"]
    finally:
        flyctl.says("version", known)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"build": {"args": {"MY_TOKEN": CANARY}}}, "looks like a secret"),
        ({"build": {"dockerfile": "none"}}, "there is no Dockerfile"),
        ({"build": {"path": "/nowhere"}}, "there is no folder"),
        ({"build": {"ignorefile": "none"}}, "there is no ignore file"),
        ({"image": "registry.fly.io/still:1"}, "both an image"),
        ({"engine": "machines"}, "the engine cannot build"),
        ({"definition": {"build": {"builder": "x"}}}, "[build] builder"),
    ],
)
def test_what_cannot_be_built(fly: Platform, app: str, source: Path, params: dict[str, Any], words: str) -> None:
    failed = deploy(fly, app, source, **params)
    assert words in failed["msg"] and CANARY not in str(failed.result) and not failed.requests


def test_nothing_to_build(fly: Platform, app: str) -> None:
    assert "nothing to build" in fly.module("fly_deploy", app=app, definition=TOML)["msg"]
    given = {**TOML, "build": {"image": "registry.fly.io/still:1"}}
    assert not fly.module("fly_deploy", app=app, definition=given).failed, "an image needs no flyctl"
