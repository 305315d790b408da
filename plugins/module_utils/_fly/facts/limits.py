# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large things may be on Fly.io.

Source: the Machines API's document and its answers (2026-08): volumes 1 to 500 GB, snapshots kept for 1 to 60 days; a
request, and so a machine's configuration with its env and files, of about 1 MB.
"""

from __future__ import annotations

import json

from .names import Rejected

VOLUME_GB = (1, 500)
SNAPSHOT_DAYS = (1, 60)
CONFIG_BYTES = 1_000_000


def volume_size(size_gb: int) -> Rejected | None:
    """Why a volume cannot have this size; None when it can."""
    return _within(size_gb, VOLUME_GB, "a volume has", "GB", "size")


def snapshot_retention(days: int) -> Rejected | None:
    """Why snapshots cannot be kept for so long; None when they can."""
    return _within(days, SNAPSHOT_DAYS, "a snapshot is kept for", "days", "retention")


def config_size(config: dict[str, object]) -> Rejected | None:
    """Why a machine's configuration is too large to be sent; None when it is not."""
    size = len(json.dumps(config).encode())
    if size <= CONFIG_BYTES:
        return None
    parts = sorted(((len(json.dumps(value)), key) for key, value in config.items()), reverse=True)
    why = f"it has {size:,} bytes, most of them in {parts[0][1]}, and Fly.io takes about {CONFIG_BYTES:,}"
    return Rejected(
        why, "Make env or files smaller; large files belong on the volume (fly_machine_file) or in the image"
    )


def _within(value: int, limits: tuple[int, int], thing: str, unit: str, what: str) -> Rejected | None:
    low, high = limits
    if low <= value <= high:
        return None
    return Rejected(f"{thing} {low} to {high} {unit}, not {value}", f"Choose a {what} from {low} to {high}")
