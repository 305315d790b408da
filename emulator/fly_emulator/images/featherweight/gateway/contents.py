"""What the gateway's reading methods answer: what is configured, and what tests put into `featherweight.json`.

That file, in the gateway's state, has a number of `sessions` and the ids of `cron_jobs`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from . import devices
from .config import state_dir


def _health(_config: dict[str, Any], _params: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "channels": {}, "featherweight": True}


def _sessions(_config: dict[str, Any], _params: dict[str, Any]) -> dict[str, Any]:
    return {"totalCount": int(_kept().get("sessions", 0)), "sessions": []}


def _cron_jobs(_config: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    jobs, offset, limit = _kept().get("cron_jobs", []), params.get("offset", 0), params.get("limit", 50)
    return {"total": len(jobs), "jobs": [{"id": each, "name": each} for each in jobs[offset : offset + limit]]}


def _agents(config: dict[str, Any], _params: dict[str, Any]) -> dict[str, Any]:
    entries = config.get("agents", {}).get("entries") or {"main": {}}
    return {"defaultId": next(iter(entries)), "agents": [{"id": each} for each in entries]}


def _devices(_config: dict[str, Any], _params: dict[str, Any]) -> dict[str, Any]:
    return devices.read()


def _channels(_config: dict[str, Any], _params: dict[str, Any]) -> dict[str, Any]:
    return {"channelAccounts": {}}


METHODS: dict[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
    "health": _health,
    "sessions.list": _sessions,
    "cron.list": _cron_jobs,
    "agents.list": _agents,
    "device.pair.list": _devices,
    "channels.status": _channels,
}
"""By name, what answers from the config and the parameters."""


def _kept() -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads((state_dir() / "featherweight.json").read_text())
    except (OSError, ValueError):
        return {}
    return kept
