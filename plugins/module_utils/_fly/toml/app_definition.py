# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fly.toml of an app with one process group, from a few settings: a dictionary, never text that is put together."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from ..._base.errors import CollectionError
from .definition import DEFAULT_GROUP
from .normal import number

Table = dict[str, Any]
_WHERE = "settings of the app"
_KEYS: dict[str, tuple[str, ...]] = {
    "": ("app", "region", "image", "kill_signal", "kill_timeout", "env", "command", "vm_size", "vm_memory", "restart",
         "volume", "service", "check", "files", "extra"),
    "volume": ("name", "path", "size_gb", "snapshot_retention"),
    "service": ("port", "force_https"),
    "check": ("name", "port", "method", "path", "grace_period", "interval", "timeout"),
}  # fmt: skip


def app_definition(settings: Mapping[str, Any]) -> Table:
    """The definition; what is null or left out is not in it.

    `check` belongs to the service, or stands alone, with a name and a port, where there is no service. `files` have
    guest_path and text. `extra` are whole sections, as fly.toml has them, which replace those of the same name.
    """
    _refuse_unknown("", settings)
    group = [DEFAULT_GROUP]
    command, volume, service = (settings.get(key) for key in ("command", "volume", "service"))
    files = [
        {"guest_path": file["guest_path"], "raw_value": file["text"], "processes": group}
        for file in settings.get("files") or []
    ]
    found: Table = {
        "app": settings.get("app"),
        "primary_region": settings.get("region"),
        "kill_signal": settings.get("kill_signal"),
        "kill_timeout": settings.get("kill_timeout"),
        "build": {"image": settings.get("image")} if settings.get("image") else None,
        "env": dict(sorted((settings.get("env") or {}).items())),
        "processes": {DEFAULT_GROUP: command} if command else None,
        "vm": _vm(settings, group),
        "restart": [{"policy": settings["restart"], "processes": group}] if settings.get("restart") else None,
        "mounts": [_mount(volume, group)] if volume else None,
        "http_service": _service(service, settings.get("check"), group) if service else None,
        "checks": None if service else _standing_alone(settings.get("check"), group),
        "files": files,
    }
    found = {**found, **(settings.get("extra") or {})}
    return {key: value for key, value in found.items() if value not in (None, [], {})}


def _refuse_unknown(section: str, given: Mapping[str, Any]) -> None:
    known = _KEYS[section]
    for key, value in given.items():
        name = f"{section}.{key}" if section else str(key)
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            todo = f"Write {near[0]}" if near else f"Known here: {', '.join(known)}"
            raise CollectionError(f"{name} is an unknown setting", where=_WHERE, todo=todo)
        if not section and key in _KEYS and isinstance(value, Mapping):
            _refuse_unknown(str(key), value)


def _vm(settings: Mapping[str, Any], group: list[str]) -> list[Table] | None:
    vm = {"size": settings.get("vm_size"), "memory": settings.get("vm_memory")}
    return [{**vm, "processes": group}] if any(vm.values()) else None


def _mount(volume: Mapping[str, Any], group: list[str]) -> Table:
    size = volume.get("size_gb")
    return {
        "source": volume["name"],
        "destination": volume["path"],
        "initial_size": f"{size}gb" if size else None,
        "snapshot_retention": number(volume.get("snapshot_retention")),
        "processes": group,
    }


def _service(service: Mapping[str, Any], check: Mapping[str, Any] | None, group: list[str]) -> Table:
    """Published, and always up: a machine that is stopped when nobody asks would miss what comes in by itself."""
    asked = {key: value for key, value in (check or {}).items() if key not in ("name", "port")}
    return {
        "internal_port": number(service["port"]),
        "force_https": service.get("force_https", True),
        "auto_stop_machines": False,
        "auto_start_machines": True,
        "min_machines_running": 1,
        "processes": group,
        "checks": [{"method": "GET", **asked}] if check else None,
    }


def _standing_alone(check: Mapping[str, Any] | None, group: list[str]) -> Table | None:
    if not check:
        return None
    asked = {key: number(value) if key == "port" else value for key, value in check.items() if key != "name"}
    return {check.get("name") or DEFAULT_GROUP: {"type": "http", "method": "GET", **asked, "processes": group}}
