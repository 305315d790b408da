# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an amount of memory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: memory_mb
short_description: Read an amount of memory as Fly.io does
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Returns an amount of memory in MB. Units are read as flyctl reads them; a number without a unit is MB.
options:
  _input:
    description: The amount, such as V(2048mb), V(2gb) or V(2048).
    type: raw
    required: true
  default:
    description: What to return for a value that is not an amount of memory; without it that is an error.
    type: int
"""

EXAMPLES = r"""
- name: Limit Node's heap to three quarters of the machine's memory
  ansible.builtin.debug:
    msg: "--max-old-space-size={{ ('2gb' | openclaw.fly.memory_mb * 0.75) | int }}"
"""

RETURN = r"""
_value:
  description: The amount in MB.
  type: int
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._base.errors import CollectionError
from ..module_utils._fly.facts.guests import memory_mb as read


def memory_mb(amount: Any, default: int | None = None) -> int:
    try:
        return read(amount)
    except CollectionError as error:
        if default is not None:
            return default
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"memory_mb": memory_mb}
