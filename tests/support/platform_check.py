"""The check of Fly.io, made of an emulator with real processes and a virtual clock."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.openclaw.fly.plugins.module_utils._base import clock

from .platform import Outcome, Platform, platform

GATEWAY = {
    "org": "personal",
    "image": "registry.fly.io/featherweight:2026.9.6",
    "command": "node dist/index.js gateway --allow-unconfigured --port 3000 --bind lan",
    "port": 3000,
    "path": "/healthz",
}


@contextmanager
def real_processes(state_dir: Path, **changes: Any) -> Iterator[Platform]:
    """An emulator whose machines are processes. These take real time, so each of our sleeps takes a little of it."""
    with (
        platform(state_dir, **{"runtime": "process", "images": None, "rate_limits": True, **changes}) as started,
        pytest.MonkeyPatch.context() as patch,
    ):

        def sleep(seconds: float) -> None:
            time.sleep(min(seconds / 20, 0.1))
            started.advance(seconds)

        patch.setattr(clock, "sleep", sleep)
        yield started


@dataclass(frozen=True)
class Checked:
    """A whole check, and what it recorded."""

    outcome: Outcome
    recording: Path
    left: tuple[str, ...]
    """Apps that exist afterwards."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.recording.read_text().splitlines()]
