# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from elsewhere, made safe for a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

# C0 without tab and line feed, DEL, C1; marks that turn the direction of writing; halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# CSI and OSC sequences of ECMA-48.
_SEQUENCE = re.compile("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)")


def printable(text: str) -> str:
    r"""Write each control character as its escape, such as \x1b; other text is returned as it is."""
    return _CONTROL.sub(_escape, text)


def printable_all(value: object) -> Any:
    """The same for every text in a structure of lists and dictionaries."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable_all(key): printable_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(printable_all(item) for item in value) if type(value) in (list, tuple) else value
    return value


def without_colours(text: str) -> str:
    """Text without the sequences that colour it or move the cursor, as programs write them into their logs."""
    return _SEQUENCE.sub("", text)


def one_line(text: str, longest: int = 300) -> str:
    """Text in one line, cut after `longest` characters."""
    joined = " ".join(text[: 20 * longest].split())
    return joined if len(joined) <= longest else f"{joined[:longest]} ..."


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def first_of(texts: Sequence[str], most: int, between: str = ", ", last: str = " and ") -> str:
    """The first of them and how many more there are: "a, b and 3 more"."""
    more = f"{last}{len(texts) - most} more" if len(texts) > most else ""
    return between.join(texts[:most]) + more
