"""Relay's connections: nodes in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import invalid

MAX_PAGE = 200


class Connection:
    """A page of nodes; the cursor is a position, counted from 1."""

    def __init__(
        self,
        nodes: Sequence[Any],
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> None:
        begin, end = _position(after, "after", 0), _position(before, "before", len(nodes) + 1) - 1
        if first is not None:
            end = min(end, begin + first)
        if last is not None:
            begin = max(begin, end - last)
        end = min(end, begin + MAX_PAGE)
        self.total_count = len(nodes)
        self.nodes = list(nodes[begin:end])
        self.page_info = {
            "endCursor": str(end) if self.nodes else None,
            "hasNextPage": end < len(nodes),
            "hasPreviousPage": begin > 0,
            "startCursor": str(begin + 1) if self.nodes else None,
        }


def _position(cursor: str | None, name: str, default: int) -> int:
    if not cursor:
        return default
    if not cursor.isdecimal():
        raise invalid(f"{name}: {cursor!r} is no cursor")
    return int(cursor)
