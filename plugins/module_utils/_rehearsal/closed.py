# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fly.toml of a closed copy: a gateway that nobody reaches, and that does nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._base.errors import CollectionError
from .._fly.toml.definition import FlyToml

OF = "ANSIBLE_COPY_OF"
"""The variable of the environment by which a machine of a copy is known, with the name of the app that it copies."""
# At its own path a restored state runs every overdue job two seconds after it is ready, heartbeats among them: they are
# jobs too (2026.9.6).
_SILENT = {"OPENCLAW_SKIP_CRON": "1", "OPENCLAW_SKIP_CHANNELS": "1"}
_KEPT = ("kill_signal", "kill_timeout", "swap_size_mb", "vm", "mounts", "build")


def closed(definition: Mapping[str, Any], app: str, region: str, of: str) -> FlyToml:
    """The same machine in the app `app`, without services, public files and tunnels; its health check stays."""
    toml = FlyToml.parse(definition)
    group = next((group for group in toml.groups if toml.mount(group)), None)
    if group is None:
        raise CollectionError("the app mounts no volume, so there is no data to copy", where=f"app {of}")
    return FlyToml.parse(
        {
            **{key: toml.data[key] for key in _KEPT if key in toml.data},
            "app": app,
            "primary_region": region,
            "env": {**toml.env, **_SILENT, OF: of},
            "processes": {name: _without_launcher(toml, text) for name, text in _commands(toml).items()},
            "checks": _checks(toml, group),
            "restart": [{"policy": "always", "processes": [group]}],
        }
    )


def _commands(toml: FlyToml) -> dict[str, str]:
    return {str(name): str(text) for name, text in (toml.data.get("processes") or {}).items()}


def _without_launcher(toml: FlyToml, command: str) -> str:
    """The command without a script of fly.toml's own files before it: that one opens tunnels."""
    for file in toml.files:
        command = command.removeprefix(f"sh {file['guest_path']} ")
    return command


def _checks(toml: FlyToml, group: str) -> dict[str, Any]:
    """Those of the service stand alone, as there is no service."""
    http = toml.http_service(group) or {}
    of_service = {
        f"service{number}": {"type": "http", "port": http["internal_port"], "processes": [group], **check}
        for number, check in enumerate(http.get("checks") or [])
    }
    return {**toml.checks(group), **of_service}
