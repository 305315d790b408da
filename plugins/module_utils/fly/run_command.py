# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one command in a machine."""

from __future__ import annotations

from typing import Any

from .api import MachinesApi
from .detached import run_detached
from .pick_machine import started_machine
from .remote_files import RemoteFiles

LONGEST = 60
"""Seconds that Fly.io gives an exec at most."""


def run_command(
    api: MachinesApi,
    app: str,
    command: list[str],
    *,
    stdin: str | None = None,
    machine: str | None = None,
    timeout: int = 25,
    detach: bool = False,
) -> dict[str, Any]:
    """Return {machine, exit_code, stdout, stderr}; an exit code is no error here. `timeout` is in seconds."""
    identity = started_machine(api, app, machine)["id"]
    remote = RemoteFiles(api, app, identity)
    if detach or timeout > LONGEST:
        return {"machine": identity, **run_detached(remote, f"machine {identity} of {app}", command, stdin, timeout)}
    return {"machine": identity, **remote.run(command, stdin, timeout)}
