# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openclaw.json as text: read with comments, written the same way every time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

from .errors import ConfigUnreadable, MissingLibrary

# A reader's order: who answers, through what, how it is reached; the rest by name.
_FIRST: Final = ("$schema", "$include", "agents", "bindings", "channels", "gateway", "auth", "models")


def text_of(config: Mapping[str, object]) -> str:
    """Two-space JSON with a trailing newline; the same config always gives the same text."""
    top = [key for key in _FIRST if key in config]
    top += sorted(key for key in config if key not in _FIRST)
    ordered = {key: _sorted(config[key]) for key in top}
    return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"


def sha256(text: str) -> str:
    """Hex digest of the text as it lies on the volume."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str, where: str = "openclaw.json") -> dict[str, object]:
    """Parse what is on the volume: JSON, else JSON5 (comments, trailing commas). Empty text is an empty config.

    :raises ConfigUnreadable: if it is neither, or not an object; MissingLibrary if only json5 could tell.
    """
    if not text.strip():
        return {}
    try:
        config = json.loads(text)
    except ValueError as plain:
        config = _read_json5(text, where, str(plain))
    if not isinstance(config, dict):
        raise ConfigUnreadable("The config is not an object", where=where, todo="It must begin with { and end with }.")
    return config


def _read_json5(text: str, where: str, why: str) -> object:
    try:
        import json5
    except ImportError:
        raise MissingLibrary("json5", f"reading {where}, which is not plain JSON ({why})") from None
    try:
        return json5.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigUnreadable(
            "The config is neither JSON nor JSON5",
            where=where,
            why=re.sub(r"^<string>:(?=\d)", "line ", str(error).splitlines()[0]),
            todo="Fix it or move it away; the gateway would not start with it either.",
        ) from None


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [_sorted(item) for item in value]
    return value
