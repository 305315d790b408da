# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one command in a machine."""

from __future__ import annotations

from typing import Any

from .api import MachinesApi
from .pick_machine import started_machine
from .remote_files import RemoteFiles


def run_command(
    api: MachinesApi,
    app: str,
    command: list[str],
    *,
    stdin: str | None = None,
    machine: str | None = None,
    timeout: int = 25,
) -> dict[str, Any]:
    """Return {machine, exit_code, stdout, stderr}; an exit code is no error here."""
    identity = started_machine(api, app, machine)["id"]
    return {"machine": identity, **RemoteFiles(api, app, identity).run(command, stdin, timeout)}
