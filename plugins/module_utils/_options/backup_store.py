# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which tasks name where backups are kept."""

from __future__ import annotations

from typing import Any

from .._archive.place import store_of
from .._archive.store import Store
from .._converge.context import Context

STORE_OPTIONS: dict[str, Any] = {
    "folder": {"type": "path", "required": True},
    "s3": {
        "type": "dict",
        "options": {
            "endpoint": {"type": "str"},
            "region": {"type": "str"},
            "access_key": {"type": "str", "no_log": False},
            "secret_key": {"type": "str", "no_log": True},
            "session_token": {"type": "str", "no_log": True},
            "path_style": {"type": "bool", "default": False},
        },
    },
}
"""Documented in the doc fragment `openclaw.fly.backup_store`."""

OPTIONAL_STORE: dict[str, Any] = {**STORE_OPTIONS, "folder": {"type": "path"}}
"""Where only some tasks of a module have to do with encrypted backups."""


def store(params: dict[str, Any], context: Context) -> Store:
    """The store that a task names; what it signs with is masked. Raises for what is no place."""
    return store_of(params["folder"], params["s3"], context.secret)
