# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play, or an error when there are none."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateways
short_description: The hosts of a play, or an error if no host matches
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Returns a host pattern for C(hosts) of a play. Ansible itself skips a play whose pattern matches no host, and
    reports success; this lookup fails then, so that a pipeline is not green with nothing done.
  - The limit of the run (C(-l)) counts too.
  - A tag in C(--tags) that nothing in the playbook has is an error for the same reason, as is a misspelt one in
    C(--skip-tags).
options:
  _terms:
    description: The pattern; by default the variable C(gateways), else the group C(gateways).
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Deploy gateways
  hosts: "{{ lookup('openclaw.fly.gateways') }}"
  connection: local
  gather_facts: false
  tasks:
    - name: Deploy the gateway
      ansible.builtin.import_role:
        name: openclaw.fly.openclaw_gateway
"""

RETURN = r"""
_raw:
  description: The pattern.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase

from ..plugin_utils.tags import require_known_tags

_ALL = ("all", "ungrouped")


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        scope = variables or {}
        given = terms[0] if terms else scope.get("gateways", "gateways")
        pattern = str(self._templar.template(given))
        # What only reads a playbook has no inventory.
        if not any(context.CLIARGS.get(option) for option in ("syntax", "listtasks", "listtags")):
            groups: Mapping[str, list[str]] = scope.get("groups") or {}
            limit = scope.get("ansible_limit")
            _require(self._hosts(groups, pattern, None), pattern, groups)
            _require_in_limit(self._hosts(groups, pattern, limit), pattern, limit)
            require_known_tags(self._loader)
        return [pattern]

    def _hosts(self, groups: Mapping[str, list[str]], pattern: str, limit: str | None) -> list[str]:
        manager = InventoryManager(self._loader, parse=False)
        for group, hosts in groups.items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)
        if limit:
            manager.subset(limit)
        return [str(host) for host in manager.get_hosts(pattern=pattern)]


def _require(hosts: list[str], pattern: str, groups: Mapping[str, list[str]]) -> None:
    if hosts:
        return
    known = sorted(group for group, members in groups.items() if members and group not in _ALL)
    have = f"The inventory's groups: {', '.join(known)}." if known else "The inventory has no group with hosts."
    raise AnsibleError(
        f"gateways={pattern}: no host of the inventory matches, so nothing would be done. {have}"
        " Put the gateways into the group `gateways`, or give a group or host that exists: -e gateways=GROUP."
        " The inventory is an option: -i FOLDER."
    )


def _require_in_limit(hosts: list[str], pattern: str, limit: str | None) -> None:
    if not hosts:
        raise AnsibleError(
            f"--limit {limit}: it leaves no host of `{pattern}`, so nothing would be done."
            f" Give -l a host of `{pattern}` (ansible-inventory --graph lists them), or -e gateways=GROUP."
        )
