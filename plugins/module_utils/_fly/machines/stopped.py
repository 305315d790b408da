# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that is stopped for a while, and started again whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..._base.errors import CollectionError
from ..client.api import MachinesApi
from ..client.errors import LostAnswer
from ..client.types import Machine
from .gate import AT_REST
from .writer import MachineWriter


@contextmanager
def stopped(api: MachinesApi, write: MachineWriter, app: str, identity: str) -> Iterator[None]:
    """Stop it for as long as the block lasts; afterwards it runs and is healthy.

    Raises when it was started meanwhile, as Fly.io's proxy does for a request where autostart is on.
    """
    try:
        write.halt(identity, "stop")
        known = _starts(api.machine(app, identity))
        yield
        now = api.machine(app, identity)
        if now.get("state") not in AT_REST or _starts(now) - known:
            raise CollectionError(
                "the machine was started while it had to be stopped",
                where=f"machine {identity} of {app}",
                why="somebody started it, or a request did (autostart of its service)",
                todo="Run again when nothing starts it",
            )
    finally:
        try:
            write.start(identity)
        except LostAnswer:
            write.start(identity)


def _starts(machine: Machine) -> set[str]:
    return {str(event.get("id")) for event in machine.get("events") or [] if event.get("type") == "start"}
