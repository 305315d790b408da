"""Programs that a task starts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.hang import HANG

from ansible_collections.openclaw.fly.plugins.module_utils._fly.client.errors import ProgramFailed
from ansible_collections.openclaw.fly.plugins.module_utils._fly.images.programs import environment, run


def test_what_it_says_is_told_line_by_line_without_secrets() -> None:
    told: list[str] = []
    script = "printf 'one\\n\\033[1mtwo\\033[0m s3cret-value\\n' >&2; printf 'first\\rlast\\n'; printf 'no end'"

    said = run(["sh", "-c", script], environment(), secrets=["s3cret-value"], progress=told.append)

    assert said == told == ["one", "two ********", "last", "no end"]


def test_a_failure_has_its_last_lines() -> None:
    with pytest.raises(ProgramFailed, match=r"sh failed \(7\)") as failed:
        run(["sh", "-c", "echo reason; exit 7"], environment())
    assert failed.value.log == ["reason"]


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    script = f"sleep 1000 & echo $! > {tmp_path}/child; echo begun; wait"

    with pytest.raises(ProgramFailed, match="sh took longer than 3 s") as failed:
        run(["sh", "-c", script], environment(), timeout=3)

    assert failed.value.log == ["begun"]
    child, deadline = int((tmp_path / "child").read_text()), time.monotonic() + HANG
    while _alive(child):
        assert time.monotonic() < deadline, "the program's child lives on"
        time.sleep(0.01)


def test_no_such_program() -> None:
    with pytest.raises(FileNotFoundError):
        run(["no-such-program"], environment())


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
