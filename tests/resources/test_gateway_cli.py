"""OpenClaw's command line on a machine that is too busy for an exec; the test platform runs commands on this host."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults.scenarios import TOML
from support.needs import NODE
from support.platform import Platform

from ansible_collections.openclaw.fly.plugins.module_utils._base.errors import CollectionError
from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.pick import started_machine
from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.remote_files import RemoteFiles
from ansible_collections.openclaw.fly.plugins.module_utils._gateway.cli import GatewayCli
from ansible_collections.openclaw.fly.plugins.module_utils._options.api import API_OPTIONS, connect

pytestmark = [
    pytest.mark.xdist_group("exec"),
    pytest.mark.skipif(not NODE.path(), reason=NODE.missing),
]
OWNER = f"{os.getuid()}:{os.getgid()}"
AGES = 3600
"""Seconds of the platform's clock, which runs ahead while a command takes its real time."""


@pytest.fixture
def cli(fly: Platform, app: str, tmp_path: Path) -> Callable[[str], GatewayCli]:
    """A command line whose program is given as JavaScript."""
    assert not fly.module("fly_deploy", app=app, definition={**TOML, "mounts": None}).failed
    params: dict[str, Any] = {name: option.get("default") for name, option in API_OPTIONS.items()}
    given = {key: value for key, value in fly.defaults.items() if key in API_OPTIONS}
    api = connect({**params, **given}, Context())
    files = RemoteFiles(api, app, started_machine(api, app)["id"])

    def made(program: str) -> GatewayCli:
        (tmp_path / "dist").mkdir(exist_ok=True)
        (tmp_path / "dist/index.js").write_text(program)
        return GatewayCli(files, OWNER, str(tmp_path))

    return made


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_exec_that_times_out_is_not_the_end(
    fly: Platform, cli: Callable[[str], GatewayCli], tmp_path: Path, when: str
) -> None:
    """Fly.io answers 408 to an exec on a busy machine, whether it began the command or not."""
    runs = tmp_path / "runs"
    one = cli(f"require('fs').appendFileSync({str(runs)!r}, 'run\\n'); console.log('{{\"ok\": true}}')")
    for nth in (1, 2):
        fly.fault(method="POST", path="/exec", nth=nth, status=408, when=when)
    assert one.json("dashboard", "--json", timeout=AGES) == {"ok": True}
    assert runs.read_text() == "run\n"


def test_a_command_takes_longer_than_an_exec_may(cli: Callable[[str], GatewayCli]) -> None:
    slow = cli("setTimeout(() => console.log(JSON.stringify({args: process.argv.slice(2)})), 6000)")
    assert slow.json("pairing", "list", "telegram", timeout=AGES) == {"args": ["pairing", "list", "telegram"]}


@pytest.mark.parametrize(
    ("program", "why", "todo"),
    [
        ("process.kill(process.pid, 'SIGKILL')", "it was killed", "short of memory"),
        ("console.error('Invalid config at /data/openclaw.json'); process.exit(1)", "Invalid config at", "site.yml"),
        ("process.exit(3)", "exit code 3", "site.yml"),
    ],
)
def test_only_what_was_killed_was_short_of_memory(
    cli: Callable[[str], GatewayCli], program: str, why: str, todo: str
) -> None:
    with pytest.raises(CollectionError, match="openclaw security audit gave no answer") as failed:
        cli(program).json("security", "audit", "--json", timeout=AGES)
    assert why in failed.value.why and todo in failed.value.todo
    assert ("memory" in str(failed.value)) == (todo == "short of memory")


def test_a_command_that_is_too_slow_is_ended_with_advice(cli: Callable[[str], GatewayCli]) -> None:
    with pytest.raises(CollectionError, match="openclaw dashboard did not end within 1 s, and was killed") as failed:
        cli("setInterval(() => {}, 1000)").json("dashboard", "--json", timeout=1)
    assert "more CPU and memory" in failed.value.todo and "machine " in failed.value.where
