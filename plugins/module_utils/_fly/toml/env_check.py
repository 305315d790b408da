# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's env can be read through the API, so no secret may stand in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..._base.errors import CollectionError
from ..._base.secret_recognition import find_secret


def refuse_secrets(env: dict[str, Any], where: str, public: list[str], mask: Callable[[str], object] = str) -> None:
    """Raise when a value of `env` looks like a secret; names in `public` are known to be none.

    `mask` gets each such value, so that the task's own arguments do not show it.
    """
    found = sorted(name for name, value in env.items() if name not in public and find_secret(name, value))
    for name in found:
        mask(str(env[name]))
    if found:
        raise CollectionError(
            f"env holds what looks like a secret: {', '.join(found)}",
            where=where,
            why="env is written to fly.toml and can be read through the API",
            todo="Make it a secret (fly_secrets), or name it in public_env if it is none",
            names=found,
        )
