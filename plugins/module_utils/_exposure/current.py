# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exposure that an app has at present, whatever the inventory declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._fly.facts.addresses import PUBLIC_TYPES
from .._fly.machines.config import is_held
from .._fly.machines.deployed import is_deployed
from .._fly.machines.services import published_by


def exposure_of(machines: Iterable[Mapping[str, Any]], addresses: Iterable[Mapping[str, Any]]) -> str | None:
    """Public, private, sealed, or None when no machine was ever deployed. `machines` are all that the app has.

    Anything public about it makes it public: an address that somebody added, or a service that demands https, of
    whatever machine: Fly's proxy sends requests to one-off machines too.
    """
    machines = list(machines)
    deployed = [machine.get("config") or {} for machine in machines if is_deployed(machine)]
    kinds, ports = {entry["type"] for entry in addresses}, published_by(machines)
    if not deployed and not ports:
        return None
    if kinds & set(PUBLIC_TYPES) or any(port.force_https for port in ports):
        return "public"
    if all(is_held(config) for config in deployed) and not kinds and not ports:
        return None
    return "private" if ports or "private_v6" in kinds else "sealed"
