"""Each app's log: the lines of its machines and of the platform, in memory and on disk."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from .clock import Clock
from .state.directory import append_to

KEPT = 5000
ROTATE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    id: int
    """Nanoseconds, unique within an app and rising; also the page token."""
    timestamp: float
    level: str
    message: str
    instance: str
    region: str
    provider: str
    """app (the machine's output), runner (the platform), health or proxy."""


class Logbook:
    """All apps' lines; `append` may be called from any thread."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._lines: dict[str, deque[Line]] = {}
        self._lock = threading.Lock()

    def append(
        self, app: str, message: str, instance: str, region: str, level: str = "info", provider: str = "app"
    ) -> None:
        with self._lock:
            lines = self._open(app)
            now = self._clock.now()
            number = max(int(now * 1e9), lines[-1].id + 1 if lines else 0)
            line = Line(number, now, level, message, instance, region, provider)
            lines.append(line)
            with contextlib.suppress(OSError):  # a full disk: it is in memory
                self._write(self._path(app), line)

    def _write(self, path: Path, line: Line) -> None:
        if path.exists() and path.stat().st_size > ROTATE_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))
        with append_to(path) as stream:
            stream.write(json.dumps(asdict(line)) + "\n")

    def read(self, app: str, after: int = 0, instance: str = "", region: str = "", limit: int = 100) -> list[Line]:
        """The lines after the token `after`, oldest first; without a token the newest `limit`."""
        with self._lock:
            found = [
                line
                for line in self._open(app)
                if line.id > after and instance in ("", line.instance) and region in ("", line.region)
            ]
        return found[:limit] if after else found[-limit:]

    def remove(self, app: str) -> None:
        with self._lock:
            self._lines.pop(app, None)
            for path in (self._path(app), self._path(app).with_suffix(".1.jsonl")):
                path.unlink(missing_ok=True)

    def _path(self, app: str) -> Path:
        return self._directory / f"{app}.jsonl"

    def _open(self, app: str) -> deque[Line]:
        if app not in self._lines:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lines: deque[Line] = deque(maxlen=KEPT)
            path = self._path(app)
            if path.exists():
                with path.open(encoding="utf-8", errors="replace") as stream:
                    for text in stream:
                        try:
                            lines.append(Line(**json.loads(text)))
                        except (ValueError, TypeError):
                            continue  # a line cut by a kill
            self._lines[app] = lines
        return self._lines[app]
