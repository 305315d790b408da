"""The emulator as a background process: who runs, starting, stopping."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .state.directory import append_to, claim

READY_TIMEOUT = 60.0
STOP_TIMEOUT = 330.0
"""Longer than the longest kill_timeout of a machine (300 s)."""
END_TIMEOUT = 10.0
"""For one that did not become ready."""
POLL = 0.05


class DaemonError(Exception):
    """It did not start or stop; the text says why and what to do."""


@contextlib.contextmanager
def single(state_dir: Path) -> Iterator[bool]:
    """Hold the state directory's lock; yields False when another emulator holds it."""
    claim(state_dir)
    with append_to(state_dir / "emulator.lock") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def running(state_dir: Path) -> dict[str, Any] | None:
    """What emulator.json says if that emulator runs now."""
    if not (state_dir / "emulator.lock").exists():
        return None
    with single(state_dir) as free:
        if free:
            return None
    try:
        info: dict[str, Any] = json.loads((state_dir / "emulator.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # starting: not ready yet
    return info


def start(state_dir: Path, arguments: list[str], log_file: Path) -> dict[str, Any]:
    """Start `fly_emulator start --foreground` in the background and wait until it serves. Raises DaemonError."""
    (state_dir / "emulator.json").unlink(missing_ok=True)
    begin = log_file.stat().st_size if log_file.exists() else 0
    with append_to(log_file) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fly_emulator", "start", "--foreground", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(
                    [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
                ),
            },
        )
    try:
        return _ready(process, state_dir, log_file, begin)
    except BaseException:
        # Whatever ended the wait, an interrupt too: what was started does not stay behind unseen.
        _end(process)
        raise


def _ready(process: subprocess.Popen[bytes], state_dir: Path, log_file: Path, begin: int) -> dict[str, Any]:
    """What it says of itself once it serves; `begin` is where its part of the log begins. Raises DaemonError."""
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        info = running(state_dir)
        if info is not None and info["pid"] == process.pid:
            return info
        if process.poll() is not None:
            with log_file.open(encoding="utf-8", errors="replace") as log:
                log.seek(begin)
                said = log.read().strip()
            raise DaemonError(
                said.removeprefix("fly-emulator: ")
                or f"The emulator ended at once with code {process.returncode}; see {log_file}."
            )
        time.sleep(POLL)
    raise DaemonError(f"The emulator was not ready after {READY_TIMEOUT:g} s; see {log_file}.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and make it: it runs no machine yet."""
    process.terminate()
    try:
        process.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop(state_dir: Path) -> bool:
    """End the emulator and its machines; False when none runs. Raises DaemonError."""
    info = running(state_dir)
    if info is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(info["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while time.monotonic() < deadline:
        with single(state_dir) as free:
            if free:
                return True
        time.sleep(POLL)
    raise DaemonError(
        f"The emulator (pid {info['pid']}) still runs after {STOP_TIMEOUT:g} s. A machine may not "
        f"end; `kill -9 {info['pid']}` ends the emulator and its machines."
    )
