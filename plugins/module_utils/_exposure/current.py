# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exposure that an app has at present, whatever the inventory declares."""

from __future__ import annotations

from collections.abc import Iterable

from .._fly.client.api import Json
from .._fly.facts.addresses import PUBLIC_TYPES
from .._fly.machines.config import is_held


def exposure_of(machines: Iterable[Json], addresses: Iterable[Json]) -> str | None:
    """Public, private, sealed, or None when no machine was ever deployed.

    Anything public about it makes it public: an address that somebody added, or a service that demands https.
    """
    configs = [machine.get("config") or {} for machine in machines]
    kinds = {entry["type"] for entry in addresses}
    if not configs:
        return None
    ports = [port for config in configs for service in config.get("services") or [] for port in service["ports"] or []]
    if kinds & set(PUBLIC_TYPES) or any(port.get("force_https") for port in ports):
        return "public"
    if all(is_held(config) for config in configs) and not kinds:
        return None
    return "private" if ports or "private_v6" in kinds else "sealed"
