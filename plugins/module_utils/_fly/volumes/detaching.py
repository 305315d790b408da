# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes whose machine is destroyed: Fly.io detaches them up to a minute later."""

from __future__ import annotations

from collections.abc import Callable

from ..._base.waiting import TimedOut, wait_until
from ..client.api import MachinesApi
from ..client.errors import NotFound, WrongState
from ..client.types import Volume
from ..machines.deployed import is_live
from .pick import volumes

_TIMEOUT = 120.0


def is_detaching(api: MachinesApi, app: str, volume: Volume) -> bool:
    """Whether it is bound to a machine that is no more."""
    machine = volume.get("attached_machine_id")
    if not machine:
        return False
    try:
        return not is_live(api.machine(app, machine))
    except NotFound:
        return True


def wait_until_detached(
    api: MachinesApi, app: str, identity: str, progress: Callable[[str], None] = lambda _line: None
) -> None:
    """Return when the volume is free, or after two minutes: whoever needs it is told then by Fly.io."""

    def bound() -> str | None:
        return next((each.get("attached_machine_id") for each in volumes(api, app) if each["id"] == identity), None)

    try:
        wait_until(
            "the volume to be detached",
            bound,
            lambda machine: not machine,
            timeout=_TIMEOUT,
            where=f"volume {identity} of {app}",
            state=lambda machine: f"still bound to {machine}, which is destroyed",
            progress=progress,
        )
    except TimedOut:
        return


def destroy_volume(
    api: MachinesApi, app: str, identity: str, progress: Callable[[str], None] = lambda _line: None
) -> None:
    """Destroy it; one that is still being detached is waited for."""
    try:
        api.delete_volume(app, identity)
    except WrongState:
        bound = next((each for each in volumes(api, app) if each["id"] == identity), None)
        if bound is None or not is_detaching(api, app, bound):
            raise
        wait_until_detached(api, app, identity, progress)
        api.delete_volume(app, identity)
