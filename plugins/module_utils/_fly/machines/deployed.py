# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of an app's machines a deploy is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..client.api import MachinesApi
from ..client.types import Json, Machine
from ..secrets.ledger import KEY as LEDGER_KEY
from .config import PLATFORM_VERSION
from .metadata import metadata

_DEAD = ("destroying", "destroyed", "replaced", "migrated")
ONE_OFF = ("fly_app_release_command", "fly_app_console", "fly_app_test_machine_command")
"""Process groups of the machines that flyctl makes for one command."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_live(machine: Mapping[str, Any]) -> bool:
    return machine.get("state") not in _DEAD


def is_deployed(machine: Mapping[str, Any]) -> bool:
    """Live, and managed by deploys (flyctl's or ours): a one-off machine is nobody's to converge."""
    of_deploys = metadata(machine).get("fly_platform_version") == PLATFORM_VERSION
    return is_live(machine) and of_deploys and group_of(machine) not in ONE_OFF


def group_of(machine: Mapping[str, Any]) -> str:
    return str(metadata(machine).get("fly_process_group") or "app")


def version_time(machine: Machine) -> float:
    """When the machine got its present version, in unix seconds, read from the version (a ULID); 0 if it is none."""
    digits = str(machine.get("instance_id") or "")[:10]
    if len(digits) < 10 or any(digit not in _CROCKFORD for digit in digits):
        return 0.0
    milliseconds = 0
    for digit in digits:
        milliseconds = milliseconds * 32 + _CROCKFORD.index(digit)
    return milliseconds / 1000


def public_view(machine: Machine) -> Json:
    """A machine as it is returned: without what only we need."""
    config = machine.get("config") or {}
    shown = {k: v for k, v in metadata(machine).items() if k != LEDGER_KEY}
    return {**{k: v for k, v in machine.items() if k != "nonce"}, "config": {**config, "metadata": shown}}


def live_machines(api: MachinesApi, app: str, group: str | None = None) -> list[Json]:
    """All machines of an app that are not gone, as they may be shown."""
    live = [machine for machine in api.machines(app) or [] if is_live(machine)]
    return [public_view(machine) for machine in live if group in (None, group_of(machine))]
