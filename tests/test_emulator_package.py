"""The emulator as its users start it: from a wheel, by its command."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

from support.emulator import Emulator
from support.hang import HANG


def test_the_wheel_holds_every_file(repo: Path, tmp_path: Path) -> None:
    source = repo / "emulator"
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=source, capture_output=True, text=True, check=True,
    ).stdout.splitlines():  # fmt: skip
        copy = tmp_path / "source" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((source / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, tmp_path / "source"], check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    package = tmp_path / "source"
    wanted = {str(path.relative_to(package)) for path in (package / "fly_emulator").rglob("*") if path.is_file()}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_it_starts_says_so_and_stops(fresh_emulator: Emulator) -> None:
    assert fresh_emulator.get("/emulator/v1/info")["api_url"] == fresh_emulator.api_url
    again = fresh_emulator.command("start")
    assert again.returncode == 0
    assert "already runs" in again.stdout


def test_the_journal_tells_reads_from_writes(emulator: Emulator) -> None:
    emulator.request("POST", "/v1/apps", {"app_name": "journalled", "org_slug": "personal"})
    emulator.get("/v1/apps/journalled")
    assert [(entry["method"], entry["kind"]) for entry in emulator.journal()] == [("POST", "write"), ("GET", "read")]
    assert [entry["path"] for entry in emulator.journal("write")] == ["/v1/apps"]
    emulator.clear_journal()
    assert emulator.journal() == []


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    emulator.start()
    pid = emulator.info["pid"]
    emulator.stop()
    deadline = time.monotonic() + HANG
    while (stat := Path(f"/proc/{pid}/stat")).exists() and ") Z " not in stat.read_text():
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.05)
    assert "No emulator runs" in emulator.command("stop").stdout
