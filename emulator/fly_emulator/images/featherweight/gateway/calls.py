"""Calls to the gateway from its machine, for a program that makes them through `node -e`.

The calls come as JSON, a list of methods with their parameters. The answers go to stdout as base64 of gzip.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import secrets
import socket
import sys
from typing import Any

from .frames import CLOSE, TEXT, Frames

SCOPES = ["operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing"]
TIMEOUT = 20.0


def run(wanted: str) -> int:
    result: dict[str, Any] = {"answers": []}
    try:
        _talk(json.loads(wanted), result)
    except (OSError, ValueError) as error:
        result["error"] = str(error)
    print(base64.b64encode(gzip.compress(json.dumps(result).encode(), mtime=0)).decode(), end="")
    return 1 if "error" in result else 0


def probe(path: str) -> int:
    """Print {status, body} of one GET on loopback."""
    port = int(os.environ.get("OPENCLAW_GATEWAY_PORT", "18789"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        print(json.dumps({"status": answer.status, "body": answer.read().decode()}))
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _talk(wanted: list[tuple[str, dict[str, Any]]], result: dict[str, Any]) -> None:
    port = int(os.environ.get("OPENCLAW_GATEWAY_PORT", "18789"))
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as stream:
        frames = _upgraded(stream, port)
        _receive(frames, "event", "connect.challenge")
        hello = _call(frames, "connect", "connect", _connect())
        if not hello["ok"]:
            raise ValueError(hello["error"]["message"])
        result["version"] = hello["payload"]["server"]["version"]
        result["methods"] = hello["payload"]["features"]["methods"]
        for place, (method, params) in enumerate(wanted):
            result["answers"].append(_call(frames, str(place), method, params))
        frames.send(CLOSE, b"\x03\xe8")


def _upgraded(stream: socket.socket, port: int) -> Frames:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    stream.sendall(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    frames = Frames(stream, masked=True)
    head = list(iter(lambda: frames.reader.readline().strip(), b""))
    if not head or b" 101 " not in head[0]:
        raise ValueError("no connection to the gateway")
    return frames


def _connect() -> dict[str, Any]:
    return {
        "minProtocol": 3,
        "maxProtocol": 4,
        "role": "operator",
        "scopes": SCOPES,
        "client": {"id": "gateway-client", "mode": "backend", "version": "featherweight", "platform": "linux"},
        "auth": {"token": os.environ.get("OPENCLAW_GATEWAY_TOKEN", "")},
    }


def _call(frames: Frames, identity: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
    frames.send(TEXT, json.dumps({"type": "req", "id": identity, "method": method, "params": params}).encode())
    answer = _receive(frames, "res", identity)
    return {key: answer.get(key) for key in ("ok", "payload", "error")}


def _receive(frames: Frames, kind: str, name: str) -> dict[str, Any]:
    while (text := frames.receive()) is not None:
        frame: dict[str, Any] = json.loads(text)
        if frame.get("type") == kind and name in (frame.get("event"), frame.get("id")):
            return frame
    raise ValueError("closed by the gateway")
