# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exposure that an app has at present, whatever the inventory declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..facts.addresses import PUBLIC_TYPES, TYPES
from .config import in_maintenance
from .deployed import is_deployed
from .services import published_by

HIDDEN = ("private", "sealed")
"""An app of these does not become public unless somebody confirms it."""


def exposure_of(machines: Iterable[Mapping[str, Any]], addresses: Iterable[Mapping[str, Any]]) -> str | None:
    """Public, private, sealed, or None when no machine was ever deployed. `machines` are all that the app has.

    A public address makes it public, whoever added it, and nothing else does: without one no service is reachable from
    the internet. Of the rest, a service of any machine counts: Fly's proxy sends requests to one-off machines too.
    """
    machines = list(machines)
    deployed = [machine.get("config") or {} for machine in machines if is_deployed(machine)]
    kinds, ports = {entry["type"] for entry in addresses} & set(TYPES), published_by(machines)
    if not deployed and not ports:
        return None
    if kinds & set(PUBLIC_TYPES):
        return "public"
    if all(in_maintenance(config) for config in deployed) and not kinds and not ports:
        return None
    return "private" if ports or "private_v6" in kinds else "sealed"
