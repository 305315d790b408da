"""fly_machine_exec and fly_machine_file; the test platform runs commands on this host."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults.scenarios import TOML
from support.platform import Outcome, Platform

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines import detached

OWNER = f"{os.getuid()}:{os.getgid()}"


@pytest.fixture
def one(fly: Platform, app: str) -> str:
    """An app with a machine."""
    assert not fly.module("fly_deploy", app=app, definition={**TOML, "mounts": None}).failed
    return app


AGES = 3600
"""Seconds of the platform's clock, which runs ahead while a command takes its real time."""


@pytest.fixture
def left_over(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """The folders that this test's commands left: other tests may run commands on this host at the same time."""
    token_hex, made = secrets.token_hex, list[Path]()

    def noted(size: int) -> str:
        made.append(Path(f"/tmp/.ansible-{token_hex(size)}"))
        return made[-1].name.rpartition("-")[2]

    monkeypatch.setattr(secrets, "token_hex", noted)
    return lambda: [folder for folder in made if folder.exists()]


@pytest.mark.parametrize("detach", [False, True])
def test_the_commands_own_exit_code_and_output(
    fly: Platform, one: str, left_over: Callable[[], list[Path]], detach: bool
) -> None:
    script = "cat; echo said >&2; exit 7"
    outcome = fly.module(
        "fly_machine_exec", app=one, command=["sh", "-c", script], stdin="in it", detach=detach,
        fail_on_exit_code=False, **({"timeout": AGES} if detach else {}),
    )  # fmt: skip
    assert (outcome["exit_code"], outcome["stdout"], outcome["stderr"]) == (7, "in it", "said\n")
    assert left_over() == []


def test_a_long_command_is_detached_by_itself(fly: Platform, one: str, tmp_path: Path) -> None:
    command = ["sh", "-c", 'echo done > "$0"', str(tmp_path / "out")]
    outcome = fly.module("fly_machine_exec", app=one, command=command, timeout=AGES)
    assert not outcome.failed, outcome
    assert (tmp_path / "out").read_text() == "done\n"


def test_a_command_that_does_not_end_is_killed(
    fly: Platform,
    one: str,
    left_over: Callable[[], list[Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted, kill = tmp_path / "child", detached._Job.killed

    def kill_once_begun(job: Any, timeout: float) -> Any:
        fly.until(lambda: noted.exists() and noted.read_text().endswith("\n"), what="the command's child")
        return kill(job, timeout)

    monkeypatch.setattr(detached._Job, "killed", kill_once_begun)
    command = ["sh", "-c", f"echo begun; sh -c 'echo $$ > {noted}; sleep 1000; true'"]
    outcome = fly.module("fly_machine_exec", app=one, command=command, timeout=60, detach=True)
    assert outcome.failed and "did not end within 60 s, and was killed: begun" in outcome["msg"]
    assert left_over() == []
    fly.until(lambda: ended(int(noted.read_text())), what="the end of the command's child")


def ended(pid: int) -> bool:
    """Whether the process is gone, or waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


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
