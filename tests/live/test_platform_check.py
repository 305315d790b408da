"""The check that is made for the real Fly.io, made of the emulator: one suite, two platforms."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ansible import REPO
from support.hang import HANG
from support.platform import TOKEN, Platform, platform
from support.platform_check import GATEWAY, Checked

from ansible_collections.openclaw.fly.plugins.module_utils._fly.facts.guests import REGION_FACTOR
from ansible_collections.openclaw.fly.plugins.module_utils._platform_check import budget
from ansible_collections.openclaw.fly.plugins.module_utils._platform_check.emulated import EMULATED
from ansible_collections.openclaw.fly.plugins.module_utils._platform_check.guard import Guard, NotOfTheCheck
from ansible_collections.openclaw.fly.plugins.module_utils._platform_check.question import QUESTIONS

pytestmark = [pytest.mark.xdist_group("live")]
WRITTEN = REPO / "plugins/module_utils/_platform_check/emulated.py"


def answers(checked: Checked) -> dict[str, str]:
    return {row["name"]: row["answer"] for row in checked.outcome["table"]}


def test_the_emulator_answers_as_the_collection_assumes(checked: Checked) -> None:
    assert not checked.outcome.failed, checked.outcome
    assert checked.outcome["unexpected"] == []
    assert [row for row in checked.outcome["table"] if row["verdict"] == "not asked"] == []
    assert len(checked.outcome["table"]) > 55
    assert checked.left == ()


def test_the_column_of_the_emulator_is_what_it_answers(checked: Checked) -> None:
    """With PLATFORM_CHECK_WRITE the file is written instead (make emulator-check). What differs is reported as skipped:
    a change of the emulator is right without it, and the column is no input of anything."""
    if os.environ.get("PLATFORM_CHECK_WRITE"):
        head = WRITTEN.read_text().partition("EMULATED:")[0]
        known = {name: text for name, text in {**EMULATED, **answers(checked)}.items() if name in QUESTIONS}
        lines = "".join(f"    {json.dumps(name)}: {json.dumps(known[name])},\n" for name in sorted(known))
        WRITTEN.write_text(f"{head}EMULATED: dict[str, str] = {{\n{lines}}}\n")
        return
    steady = {name: text for name, text in answers(checked).items() if not QUESTIONS[name].unsteady}
    differing = {name: text for name, text in steady.items() if EMULATED.get(name) != text}
    if differing:
        pytest.skip(f"the emulator answers otherwise than its column says, run make emulator-check: {differing}")


def test_no_secret_is_recorded(checked: Checked) -> None:
    text = checked.recording.read_text()
    assert checked.recording.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in text
    values = [
        line["body"]["values"] for line in checked.lines[1:] if line["path"].endswith("/secrets") and line["body"]
    ]
    assert values and {value for each in values for value in each.values()} == {"<removed>"}
    assert "emulator@localhost" not in text, "the token's owner is the operator's own affair"
    of_machine = [line for line in checked.lines[1:] if line["check"] == "life_secret_in_the_machine"]
    assert "<removed>" in str(of_machine[-1]["answer"]["stdout"])


def test_nothing_but_its_app_was_asked_of(checked: Checked) -> None:
    app = checked.outcome["app"]
    others = {entry.path for entry in checked.outcome.requests if f"/apps/{app}" not in entry.path}
    assert others <= {"/v1/apps", "/v1/tokens/current", "/v1/platform/regions"}
    assert not [line for line in checked.lines[1:] if (line["body"] or {}).get("type") == "v4"]


# The guard

APP = budget.new_name(1_790_000_000, 40)
OLD = budget.new_name(1_700_000_000, 40)
MACHINE = {"config": {"guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}}}
REFUSED = [
    ("GET", "/v1/apps/other", None),
    ("DELETE", "/v1/apps/other", None),
    ("POST", "/v1/apps/other/machines", MACHINE),
    ("DELETE", f"/v1/apps/{APP}/../other", None),
    ("DELETE", f"/v1/apps/{APP}%2F..%2Fother", None),
    ("DELETE", f"/v1/apps/{APP}/machines/%2e%2e/%2e%2e/other", None),
    ("DELETE", f"//v1/apps/{APP}x", None),
    ("GET", "/v1/apps?org_slug=another", None),
    ("GET", "/v1/apps", None),
    ("POST", "/v1/apps", {"name": "other", "org_slug": "personal"}),
    ("POST", "/v1/apps", {"name": APP, "org_slug": "another"}),
    ("POST", "/graphql", {"query": "mutation"}),
    ("POST", f"/v1/apps/{OLD}/machines", MACHINE),
    ("POST", f"/v1/apps/{APP}/ip_assignments", {"type": "v4"}),
    ("POST", f"/v1/apps/{APP}/ip_assignments", {}),
    ("POST", f"/v1/apps/{APP}/volumes", {"size_gb": 3}),
    ("POST", f"/v1/apps/{APP}/volumes", {"name": "x"}),
    ("PUT", f"/v1/apps/{APP}/volumes/vol_1/extend", {"size_gb": 1}),
    ("POST", f"/v1/apps/{APP}/deploy_token", {}),
    ("POST", f"/v1/apps/{APP}/machines", {"config": {"guest": {"cpu_kind": "performance", "cpus": 1}}}),
    ("POST", f"/v1/apps/{APP}/machines/1", {"config": {"guest": {"cpu_kind": "shared", "memory_mb": 2048}}}),
    ("GET", "/api/v1/apps/other/logs", None),
    ("POST", "/v1/tokens/current", None),
]  # fmt: skip


def _named(method: str, target: str) -> str:
    """The same in each worker of pytest-xdist: the apps' names are random."""
    return f"{method} {target.replace(APP, 'APP').replace(OLD, 'OLD')}"


@pytest.mark.parametrize(("method", "target", "body"), REFUSED, ids=[_named(m, t) for m, t, _ in REFUSED])
def test_the_guard_refuses(method: str, target: str, body: Any) -> None:
    with pytest.raises(NotOfTheCheck):
        Guard(APP, "personal", [OLD, "other"]).allow(method, target, body)


def test_the_guard_allows_what_the_check_needs_and_counts_it() -> None:
    guard = Guard(APP, "personal", [OLD])
    guard.allow("GET", "/v1/apps?org_slug=personal", None)
    guard.allow("POST", "/v1/apps", {"name": APP, "org_slug": "personal"})
    guard.allow("DELETE", f"/v1/apps/{OLD}/machines/1?force=true", None)
    guard.allow("GET", f"/api/v1/apps/{APP}/logs", None)
    for _ in range(budget.MAX_MACHINES):
        guard.allow("POST", f"/v1/apps/{APP}/machines", MACHINE)
    with pytest.raises(NotOfTheCheck, match="more than 8 machines"):
        guard.allow("POST", f"/v1/apps/{APP}/machines", MACHINE)


def test_the_cost_is_bounded_in_every_region() -> None:
    assert max(budget.cost(region, 40).total for region in REGION_FACTOR) < 1


# What ends it before it begins


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("still")) as started:
        yield started


def check(fly: Platform, **options: Any) -> Any:
    return fly.module("fly_platform_check", **{**GATEWAY, "consent": True, **options})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({"api_token": "fm2_wrong"}, "token", id="wrong-token"),
        pytest.param({"api_token": "fm2_one"}, "deploy token of one-app", id="deploy-token"),
        pytest.param({"api_token": "fm2_acme"}, "belongs to acme", id="token-of-another-organization"),
        pytest.param({"org": "nobodys"}, "nobodys", id="unknown-organization"),
        pytest.param({"consent": False}, "consent", id="no-consent"),
        pytest.param({"region": "xyz"}, "no price is known", id="unknown-price"),
        pytest.param({"max_dollars": 0.001}, "could cost", id="too-dear"),
        pytest.param({"checks": ["no_such"]}, "there is no question no_such", id="unknown-question"),
        pytest.param({"recording": "/proc/recording"}, "cannot be created", id="no-recording"),
    ],
)
def test_it_ends_before_it_makes_anything(still: Platform, options: dict[str, Any], reason: str) -> None:
    outcome = check(still, **options)
    assert outcome.failed and reason in outcome["msg"], outcome
    assert outcome.writes == []


def test_a_quota_ends_it(still: Platform) -> None:
    """Where the first thing is refused nothing was made; where a later one is, what was made is removed."""
    quota = {"action": "status", "status": 403, "body": {"error": "your organization is over the allowed quota"}}
    still.fault(method="POST", path="/v1/apps$", count=1, **quota)
    outcome = check(still)
    assert outcome.failed and "quota" in outcome["msg"], outcome
    assert outcome.writes == []
    still.clear_faults()

    still.fault(method="POST", path="/machines$", count=1, **quota)
    outcome = check(still)
    assert outcome.failed and "quota" in outcome["msg"], outcome
    assert list(still.context.store.apps) == []
    still.clear_faults()


def test_what_cannot_be_removed_is_reported(still: Platform) -> None:
    """A token that is revoked meanwhile: the message has the app's name and the command that removes it."""
    revoked = {"action": "status", "status": 401, "body": {"error": "Authenticate: token validation error"}}
    still.fault(method="GET|DELETE", path=r"/apps/openclaw-check-[^/]+$", nth=4, count=0, **revoked)
    outcome = check(still, checks=["life_app"])
    still.clear_faults()
    left = list(still.context.store.apps)
    assert outcome.failed and len(left) == 1
    assert f"fly apps destroy {left[0]} --yes" in outcome["msg"], outcome
    still.advance(2 * 3600)
    assert check(still, checks=["unknown_machine"])["swept"] == left


def test_check_mode_returns_the_plan_and_only_reads(still: Platform) -> None:
    outcome = still.module("fly_platform_check", check=True, **GATEWAY)
    assert outcome.writes == [] and outcome.changed
    assert "at most $0.0" in outcome["cost"] and "life_deploy" in outcome["questions"]


# Interrupted

INTERRUPTED = [
    pytest.param("INT", "/v1/apps$", id="app-created-SIGINT"),
    pytest.param("TERM", "/volumes$", id="volume-created-SIGTERM"),
    pytest.param("HUP", "/machines$", id="machine-created-SIGHUP"),
    pytest.param("KILL", "/volumes$", id="volume-created-SIGKILL"),
    pytest.param("KILL", "/machines$", id="machine-created-SIGKILL"),
]
AS_MODULE = """
import sys, json
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.openclaw.fly.plugins.modules import fly_platform_check
with patch_module_args(json.load(sys.stdin)):
    fly_platform_check.main()
"""


def wrote(fly: Platform, path: str) -> Callable[[], bool]:
    return lambda: any(entry.method == "POST" and re.search(path, entry.path) for entry in fly.journal())


def struck(fly: Platform, name: str, path: str, recording: Path) -> str:
    """Run the check in a process of its own, strike it as soon as it has sent this, and return its output."""
    options = {"api_token": TOKEN, "machines_url": fly.url, "api_url": fly.url, "recording": str(recording)}
    with subprocess.Popen(
        [sys.executable, "-c", AS_MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPO / "build/tree")},
    ) as process:
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps({**GATEWAY, **options, "consent": True}))
            process.stdin.close()
            fly.until(wrote(fly, path), HANG, path)
            process.send_signal(signal.Signals[f"SIG{name}"])
            return process.stdout.read()
        finally:
            if process.poll() is None:
                process.wait(HANG)


@pytest.mark.parametrize(("name", "path"), INTERRUPTED)
def test_nothing_is_left_behind(tmp_path: Path, name: str, path: str) -> None:
    """A signal that can be caught removes all before the process ends; after SIGKILL the next check does."""
    with platform(tmp_path / "state") as fly:
        output = struck(fly, name, path, tmp_path / "recording.jsonl")
        left = list(fly.context.store.apps)
        if name != "KILL":
            assert f"interrupted by SIG{name}" in output and "everything that it made is removed" in output
            assert left == []
            return
        assert len(left) == 1

        early = check(fly, checks=["unknown_machine"])
        assert early["running"] == left and list(fly.context.store.apps) == left, "its time is not over"
        fly.advance(2 * 3600)
        late = check(fly, checks=["unknown_machine"])
        assert late["swept"] == left
        assert list(fly.context.store.apps) == []
