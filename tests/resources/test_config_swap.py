"""Whatever kills a swap in between, the config is the old or the new one, whole, and nobody else may read it."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines import remote_files
from ansible_collections.openclaw.fly.plugins.module_utils._resources import config_swap

OLD, NEW = b'{"old": "' + b"o" * 200_000 + b'"}\n', b'{"new": "' + b"n" * 200_000 + b'"}\n'
OWNER = f"{os.getuid()}:{os.getgid()}"


def start(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A shell as exec starts it, in a group of its own that a machine's end would kill whole."""
    return subprocess.Popen(
        ["sh", "-c", script, "sh", *arguments], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def swap(folder: Path, killed_after: float | None) -> bool:
    """Write the new config and its ledger beside the old ones and swap them in; whether it came to its end."""
    config, ledger = folder / "openclaw.json", folder / "ledger.json"
    names = [f"{config}.candidate", str(config), f"{config}.previous", f"{ledger}.candidate", str(ledger)]
    lines = [f"600 {OWNER} {base64.b64encode(content).decode()}\n" for content in (NEW, b"[]")]
    deadline = None if killed_after is None else time.monotonic() + killed_after
    for script, arguments, given in (
        (remote_files._WRITE, [names[0], names[3]], "".join(lines).encode()),
        (config_swap.SWAP, [*names, sha256(NEW), sha256(OLD)], b""),
    ):
        process = start(script, *arguments)
        try:
            process.communicate(given, None if deadline is None else max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
        assert process.returncode == 0
    return True


def fresh(folder: Path) -> Path:
    folder.mkdir()
    config = folder / "openclaw.json"
    config.write_bytes(OLD)
    config.chmod(0o600)
    return config


def test_a_swap_that_is_killed_leaves_one_of_both(tmp_path: Path) -> None:
    began = time.monotonic()
    assert swap(fresh(tmp_path / "whole").parent, None)
    lasts = time.monotonic() - began
    found = []
    for number in range(60):
        config = fresh(tmp_path / str(number))
        ended = swap(config.parent, lasts * 1.3 * number / 60)
        content, status = config.read_bytes(), config.stat()
        assert content in (OLD, NEW), f"torn after {lasts * 1.3 * number / 60:.3f} s"
        assert content == NEW or not ended
        assert (status.st_mode & 0o777, f"{status.st_uid}:{status.st_gid}") == (0o600, OWNER)
        found.append(content)
    assert OLD in found, "every swap was over before it was killed: the sweep proves nothing"


@pytest.mark.parametrize("changed", ["judged", "present"])
def test_what_was_changed_meanwhile_is_not_swapped(tmp_path: Path, changed: str) -> None:
    config = fresh(tmp_path / "a")
    candidate, ledger = config.with_name("openclaw.json.candidate-1"), config.with_name("ledger.json")
    candidate.write_bytes(b"other" if changed == "judged" else NEW)
    if changed == "present":
        config.write_bytes(b"other")
    before = config.read_bytes()
    names = [str(candidate), str(config), f"{config}.previous", f"{ledger}.candidate", str(ledger)]
    process = subprocess.run(
        ["sh", "-c", config_swap.SWAP, "sh", *names, sha256(NEW), sha256(OLD)], capture_output=True, text=True
    )
    assert (process.returncode, process.stdout) == (0, f"{changed}\n")
    assert config.read_bytes() == before
    assert not config.with_name("openclaw.json.previous").exists()


@pytest.mark.parametrize("left", ["openclaw.json.candidate", ".ansible.Ab12Cd34"])
def test_what_a_killed_one_left_is_no_obstacle(tmp_path: Path, left: str) -> None:
    config = fresh(tmp_path / "a")
    (config.parent / left).write_bytes(b'{"torn')
    assert swap(config.parent, None)
    assert config.read_bytes() == NEW
    assert (config.parent / "openclaw.json.previous").read_bytes() == OLD
