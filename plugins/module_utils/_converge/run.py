# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's parameters to its result: the same for the worker and for an ordinary module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._base.errors import CollectionError
from .context import Context
from .engine import converge
from .resource import Resource

Params = dict[str, Any]
Body = Callable[[Params, Context], Any]
"""What a module does: give a `Resource` to converge, or (for `_info` and exec) a result as a dictionary."""


def run(body: Body, params: Params, context: Context) -> dict[str, Any]:
    """Run a module's body; an error of ours becomes a failed result, never a traceback."""
    try:
        outcome = body(params, context)
        result: dict[str, Any] = converge(outcome, context) if isinstance(outcome, Resource) else outcome
        return result
    except CollectionError as error:
        return {"failed": True, "msg": str(error), "error": error.as_dict()}
