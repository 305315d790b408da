# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be a secret's value: a text in one line, or a key or JSON document in several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_IN_QUOTES = "Write it in quotes, so that it is stored as you wrote it"
_DOCUMENT = ("-----BEGIN ", "{", "[")
"""What may take several lines: PEM and JSON."""


@dataclass(frozen=True)
class Fault:
    """Why a value cannot be stored, and what to do; the value is in neither."""

    why: str
    todo: str


def fault_of(value: object) -> Fault | None:
    """Why this cannot be a secret's value; None when it can."""
    if value is None:
        return Fault("is null", "Give it a value, or leave it out")
    if isinstance(value, bool | int | float):
        kind = "a boolean" if isinstance(value, bool) else "a number"
        return Fault(f"is {kind}, not a text", _IN_QUOTES)
    if not isinstance(value, str):
        kind = "a dictionary" if isinstance(value, Mapping) else "a list"
        return Fault(f"is {kind}, not a text", "Refer to one value in it, or make it a text with to_json")
    return _fault_of_text(value)


def _fault_of_text(value: str) -> Fault | None:
    if not value.strip():
        return Fault("is empty", "Give it a value, or leave it out")
    if "\0" in value:
        return Fault("contains a NUL character", "No environment variable can hold one; encode it with b64encode")
    if value.lstrip().startswith(_DOCUMENT):
        return None
    if "\n" in value.strip() or "\r" in value.strip():
        return Fault("has several lines", "A token or password is one line; a file that holds more is not one")
    if value != value.strip():
        return Fault("begins or ends with white space", "Remove it, such as with the filter trim")
    return None
