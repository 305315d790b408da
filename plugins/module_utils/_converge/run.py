# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's parameters to its result: the same for the worker and for an ordinary module."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from .._base.errors import CollectionError
from .context import Context
from .engine import converge
from .resource import Resource

Params = dict[str, Any]
Body = Callable[[Params, Context], Any]
"""What a module does: give a `Resource` to converge, or (for `_info` and exec) a result as a dictionary."""
_REPORT = "Report it with the output of this task at -vvv: https://github.com/openclaw/ansible-collection-fly/issues"


class Bug(CollectionError):
    """An exception that is none of ours."""

    def __init__(self, error: Exception) -> None:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{'/'.join(PurePath(where.filename).parts[-3:])}:{where.lineno}"
        super().__init__("a bug in openclaw.fly", why=f"{type(error).__name__}: {error} ({place})", todo=_REPORT)


def run(body: Body, params: Params, context: Context) -> dict[str, Any]:
    """Run a module's body. Every exception becomes a failed result, a bug of ours as well."""
    try:
        outcome = body(params, context)
        result: dict[str, Any] = converge(outcome, context) if isinstance(outcome, Resource) else outcome
        return result
    except CollectionError as error:
        if not error.where and params.get("app"):
            error.where = f"app {params['app']}"
        return failed(error, context)
    except Exception as error:
        shown = {"exception": "".join(traceback.format_exception(error))} if context.traceback else {}
        return {**failed(Bug(error), context), **shown}


def failed(error: CollectionError, context: Context) -> dict[str, Any]:
    """A failed result with the error's text and its parts."""
    return {**ended(str(error), context), "error": error.as_dict()}


def ended(message: str, context: Context) -> dict[str, Any]:
    """A failed result, with what was changed before it."""
    record = context.record
    changed = record.result(diff=context.diff) if record and (record.changes or record.failed) else {}
    return {**changed, "failed": True, "msg": message}
