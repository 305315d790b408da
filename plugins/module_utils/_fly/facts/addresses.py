# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of an app's addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

TYPES = ("v4", "v6", "shared_v4", "private_v6")
PUBLIC_TYPES = ("v4", "v6", "shared_v4")


def type_of(entry: dict[str, Any]) -> str:
    """The type of an address: the API's answer does not carry one."""
    address = ipaddress.ip_address(entry["ip"])
    if entry.get("egress"):
        return "egress"
    if address.version == 6:
        return "private_v6" if entry["ip"].lower().startswith("fdaa:") else "v6"
    return "shared_v4" if entry.get("shared") else "v4"
