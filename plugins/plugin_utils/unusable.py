# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that a lookup could not get, handed on to the task that needs them.

What a lookup raises in module_defaults is printed three times by Ansible, with the lookup's name before it. The task
that gets such a text instead fails with the reason alone.
"""

from __future__ import annotations

from ..module_utils._base.errors import CollectionError

_MARK = "\u2063openclaw.fly cannot be reached, because of a variable: "


def unusable(name: str, reason: str) -> str:
    """What stands for the value of the variable `name`."""
    return f"{_MARK}{name}: {reason}"


def refused(value: object) -> CollectionError | None:
    """The error that such a text stands for."""
    if not isinstance(value, str) or not value.startswith(_MARK):
        return None
    name, _colon, reason = value.removeprefix(_MARK).partition(": ")
    return CollectionError(
        "the connection to Fly.io is not known",
        where=name,
        why=reason.rstrip("."),
        todo=f"Correct {name} in the inventory, or give what it is read from",
    )
