"""The limit of failed logins, for each client address: gateway.auth.rateLimit."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any


class Limit:
    def __init__(self) -> None:
        self._failures: dict[str, list[float]] = defaultdict(list)
        self._locked: dict[str, float] = {}

    def locked_for(self, client: str) -> float:
        """Seconds until this client may try again; 0 when it may now."""
        return max(0.0, self._locked.get(client, 0.0) - time.monotonic())

    def failed(self, client: str, config: dict[str, Any]) -> None:
        limit = config.get("gateway", {}).get("auth", {}).get("rateLimit") or {}
        if not limit.get("maxAttempts"):
            return
        now = time.monotonic()
        window = limit.get("windowMs", 60000) / 1000
        recent = [at for at in self._failures[client] if now - at < window] + [now]
        self._failures[client] = recent
        if len(recent) >= limit["maxAttempts"]:
            self._locked[client] = now + limit.get("lockoutMs", 300000) / 1000
