"""The gateway's WebSocket on `/`: challenge, connect, and how it refuses."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any, Protocol

from . import contents, devices
from .config import Auth
from .frames import CLOSE, TEXT, Frames
from .limit import Limit
from .suspension import CallRefused, Suspension

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROTOCOL = 4
CONTROL_UI = ("openclaw-control-ui", "webchat-ui", "webchat")
CLIENTS = (*CONTROL_UI, "cli", "gateway-client", "node-host", "test", "openclaw-probe", "openclaw-tui")
"""Some of those that the release knows; it refuses others."""


class Refusal(Exception):
    """Why a connect is refused: the response's error and the close code."""

    def __init__(
        self,
        code: str,
        message: str,
        details: dict[str, Any] | None = None,
        close: int = 1008,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"code": code, "message": message} | ({"details": details} if details else {})
        if retry_after is not None:
            self.error |= {"retryable": True, "retryAfterMs": int(retry_after * 1000)}
        self.close = close


class Gateway(Protocol):
    """What a connection asks of the gateway."""

    version: str
    config: dict[str, Any]
    auth: Auth
    limit: Limit
    suspension: Suspension
    broken: frozenset[str]

    def log(self, line: str) -> None: ...

    def allows_origin(self, origin: str) -> bool: ...


def accept_key(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


class Session:
    """One connection, after the upgrade's 101; returns from `run` when it has ended."""

    def __init__(
        self, gateway: Gateway, stream: socket.socket, headers: Mapping[str, str], client: str, local: bool
    ) -> None:
        self.gateway = gateway
        self.frames = Frames(stream)
        self.headers = headers
        self.client = client
        self.local = local
        self.conn = secrets.token_hex(8)

    def run(self) -> None:
        challenge = {"nonce": secrets.token_hex(16), "ts": int(time.time() * 1000), "capabilities": []}
        self._send({"type": "event", "event": "connect.challenge", "payload": challenge})
        scopes: list[str] | None = None
        while (text := self.frames.receive()) is not None:
            try:
                frame = json.loads(text)
                request_id, method, params = str(frame["id"]), frame["method"], frame.get("params", {})
            except (ValueError, KeyError, TypeError):
                return self._close(1000, "")
            if scopes is None:
                try:
                    welcome = self._connect(method, params)
                except Refusal as refusal:
                    self._send({"type": "res", "id": request_id, "ok": False, "error": refusal.error})
                    self.gateway.log(
                        f"[ws] closed before connect conn={self.conn} remote={self.client} "
                        f"code={refusal.close} reason={refusal}"
                    )
                    return self._close(refusal.close, str(refusal))
                scopes = welcome["auth"]["scopes"]
                self._answer(request_id, welcome)
                continue
            try:
                self._answer(request_id, self._called(method, params, scopes))
            except CallRefused as refused:
                self._send({"type": "res", "id": request_id, "ok": False, "error": refused.error})

    def _called(self, method: str, params: dict[str, Any], scopes: list[str]) -> dict[str, Any]:
        suspension = self.gateway.suspension
        suspension.refuse_fenced(method)
        if method in suspension.methods:
            return suspension.call(method, params, scopes)
        if method not in contents.METHODS:
            raise CallRefused("INVALID_REQUEST", f"unknown method: {method} (featherweight stand-in)")
        return contents.METHODS[method](self.gateway.config, params)

    def _connect(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """hello-ok's payload; raises Refusal as 2026.9.6 was seen to, in its order."""
        if method != "connect":
            raise Refusal("INVALID_REQUEST", "invalid handshake: first request must be connect")
        client = params.get("client", {})
        if client.get("id") not in CLIENTS:
            raise Refusal(
                "INVALID_REQUEST", "invalid connect params: at /client/id: must be equal to one of the allowed values"
            )
        lowest, highest = params.get("minProtocol", 0), params.get("maxProtocol", 0)
        if not lowest <= PROTOCOL <= highest:
            details = {"clientMinProtocol": lowest, "clientMaxProtocol": highest, "expectedProtocol": PROTOCOL}
            raise Refusal("INVALID_REQUEST", "protocol mismatch", {"code": "PROTOCOL_MISMATCH", **details}, close=1002)
        origin = self.headers.get("origin")
        if origin and not self.gateway.allows_origin(origin):
            raise Refusal(
                "INVALID_REQUEST",
                "origin not allowed (open the Control UI from the gateway host or allow it in "
                "gateway.controlUi.allowedOrigins)",
                {"code": "CONTROL_UI_ORIGIN_NOT_ALLOWED", "reason": "origin not allowed"},
            )
        scopes = params.get("scopes", [])
        role = params.get("role", "operator")
        ui = client["id"] in CONTROL_UI
        shown = str((params.get("auth") or {}).get(self.gateway.auth.kind) or "")
        device = params.get("device")
        if shown and (seconds := self.gateway.limit.locked_for(self.client)):
            raise Refusal(
                "INVALID_REQUEST",
                "unauthorized: too many failed authentication attempts (retry later)",
                {
                    "code": "AUTH_RATE_LIMITED",
                    "authReason": "rate_limited",
                    "recommendedNextStep": "wait_then_retry",
                },
                retry_after=seconds,
            )
        if device is None:
            if ui:
                raise Refusal(
                    "INVALID_REQUEST",
                    "control ui requires device identity (use HTTPS or localhost secure context)",
                    {"code": "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"},
                )
            if not shown:
                raise Refusal("NOT_PAIRED", "device identity required", {"code": "DEVICE_IDENTITY_REQUIRED"})
            if not self.local or client.get("mode") != "backend":
                scopes = []
        self._check_secret(shown, ui)
        if device is not None and not devices.paired(device["id"]):
            fields = {"clientId": client["id"], "role": role, "scopes": scopes, "remoteIp": self.client}
            if self.local:
                devices.pair(device["id"], "silent", fields)
            else:
                request = devices.ask(device["id"], client["id"], role, scopes, self.client)
                message = f"pairing required: device is not approved yet (requestId: {request})"
                raise Refusal("NOT_PAIRED", message, {"code": "PAIRING_REQUIRED", "requestId": request})
        return {
            "type": "hello-ok",
            "protocol": PROTOCOL,
            "server": {"version": self.gateway.version, "connId": self.conn},
            "features": {
                "methods": [*contents.METHODS, *self.gateway.suspension.methods],
                "events": ["connect.challenge"],
            },
            "snapshot": {"featherweight": True, "suspension": {"phase": self.gateway.suspension.phase}},
            "auth": {"role": role, "scopes": scopes},
            "policy": {"maxPayload": 26214400, "maxBufferedBytes": 52428800, "tickIntervalMs": 15000},
        }

    def _check_secret(self, shown: str, ui: bool) -> None:
        kind = self.gateway.auth.kind
        if "open" in self.gateway.broken:
            return
        if shown and hmac.compare_digest(shown.encode(), self.gateway.auth.secret.encode()):
            return
        if shown:
            self.gateway.limit.failed(self.client, self.gateway.config)
        reason = f"{kind}_mismatch" if shown else f"{kind}_missing"
        advice = f" (set gateway.remote.{kind} to match gateway.auth.{kind})" if shown and not ui else ""
        if not shown:
            advice = " (paste in Control UI settings or openclaw doctor --generate-gateway-token; restart)"
        self.gateway.log(f"[ws] unauthorized conn={self.conn} remote={self.client} reason={reason}")
        raise Refusal(
            "INVALID_REQUEST",
            f"unauthorized: gateway {kind} {reason.removeprefix(kind + '_')}{advice}",
            {
                "code": f"AUTH_{reason.upper()}",
                "authReason": reason,
                "canRetryWithDeviceToken": False,
                "recommendedNextStep": "update_auth_credentials",
            },
        )

    def _answer(self, request_id: str, payload: dict[str, Any]) -> None:
        self._send({"type": "res", "id": request_id, "ok": True, "payload": payload})

    def _send(self, frame: dict[str, Any]) -> None:
        self.frames.send(TEXT, json.dumps(frame).encode())

    def _close(self, code: int, reason: str) -> None:
        self.frames.send(CLOSE, struct.pack("!H", code) + reason.encode()[:123])
        # The other side's close frame first, so that it does not see the connection break.
        self.frames.stream.settimeout(1)
        with contextlib.suppress(TimeoutError):
            self.frames.reader.read1(64)
