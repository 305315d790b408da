"""fly_machine_exec and fly_machine_file; the test platform runs commands on this host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from faults.scenarios import TOML
from support.platform import Outcome, Platform

pytestmark = pytest.mark.xdist_group("exec")  # they look into /tmp
OWNER = f"{os.getuid()}:{os.getgid()}"


@pytest.fixture
def one(fly: Platform, app: str) -> str:
    """An app with a machine."""
    assert not fly.module("fly_deploy", app=app, definition={**TOML, "mounts": None}).failed
    return app


AGES = 3600
"""Seconds of the platform's clock, which runs ahead while a command takes its real time."""


def left_over() -> set[Path]:
    return set(Path("/tmp").glob(".ansible-" + "?" * 16))


@pytest.mark.parametrize("detach", [False, True])
def test_the_commands_own_exit_code_and_output(fly: Platform, one: str, detach: bool) -> None:
    before = left_over()
    script = "cat; echo said >&2; exit 7"
    outcome = fly.module(
        "fly_machine_exec", app=one, command=["sh", "-c", script], stdin="in it", detach=detach,
        fail_on_exit_code=False, **({"timeout": AGES} if detach else {}),
    )  # fmt: skip
    assert (outcome["exit_code"], outcome["stdout"], outcome["stderr"]) == (7, "in it", "said\n")
    assert left_over() == before


def test_a_long_command_is_detached_by_itself(fly: Platform, one: str, tmp_path: Path) -> None:
    command = ["sh", "-c", 'echo done > "$0"', str(tmp_path / "out")]
    outcome = fly.module("fly_machine_exec", app=one, command=command, timeout=AGES)
    assert not outcome.failed, outcome
    assert (tmp_path / "out").read_text() == "done\n"


def test_a_command_that_does_not_end_is_killed(fly: Platform, one: str, tmp_path: Path) -> None:
    before = left_over()
    command = ["sh", "-c", f"echo begun; sh -c 'echo $$ > {tmp_path}/child; sleep 1000; true'"]
    outcome = fly.module("fly_machine_exec", app=one, command=command, timeout=60, detach=True)
    assert outcome.failed and "did not end within 60 s, and was killed: begun" in outcome["msg"]
    assert left_over() == before
    child = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    assert not child.exists() or child.read_text().split()[2] == "Z", "a child of the command runs on"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_detached_command_runs_once_though_answers_are_lost(
    fly: Platform, one: str, tmp_path: Path, when: str
) -> None:
    file = tmp_path / "runs"
    for nth in range(1, 5):
        fly.fault(method="POST", path="/exec", nth=2 * nth - 1, action="reset", when=when)
    outcome = fly.module(
        "fly_machine_exec", app=one, command=["sh", "-c", 'echo run >> "$0"; echo out', str(file)], detach=True,
        timeout=AGES,
    )  # fmt: skip
    fly.clear_faults()
    assert not outcome.failed, outcome
    assert (outcome["stdout"], file.read_text()) == ("out\n", "run\n")


@pytest.mark.parametrize("fault", [{"action": "reset"}, {"status": 500}, {"status": 408}], ids=["reset", "500", "408"])
def test_a_command_whose_answer_is_lost(fly: Platform, one: str, tmp_path: Path, fault: dict[str, object]) -> None:
    """It is not run again by itself, unless it changes nothing."""
    file = tmp_path / "runs"
    task: dict[str, Any] = {"app": one, "command": ["sh", "-c", 'echo run >> "$0"', str(file)]}
    fly.fault(method="POST", path="/exec", when="after", **fault)
    outcome = fly.module("fly_machine_exec", **task)
    assert outcome.failed and "so it may have run" in outcome["msg"] and "with detach" in outcome["msg"]
    assert file.read_text() == "run\n"
    if fault.get("status") != 408:
        fly.fault(method="POST", path="/exec", when="after", **fault)
        assert not fly.module("fly_machine_exec", changed=False, **task).failed
        assert file.read_text() == "run\n" * 3


def write(fly: Platform, app: str, path: Path, **params: object) -> Outcome:
    return fly.module("fly_machine_file", app=app, path=str(path), owner=OWNER, **params)


@pytest.mark.parametrize("content", ["text\n", ""])
def test_a_file(fly: Platform, one: str, tmp_path: Path, content: str) -> None:
    path = tmp_path / "new" / "file"
    assert write(fly, one, path, content=content)["changes"] == ["write"]
    assert not write(fly, one, path, content=content).changed
    path.chmod(0o666)
    assert write(fly, one, path, content=content)["changes"] == ["set owner and mode"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "hidden" not in repr(write(fly, one, path, content="hidden", secret=True).result)
    assert write(fly, one, path, state="absent").changed and not path.exists()


def test_a_directory(fly: Platform, one: str, tmp_path: Path) -> None:
    path = tmp_path / "a" / "folder"
    done = write(fly, one, path, state="directory", mode="0750")
    assert done["changes"] == ["make the directory"] and path.stat().st_mode & 0o777 == 0o750
    assert not write(fly, one, path, state="directory", mode="750").changed
    assert write(fly, one, path, state="directory", mode="700")["changes"] == ["set owner and mode"]
    refused = write(fly, one, path, state="absent")
    assert refused.failed and "there is a directory in its place" in refused["msg"]
