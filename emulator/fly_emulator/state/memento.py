"""What a record was before a change, to be put back into the very same objects."""

from __future__ import annotations

import dataclasses
from typing import Any


class Memento:
    """Objects keep their identity over `restore`: whoever holds a machine of the record holds the right one."""

    def __init__(self, record: Any) -> None:
        self._parts: list[tuple[Any, Any]] = []
        self._note(record)

    def _note(self, value: Any) -> None:
        if dataclasses.is_dataclass(value):
            kept: Any = dict(vars(value))
            parts = kept.values()
        elif isinstance(value, dict):
            kept = dict(value)
            parts = kept.values()
        elif isinstance(value, list):
            parts = kept = list(value)
        else:
            return
        self._parts.append((value, kept))
        for part in parts:
            self._note(part)

    def restore(self) -> None:
        for value, kept in self._parts:
            if isinstance(value, list):
                value[:] = kept
            else:
                fields = value if isinstance(value, dict) else vars(value)
                fields.clear()
                fields.update(kept)
