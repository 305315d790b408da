"""Every request of the three APIs, so that tests can count reads and writes."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from .state.directory import append_to

KEPT = 100_000


@dataclass(frozen=True)
class Entry:
    """One request; never a header, a body or a secret's value."""

    id: str
    time: float
    method: str
    path: str
    query: str
    """Of GraphQL the operation and its top fields, such as "mutation allocateIpAddress"."""
    kind: str
    """read, write or exec."""
    status: int
    """0 when the connection ended without an answer (a fault)."""
    app: str
    machine: str
    duration_ms: float
    fault: str = ""
    """The id of the fault rule that hit, if one did."""
    effect: bool = True
    """False when a fault kept the request from the platform."""


class Journal:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._stream = append_to(path)

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        with contextlib.suppress(OSError):  # a full disk: it is in memory
            self._stream.write(json.dumps(asdict(entry)) + "\n")
            self._stream.flush()

    def select(
        self, kind: str = "", app: str = "", machine: str = "", method: str = "", since: float = 0.0
    ) -> list[Entry]:
        """Oldest first; an empty filter matches all. `kind` may list several, comma-separated."""
        kinds = set(kind.split(",")) if kind else set()
        return [
            entry
            for entry in self._entries
            if (not kinds or entry.kind in kinds)
            and app in ("", entry.app)
            and machine in ("", entry.machine)
            and method.upper() in ("", entry.method)
            and entry.time >= since
        ]

    def clear(self) -> None:
        self._entries.clear()
        self._stream.truncate(0)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
