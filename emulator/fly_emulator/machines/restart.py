"""Whether a machine whose process ended starts again."""

from __future__ import annotations

from typing import Any

from ..runtime.base import Exit

WINDOW = 300.0
DEFAULT_RETRIES = 10


class RestartPolicy:
    """Counts restarts in a sliding window of five minutes."""

    def __init__(self, config: dict[str, Any]) -> None:
        restart = config.get("restart", {})
        self.policy: str = restart.get("policy") or "on-failure"
        self.max_retries: int = restart.get("max_retries") or DEFAULT_RETRIES
        self._restarts: list[float] = []

    def again(self, ended: Exit, now: float) -> bool:
        """Whether to restart; a yes is counted."""
        self._restarts = [when for when in self._restarts if when > now - WINDOW]
        if self.policy == "no" or (self.policy == "on-failure" and ended.code == 0):
            return False
        if self.policy == "on-failure" and len(self._restarts) >= self.max_retries:
            return False
        self._restarts.append(now)
        return True

    @property
    def count(self) -> int:
        return len(self._restarts)
