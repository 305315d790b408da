# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old a secret's value is."""

from __future__ import annotations

from ..._base import clock
from ..client.types import Secret

_DAY = 86400


def time_of(secret: Secret) -> str | None:
    """When its value was set; None where Fly.io does not return it."""
    return secret.get("updated_at") or secret.get("created_at")


def aged_view(secret: Secret) -> dict[str, object]:
    """{name, digest, set_at, age_days}; the last two are None where Fly.io does not return a time."""
    time = time_of(secret)
    since = max(0.0, clock.now() - clock.parse(time)) if time else None
    return {
        "name": secret["name"],
        "digest": secret.get("digest") or "",
        "set_at": clock.text(clock.parse(time)) if time else None,
        "age_days": None if since is None else round(since / _DAY, 2),
    }
