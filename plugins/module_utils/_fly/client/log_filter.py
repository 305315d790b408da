# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose log lines."""

from __future__ import annotations

import re

from ..._base import clock
from ..._base.errors import CollectionError
from ..toml.durations import seconds
from .types import LogLine


def choose(
    lines: list[LogLine],
    *,
    pattern: str | None = None,
    level: str | None = None,
    since: str | None = None,
    limit: int = 100,
) -> list[dict[str, object]]:
    """The last `limit` lines that match: `since` is a duration ("10m") or a time ("2026-09-20T10:00:00Z")."""
    try:
        wanted = re.compile(pattern or "")
    except re.error as error:
        raise CollectionError(
            f"{pattern!r} is not a regular expression", where="pattern", why=str(error), todo="Escape what is literal"
        ) from error
    earliest = _time(since) if since else 0.0
    found = [
        {key: line.get(key) for key in ("timestamp", "level", "instance", "region", "message")}
        for line in lines
        if wanted.search(str(line.get("message") or ""))
        and level in (None, line.get("level"))
        and (not since or _time(str(line.get("timestamp"))) >= earliest)
    ]
    return found[-limit:] if limit else found


def _time(text: str) -> float:
    """Unix seconds of a time, or of so long ago."""
    try:
        return clock.parse(text)
    except ValueError:
        return clock.now() - seconds(text, "since")
