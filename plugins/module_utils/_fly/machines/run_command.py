# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one command in a machine."""

from __future__ import annotations

from typing import Any

from ..client.api import MachinesApi
from ..client.errors import LostAnswer, TimedOut
from .detached import Command, run_detached
from .pick import started_machine
from .remote_files import RemoteFiles

LONGEST = 25
"""Seconds that Fly.io surely gives an exec; of longer ones many end with 408 after half a minute or a whole one."""


def run_command(
    api: MachinesApi,
    app: str,
    command: list[str],
    *,
    stdin: str | None = None,
    machine: str | None = None,
    timeout: int = 25,
    detach: bool = False,
    safe: bool = False,
) -> dict[str, Any]:
    """Return {machine, exit_code, stdout, stderr}; an exit code is no error here. `timeout` is in seconds.

    `safe`: the command changes nothing, so it is run again when its answer is lost.
    """
    identity = started_machine(api, app, machine)["id"]
    remote = RemoteFiles(api, app, identity)
    if detach or timeout > LONGEST:
        return {"machine": identity, **run_detached(remote, Command(command, command[0], stdin or ""), timeout)}
    try:
        return {"machine": identity, **remote.run(command, stdin, timeout, safe=safe)}
    except (LostAnswer, TimedOut) as error:
        raise type(error)(
            f"the connection was lost before {command[0]} ended, so it may have run or may still be running",
            where=f"machine {identity} of {app}",
            why=error.why,
            todo="Check what it did before you run it again; with detach: true it is started only once",
            **error.details,
        ) from error
