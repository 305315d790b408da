"""The gateway's WebSocket on `/`: challenge, connect, and how it refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socket
import struct
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import devices

if TYPE_CHECKING:
    from .server import Gateway

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROTOCOL = 4
CONTROL_UI = ("openclaw-control-ui", "webchat", "control-ui")


class Refusal(Exception):
    def __init__(self, code: str, message: str, detail: str) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


def accept_key(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


class Session:
    """One connection, after the upgrade's 101; returns from `run` when it has ended."""

    def __init__(self, gateway: Gateway, stream: socket.socket, headers: Mapping[str, str], client: str, local: bool) -> None:
        self.gateway = gateway
        self.stream = stream
        self.reader = stream.makefile("rb")
        self.headers = headers
        self.client = client
        self.local = local
        self.conn = secrets.token_hex(8)

    def run(self) -> None:
        challenge = {"nonce": secrets.token_hex(16), "ts": int(time.time() * 1000)}
        self._send({"type": "event", "event": "connect.challenge", "payload": challenge})
        connected = False
        while (text := self._receive()) is not None:
            try:
                frame = json.loads(text)
                request_id, method, params = str(frame["id"]), frame["method"], frame.get("params", {})
            except (ValueError, KeyError, TypeError):
                return self._close(1008, "invalid request frame")
            if not connected:
                try:
                    self._answer(request_id, self._connect(method, params))
                except Refusal as refusal:
                    error = {"code": refusal.code, "message": str(refusal), "details": {"code": refusal.detail}}
                    self._send({"type": "res", "id": request_id, "ok": False, "error": error})
                    self.gateway.log(f"[ws] closed before connect conn={self.conn} remote={self.client} code=1008 reason={refusal}")
                    return self._close(1008, str(refusal))
                connected = True
            elif method == "health":
                self._answer(request_id, {"ok": True, "channels": {}, "featherweight": True})
            else:
                error = {"code": "INVALID_REQUEST", "message": f"unknown method: {method} (featherweight stand-in)"}
                self._send({"type": "res", "id": request_id, "ok": False, "error": error})

    def _connect(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """hello-ok's payload; raises Refusal in the release's order: protocol, origin, secret, device."""
        if method != "connect":
            raise Refusal("INVALID_REQUEST", "invalid handshake: first request must be connect", "INVALID_HANDSHAKE")
        if not params.get("minProtocol", PROTOCOL) <= PROTOCOL <= params.get("maxProtocol", PROTOCOL):
            raise Refusal("INVALID_REQUEST", "protocol mismatch", "PROTOCOL_MISMATCH")
        client = params.get("client", {})
        scopes = params.get("scopes", [])
        role = params.get("role", "operator")
        origin = self.headers.get("origin")
        if origin and client.get("id") in CONTROL_UI and origin not in self.gateway.allowed_origins():
            raise Refusal(
                "INVALID_REQUEST",
                "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)",
                "CONTROL_UI_ORIGIN_NOT_ALLOWED",
            )
        self._check_secret(params.get("auth") or {})
        device = params.get("device")
        if device is None:
            if client.get("id") in CONTROL_UI:
                raise Refusal("NOT_PAIRED", "control ui requires device identity (use HTTPS or localhost secure context)",
                              "CONTROL_UI_DEVICE_IDENTITY_REQUIRED")  # fmt: skip
            scopes = []
        elif not devices.paired(device["id"]):
            fields = {"clientId": client.get("id"), "role": role, "scopes": scopes, "remoteIp": self.client}
            if self.local:
                devices.pair(device["id"], "silent", fields)
            else:
                request = devices.ask(device["id"], str(client.get("id")), role, scopes, self.client)
                raise Refusal("NOT_PAIRED", f"pairing required: device is not approved yet (requestId: {request})",
                              "PAIRING_REQUIRED")  # fmt: skip
        return {
            "type": "hello-ok",
            "protocol": PROTOCOL,
            "server": {"version": self.gateway.version, "connId": self.conn},
            "features": {"methods": ["health"], "events": ["connect.challenge"]},
            "snapshot": {"featherweight": True},
            "auth": {"role": role, "scopes": scopes},
            "policy": {"maxPayload": 26214400, "maxBufferedBytes": 52428800, "tickIntervalMs": 15000},
        }

    def _check_secret(self, given: dict[str, Any]) -> None:
        kind = self.gateway.auth.kind
        shown = str(given.get(kind) or "")
        if not shown:
            self.gateway.log(f"[ws] unauthorized conn={self.conn} remote={self.client} reason={kind}_missing")
            raise Refusal(
                "INVALID_REQUEST",
                f"unauthorized: gateway {kind} missing (paste in Control UI settings or openclaw doctor "
                "--generate-gateway-token; restart)",
                f"AUTH_{kind.upper()}_MISSING",
            )
        if not hmac.compare_digest(shown.encode(), self.gateway.auth.secret.encode()):
            self.gateway.log(f"[ws] unauthorized conn={self.conn} remote={self.client} reason={kind}_mismatch")
            raise Refusal("INVALID_REQUEST", f"unauthorized: gateway {kind} mismatch", f"AUTH_{kind.upper()}_MISMATCH")

    def _answer(self, request_id: str, payload: dict[str, Any]) -> None:
        self._send({"type": "res", "id": request_id, "ok": True, "payload": payload})

    def _send(self, frame: dict[str, Any]) -> None:
        self._frame(1, json.dumps(frame).encode())

    def _close(self, code: int, reason: str) -> None:
        self._frame(8, struct.pack("!H", code) + reason.encode()[:123])

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([size])
        else:
            head += struct.pack("!BH", 126, size) if size < 65536 else struct.pack("!BQ", 127, size)
        self.stream.sendall(head + payload)

    def _receive(self) -> str | None:
        """The next text message; None when the client has closed."""
        message = b""
        while True:
            head = self.reader.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self.reader.read(2 if size == 126 else 8), "big")
            mask = self.reader.read(4) if head[1] & 0x80 else b"\0\0\0\0"
            payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self.reader.read(size)))
            opcode = head[0] & 0x0F
            if opcode == 8:
                self._frame(8, payload[:2] or struct.pack("!H", 1000))
                return None
            if opcode == 9:
                self._frame(10, payload)
            elif opcode in (0, 1, 2):
                message += payload
                if head[0] & 0x80:
                    return message.decode(errors="replace")
