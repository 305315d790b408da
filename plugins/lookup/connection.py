# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach Fly.io, out of an inventory's variables."""

from __future__ import annotations

DOCUMENTATION = r"""
name: connection
short_description: The Fly.io connection that the inventory declares
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Returns the options C(api_token), C(machines_url), C(api_url) and C(ca_file) of this
    collection's modules, each only where the inventory has its variable C(fly_api_token), C(fly_machines_url),
    C(fly_api_url) or C(fly_ca_file). What the inventory does not set is read from the environment, as documented in
    the modules.
  - A variable that refers to another one which is not defined, or which a vault does not give up, is an error. A
    C(default) would take it for unset, and the run would go on with whatever the shell holds. The task that uses it
    fails with the reason.
options:
  _terms:
    description: None are wanted.
  lock:
    description: The option C(lock) of the modules, to be returned with the others.
    type: str
    choices: [task, run]
"""

EXAMPLES = r"""
- name: Fly.io, as declared in the inventory
  hosts: gateways
  module_defaults:
    group/openclaw.fly.all: "{{ lookup('openclaw.fly.connection') }}"
  tasks:
    - name: Apps
      openclaw.fly.fly_app:
        name: "{{ inventory_hostname }}"
"""

RETURN = r"""
_raw:
  description: One dictionary, for C(module_defaults).
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils.unusable import unusable

_VARIABLES = {
    "api_token": "fly_api_token",
    "machines_url": "fly_machines_url",
    "api_url": "fly_api_url",
    "ca_file": "fly_ca_file",
}


class LookupModule(LookupBase):
    def run(
        self, terms: list[str], variables: Mapping[str, Any] | None = None, lock: str | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        declared = variables or {}
        found: dict[str, Any] = {}
        for option, name in _VARIABLES.items():
            if name not in declared:
                continue
            try:
                found[option] = self._templar.template(declared[name])
            except AnsibleError as error:
                return [{option: unusable(name, _reason(error))}]
        return [{**found, "lock": lock} if lock else found]


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)
