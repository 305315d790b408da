# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take secrets out of a task's result without changing what a later task computes with.

What a person reads (messages, diffs, warnings, arguments) loses every secret. What a task hands to a later one loses
only values that cannot be there by chance: a secret such as `1`, `true` or `production` occurs in states, sizes and
timestamps, and to replace it there would break the next task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.common.parameters import remove_values

from .._base.secret_recognition import hide, hide_in

_TEXTS = frozenset(
    {"msg", "warnings", "deprecations", "exception", "diff", "changes", "failed_change"}
    | {"invocation", "module_stderr", "module_stdout"}
)
"""Keys of a result that people read."""
_ERROR = "error"
_ERROR_TEXTS = frozenset({"what", "where", "why", "todo", "log", "stdout", "stderr", "refusals"})
_SHORTEST = 16
_DISTINCT = 8
"""Characters that differ in an unmistakable value."""
_PLAIN = re.compile(r"[a-z]{1,20}(?:[-_. ][a-z]{1,20})*|[\d.:,TZ+-]+|[/\[{].{,64}", re.IGNORECASE | re.DOTALL)
"""Words, numbers and times, paths and short JSON: they occur in data that has nothing to do with a secret."""


def mask_result(result: dict[str, Any], values: Iterable[Any]) -> dict[str, Any]:
    """The result as it may leave the task."""
    secrets = _texts(values)
    in_data = unmistakable(secrets)
    return {key: _masked(key, value, secrets, in_data) for key, value in result.items()}


def mask_text(text: str, values: Iterable[Any]) -> str:
    """A text that a person reads; a value that is all of it is masked as any other."""
    secrets = _texts(values)
    masked: str = remove_values(f"{text}\n", secrets)
    return hide(masked.removesuffix("\n"), sorted(unmistakable(secrets)))


def unmistakable(values: Iterable[Any]) -> set[str]:
    """Those that cannot be in data by chance."""
    return {
        value
        for value in _texts(values)
        if len(value) >= _SHORTEST and len(set(value)) >= _DISTINCT and not _PLAIN.fullmatch(value)
    }


def _texts(values: Iterable[Any]) -> set[str]:
    return {str(value) for value in values if value not in (None, "") and not isinstance(value, bool)}


def _masked(key: str, value: Any, secrets: set[str], in_data: set[str]) -> Any:
    if key == _ERROR and isinstance(value, Mapping):
        texts = {name: part for name, part in value.items() if name in _ERROR_TEXTS}
        return {**remove_values(dict(value), in_data), **_for_people(texts, secrets, in_data)}
    return _for_people(value, secrets, in_data) if key in _TEXTS else remove_values(value, in_data)


def _for_people(value: Any, secrets: set[str], in_data: set[str]) -> Any:
    """Also without parts of a secret, such as the begin of a token in an API's error, and without what looks like one:
    a task's arguments hold what people wrote in the wrong place."""
    return hide_in(remove_values(value, secrets), sorted(in_data))
