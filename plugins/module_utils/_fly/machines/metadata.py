# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's metadata, and what is noted there as JSON: it is anybody's to write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def metadata(machine: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata by name."""
    return dict((machine.get("config") or {}).get("metadata") or {})


def note(machine: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The JSON object that is noted under `key`; empty where there is none, or something else."""
    try:
        found = json.loads(str(metadata(machine).get(key) or "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
