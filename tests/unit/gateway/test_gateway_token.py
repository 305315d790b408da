"""A gateway token that replaces the one in a file, in two steps; one from elsewhere is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._converge.context import Context
from ansible_collections.openclaw.fly.plugins.module_utils._converge.run import run
from ansible_collections.openclaw.fly.plugins.modules import openclaw_gateway_token

OLD = "a3" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my-openclaw.token"
    path.write_text(f"{OLD}\n")
    path.chmod(0o600)
    return path


def step(file: Path, state: str, token: str = OLD, *, check: bool = False) -> dict[str, Any]:
    params = {"file": str(file), "token": token, "state": state}
    return run(openclaw_gateway_token.body, params, Context(check_mode=check))


def test_two_steps(file: Path) -> None:
    waiting = file.with_name(f"{file.name}.next")
    assert step(file, "next", check=True)["changed"] and not waiting.exists()
    assert step(file, "next")["changed"] and waiting.stat().st_mode & 0o777 == 0o600
    new = waiting.read_text()
    assert not step(file, "next")["changed"] and waiting.read_text() == new, "a run that is continued"
    assert step(file, "current", check=True)["changed"] and file.read_text().strip() == OLD
    done = step(file, "current")
    assert done["changed"] and file.read_text() == new and not waiting.exists()
    assert file.stat().st_mode & 0o777 == 0o600 and new.strip() not in str(done)
    assert not step(file, "current", token=new.strip())["changed"]


def test_a_token_from_elsewhere(file: Path) -> None:
    found = step(file, "next", token="b4" * 32)
    assert (found["changed"], found["kept"]) == (False, False)
    file.write_text("$ANSIBLE_VAULT;1.1;AES256\n00")
    assert not step(file, "next")["kept"]


def test_what_cannot_be_read_or_written(file: Path) -> None:
    assert "the gateway token cannot be read" in step(file.parent, "next")["msg"]
    assert "the new token cannot be kept" in step(file / "below.token", "next")["msg"]
