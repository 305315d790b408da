# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge dictionaries that several levels of an inventory declare."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deep_merge
short_description: Merge dictionaries, the later over the earlier
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Merges a list of dictionaries in their order. Dictionaries within merge; anything else, lists too, is replaced.
  - Where they declare nothing in common, their order does not matter.
options:
  _input:
    description: The dictionaries, the weakest first.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: What all have, and what this one has besides
  ansible.builtin.debug:
    msg: "{{ [fleet_channels, host_channels] | openclaw.fly.deep_merge }}"
"""

RETURN = r"""
_value:
  description: One dictionary.
  type: dict
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._openclaw.render import deep_merge as merge


def deep_merge(dictionaries: Iterable[Any]) -> dict[str, Any]:
    layers = [dictionaries] if isinstance(dictionaries, Mapping) else list(dictionaries)
    for layer in layers:
        if not isinstance(layer, Mapping):
            raise AnsibleFilterError(f"deep_merge takes a list of dictionaries; one of them is {layer!r}")
    return reduce(merge, layers, {})


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"deep_merge": deep_merge}
