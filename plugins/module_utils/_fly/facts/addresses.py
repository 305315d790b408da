# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of an app's addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from ..._base.errors import CollectionError

TYPES = ("v4", "v6", "shared_v4", "private_v6")
PUBLIC_TYPES = ("v4", "v6", "shared_v4")


def typed(entries: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Each with its `type`; without those for egress only that have no address."""
    return [{**entry, "type": type_of(entry)} for entry in entries or [] if entry.get("ip")]


def type_of(entry: Mapping[str, Any]) -> str:
    """The type of an address: the API's answer does not carry one."""
    if entry.get("egress") or not entry.get("ip"):
        return "egress"
    try:
        address = ipaddress.ip_address(entry["ip"])
    except ValueError as error:
        raise CollectionError(
            "Fly.io lists an address that is no IP address", where=str(entry["ip"])[:60], todo="Check machines_url"
        ) from error
    if address.version == 6:
        return "private_v6" if entry["ip"].lower().startswith("fdaa:") else "v6"
    return "shared_v4" if entry.get("shared") else "v4"
