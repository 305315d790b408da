# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of fly.toml as words, and values as text: the way Go does it."""

from __future__ import annotations

import io
import shlex
from decimal import Decimal
from math import isfinite, isnan


def words(command: str) -> list[str]:
    """Split as flyctl does: as a shell, where a comment begins only at the begin of a word."""
    stream = io.StringIO(command)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    found: list[str] = []
    begin = 0
    while (word := lexer.get_token()) is not None:
        raw = command[begin:].lstrip()
        if raw.startswith("#"):
            return [*found, *words(raw.partition("\n")[2])]
        found.append(word)
        begin = stream.tell()
    return found


def text(value: object) -> str:
    """A value of [env] or of a header as Go prints it: true, 3, 1.5, 1e+06."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return str(value)
    if not isfinite(value):
        return "NaN" if isnan(value) else ("+Inf" if value > 0 else "-Inf")
    number = Decimal(repr(value))
    exponent = number.adjusted()
    if value and not -4 <= exponent < 6:
        return f"{number.scaleb(-exponent).normalize():f}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    return f"{number.normalize():f}"
