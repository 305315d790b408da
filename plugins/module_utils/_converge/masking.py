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

from .._base.secret_recognition import HIDDEN, hide, hide_in

_TEXTS = frozenset(
    {"msg", "warnings", "deprecations", "exception", "diff", "changes", "failed_change"}
    | {"invocation", "module_stderr", "module_stdout"}
)
"""Keys of a result that people read."""
_ERROR = "error"
_ERROR_TEXTS = frozenset({"what", "where", "why", "todo", "log", "stdout", "stderr", "refusals"})
_SHORT = 4
"""A shorter value is in every other sentence: it is masked where it stands as a value, in quotes or after a `=`."""
_SHORTEST = 16
_DISTINCT = 8
"""Characters that differ in an unmistakable value."""
_PLAIN = re.compile(r"[a-z]{1,20}(?:[-_. ][a-z]{1,20})*|[\d.:,TZ+-]+|[/\[{].{,64}", re.IGNORECASE | re.DOTALL)
"""Words, numbers and times, paths and short JSON: they occur in data that has nothing to do with a secret."""


def mask_result(result: dict[str, object], values: Iterable[object]) -> dict[str, object]:
    """The result as it may leave the task."""
    secrets = _texts(values)
    in_data = unmistakable(secrets)
    return {key: _masked(key, value, secrets, in_data) for key, value in result.items()}


def mask_text(text: str, values: Iterable[object]) -> str:
    """A text that a person reads; a value that is all of it is masked as any other."""
    secrets = _texts(values)
    masked: str = _removed(f"{text}\n", secrets)
    return hide(masked.removesuffix("\n"), sorted(unmistakable(secrets)))


def unmistakable(values: Iterable[object]) -> set[str]:
    """Those that cannot be in data by chance."""
    return {
        value
        for value in _texts(values)
        if len(value) >= _SHORTEST and len(set(value)) >= _DISTINCT and not _PLAIN.fullmatch(value)
    }


def _texts(values: Iterable[object]) -> set[str]:
    return {str(value) for value in values if value not in (None, "") and not isinstance(value, bool)}


def _masked(key: str, value: object, secrets: set[str], in_data: set[str]) -> object:
    if key == _ERROR and isinstance(value, Mapping):
        texts = {name: part for name, part in value.items() if name in _ERROR_TEXTS}
        return {**remove_values(dict(value), in_data), **_for_people(texts, secrets, in_data)}
    return _for_people(value, secrets, in_data) if key in _TEXTS else remove_values(value, in_data)


def _for_people(value: object, secrets: set[str], in_data: set[str]) -> Any:
    """Also without parts of a secret, such as the begin of a token in an API's error, and without what looks like one:
    a task's arguments hold what people wrote in the wrong place."""
    return hide_in(_removed(value, secrets), sorted(in_data))


def _removed(value: Any, secrets: set[str]) -> Any:
    short = {secret for secret in secrets if len(secret) < _SHORT}
    rest = remove_values(value, secrets - short)
    if not short:
        return rest
    any_of = "|".join(re.escape(secret) for secret in sorted(short, key=len, reverse=True))
    return _without_short(rest, short, re.compile(rf"""(?<=['"=])(?:{any_of})(?=['"\s,;.)&]|$)"""))


def _without_short(value: Any, short: set[str], stands: re.Pattern[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_short(inner, short, stands) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_short(inner, short, stands) for inner in value]
    if isinstance(value, str):
        return HIDDEN if value in short else stands.sub(HIDDEN, value)
    return value
