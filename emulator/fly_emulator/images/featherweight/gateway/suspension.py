"""The lease under which a gateway starts no new work (gateway.suspend.*), as 2026.9.6 was seen to give it.

Work is in flight while the file `featherweight-busy` exists in the gateway's state. FEATHER_LEASE=<seconds> is another
length for the lease.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from typing import Any

from .config import state_dir

METHODS = ("gateway.suspend.prepare", "gateway.suspend.resume", "gateway.suspend.status")
SINCE = (2026, 8, 2)
LEASE = 120.0
RETRY_MS = 20_000
BUSY = "featherweight-busy"
_ADMIN = "operator.admin"
_SCOPES = {"gateway.suspend.status": "operator.read"}


class CallRefused(Exception):
    """Why a method is refused: the response's error."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"details": details} if details else {}), **more}


class Suspension:
    """A gateway's suspension: held by nobody, or by the client that knows its id."""

    def __init__(self, version: str) -> None:
        release = tuple(int(part) for part in version.partition("-")[0].split("."))
        self.methods = METHODS if release >= SINCE else ()
        self._lease = float(os.environ.get("FEATHER_LEASE", LEASE))
        self._lock = threading.Lock()
        self._id = self._request = ""
        self._drains = False
        self._expires = 0.0

    @property
    def phase(self) -> str:
        with self._lock:
            return self._phase()

    def _phase(self) -> str:
        if not self._id or time.monotonic() >= self._expires:
            self._id = ""
            return "accepting"
        return "draining" if _active() else "prepared"

    def refuse_fenced(self, method: str) -> None:
        """Raise for a method that is not answered during a suspension."""
        phase = self.phase
        if phase != "accepting" and method not in self.methods:
            details = {"method": method, "reason": "gateway-suspending", "phase": phase}
            message = f"{method} unavailable during gateway suspension"
            raise CallRefused("UNAVAILABLE", message, details, retryable=True, retryAfterMs=1000)

    def call(self, method: str, params: dict[str, Any], scopes: list[str]) -> dict[str, Any]:
        needed = _SCOPES.get(method, _ADMIN)
        if needed not in scopes and _ADMIN not in scopes:
            details = {"code": "MISSING_SCOPE", "missingScope": needed}
            raise CallRefused("FORBIDDEN", f"missing scope: {needed}", details)
        with self._lock:
            if method == "gateway.suspend.prepare":
                return self._prepare(str(params["requestId"]), bool(params.get("drain")))
            identity = str(params["suspensionId"])
            return self._resume(identity) if method == "gateway.suspend.resume" else self._status(identity)

    def _prepare(self, request: str, drain: bool) -> dict[str, Any]:
        if self._phase() == "accepting":
            if _active() and not drain:
                return {"status": "busy", "reason": "active-work", "retryAfterMs": RETRY_MS, **_work()}
            self._id, self._request, self._drains = secrets.token_hex(16), request, drain
        elif (request, drain) != (self._request, self._drains):
            raise self._conflict("another gateway suspension is already prepared")
        self._expires = time.monotonic() + self._lease
        lease = {"suspensionId": self._id, "expiresAtMs": self._expires_at(), **_work()}
        if self._phase() == "draining":
            return {"status": "draining", "retryAfterMs": RETRY_MS, **lease}
        return {"status": "ready", "writeCustody": [], **lease}

    def _status(self, identity: str) -> dict[str, Any]:
        phase = self._phase()
        if phase == "accepting":
            return {"status": "running"}
        if identity != self._id:
            raise self._conflict("a different gateway suspension is prepared")
        if phase == "draining":
            return {"status": "draining", "expiresAtMs": self._expires_at(), "retryAfterMs": RETRY_MS, **_work()}
        return {"status": "ready", "expiresAtMs": self._expires_at(), "writeCustody": []}

    def _resume(self, identity: str) -> dict[str, Any]:
        held = self._phase() != "accepting"
        if held and identity != self._id:
            raise CallRefused("INVALID_REQUEST", "gateway suspension id does not match")
        self._id = ""
        return {"ok": True, "status": "running", "resumed": held}

    def _conflict(self, message: str) -> CallRefused:
        after = int((self._expires - time.monotonic()) * 1000)
        details = {"reason": "gateway-suspension-conflict", "expiresAtMs": self._expires_at()}
        return CallRefused("UNAVAILABLE", message, details, retryable=True, retryAfterMs=after)

    def _expires_at(self) -> int:
        return int((time.time() + self._expires - time.monotonic()) * 1000)


def _active() -> bool:
    return (state_dir() / BUSY).exists()


def _work() -> dict[str, Any]:
    if not _active():
        return {"activeCount": 0, "blockers": []}
    blocker = {"kind": "root-request", "count": 1, "message": "1 active request"}
    return {"activeCount": 1, "blockers": [blocker]}
