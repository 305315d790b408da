"""The lock's script, on this machine: one owner at a time, whoever comes when."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

from ansible_collections.openclaw.fly.plugins.module_utils._fly.machines.run_lock import _TAKE


def take(volume: Path, owner: str, ttl: int = 60, over: str = "") -> list[str]:
    command = ["sh", "-c", _TAKE, "sh", str(volume), str(ttl), owner, f"run {owner}", over]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def lock(volume: Path) -> Path:
    return volume / ".ansible-run.lock"


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    assert take(tmp_path, "a") == ["ours"]
    held, left, name = take(tmp_path, "b")
    assert (held, name) == ("held", "run a")
    assert 55 <= int(left) <= 60
    assert take(tmp_path, "a") == ["ours"]
    assert take(tmp_path, "b", 0)[0] == "held"
    assert take(tmp_path, "a", 0) == ["ours"]
    assert not lock(tmp_path).exists()
    assert take(tmp_path, "b") == ["ours"]
    assert lock(tmp_path).stat().st_mode & 0o777 == 0o644, "OpenClaw's own backups read all of the volume"
    assert [path.name for path in lock(tmp_path).parent.iterdir()] == [".ansible-run.lock"]


def test_a_lock_that_was_left_expires(tmp_path: Path) -> None:
    take(tmp_path, "killed")
    assert take(tmp_path, "b")[0] == "held"
    _expires, *rest = lock(tmp_path).read_text().splitlines()
    lock(tmp_path).write_text("\n".join([str(int(time.time()) - 1), *rest, ""]))
    assert take(tmp_path, "b") == ["ours"]
    assert take(tmp_path, "killed")[0] == "held"


def test_what_a_torn_lock_or_guard_left_is_no_obstacle(tmp_path: Path) -> None:
    for torn in ("", "x", "\n\n\n", "99"):
        lock(tmp_path).write_text(torn)
        assert take(tmp_path, "a") == ["ours"]
        assert take(tmp_path, "a", 0) == ["ours"]
    guard = lock(tmp_path).with_name(".ansible-run.guard")
    guard.mkdir()
    assert take(tmp_path, "a") == ["busy"]
    subprocess.run(["touch", "-d", "5 minutes ago", str(guard)], check=True)
    assert take(tmp_path, "a") == ["ours"]


def test_there_is_none_without_a_volume(tmp_path: Path) -> None:
    assert take(tmp_path / "absent", "a") == ["none"]


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    for number in range(3):
        volume = tmp_path / str(number)
        volume.mkdir()
        said: dict[int, str] = {}

        def contend(name: int, volume: Path = volume, said: dict[int, str] = said) -> None:
            said[name] = take(volume, str(name))[0]

        threads = [threading.Thread(target=contend, args=(name,)) for name in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(said.values()) == ["held"] * 11 + ["ours"], said
