"""Browsers and other devices that asked to pair; a file, so that `devices approve` reaches the running gateway."""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import Any

from .config import state_dir

State = dict[str, list[dict[str, Any]]]


def read() -> State:
    try:
        state: State = json.loads((state_dir() / "featherweight-devices.json").read_text())
    except FileNotFoundError:
        return {"pending": [], "paired": []}
    return state


def _write(state: State) -> None:
    path = state_dir() / "featherweight-devices.json"
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    staging.write_text(json.dumps(state))
    staging.replace(path)


def paired(device_id: str) -> bool:
    return any(device["deviceId"] == device_id for device in read()["paired"])


def ask(device_id: str, client_id: str, role: str, scopes: list[str], remote: str) -> str:
    """The request id of this device's pending request, made when there is none."""
    state = read()
    for request in state["pending"]:
        if request["deviceId"] == device_id:
            return str(request["requestId"])
    request = {
        "requestId": str(uuid.uuid4()), "deviceId": device_id, "clientId": client_id, "role": role, "roles": [role],
        "scopes": scopes, "remoteIp": remote, "ts": int(time.time() * 1000),
    }  # fmt: skip
    state["pending"].append(request)
    _write(state)
    return str(request["requestId"])


def pair(device_id: str, via: str, fields: dict[str, Any]) -> None:
    state = read()
    state["paired"].append(
        {**fields, "deviceId": device_id, "approvedVia": via, "approvedAtMs": int(time.time() * 1000)}
    )
    _write(state)


def approve(request_id: str) -> dict[str, Any] | None:
    """Move a pending request to the paired devices; None when there is no such request."""
    state = read()
    for request in state["pending"]:
        if request["requestId"] == request_id:
            state["pending"].remove(request)
            device = {key: value for key, value in request.items() if key not in ("requestId", "ts")}
            state["paired"].append({**device, "approvedVia": "cli", "approvedAtMs": int(time.time() * 1000)})
            _write(state)
            return {"requestId": request_id, "device": device}
    return None
