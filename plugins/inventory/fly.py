# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps and machines of a Fly.io organization as inventory hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fly
short_description: Fly.io inventory source
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Reads the apps of an organization, with their machines, volumes and addresses, and makes each app, or each machine,
    an inventory host.
  - The configuration file's name must end in C(fly.yml) or C(fly.yaml).
  - The number of requests does not depend on the number of apps; 500 apps take about ten.
  - Use it to target what exists. What should exist is declared in an ordinary inventory.
extends_documentation_fragment:
  - openclaw.fly.api_plugin
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks the file as a source of this plugin.
    type: str
    required: true
    choices: [openclaw.fly.fly]
  org:
    description: Slug of the organization.
    type: str
    required: true
    env:
      - name: FLY_ORG
  host_per:
    description:
      - With V(app), each app is a host, named after the app.
      - With V(machine), each machine is a host, named by its ID.
    type: str
    choices: [app, machine]
    default: app
  group:
    description: Group that all hosts are added to.
    type: str
    default: fly
  apps:
    description: Include only apps whose name matches one of these shell patterns, such as C(acme-*).
    type: list
    elements: str
    default: []
  regions:
    description: Include only hosts in these regions.
    type: list
    elements: str
    default: []
  process_groups:
    description: Include only hosts with a machine of one of these process groups.
    type: list
    elements: str
    default: []
  exposures:
    description: Include only hosts with one of these exposures.
    type: list
    elements: str
    choices: [public, private, sealed]
    default: []
  managed:
    description: Include only hosts that this collection manages (V(true)) or does not manage (V(false)).
    type: bool
notes:
  - "Each host has the variables C(fly_name), C(fly_organization), C(fly_network), C(fly_status), C(fly_region),
    C(fly_process_groups), C(fly_state), C(fly_health) (V(passing), V(warning), V(critical) or V(unknown)),
    C(fly_image), C(fly_release), C(fly_memory_mb), C(fly_exposure) (V(public), V(private), V(sealed) or null),
    C(fly_addresses), C(fly_volumes), C(fly_machines) and C(fly_managed). With O(host_per=machine) it also has
    C(fly_machine_id) and C(fly_machine_name)."
"""

EXAMPLES = r"""
# fly.yml: every app of the organization, grouped
plugin: openclaw.fly.fly
org: acme
keyed_groups:
  - prefix: region
    key: fly_region
  - prefix: exposure
    key: fly_exposure
groups:
  gateways: fly_managed
  unhealthy: fly_health == "critical"
compose:
  fly_app_name: fly_name
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible/fly
cache_timeout: 300

# machines.fly.yml: the machines of the customers' apps in Europe
# plugin: openclaw.fly.fly
# org: acme
# host_per: machine
# apps: [customer-*]
# regions: [ams, cdg, fra]
"""

from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._base.errors import CollectionError
from ..module_utils._converge.context import Context
from ..module_utils._fleet.hosts import Selection, hosts
from ..module_utils._fleet.organization import read
from ..module_utils._options.graphql import connect_organization

_API = ("api_token", "machines_url", "api_url", "ca_file", "api_timeout", "api_retries")
Hosts = list[tuple[str, dict[str, Any]]]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "openclaw.fly.fly"

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(("fly.yml", "fly.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        use_cache = cache and self.get_option("cache")
        found: Hosts | None = self._cache.get(key) if use_cache else None
        if found is None:
            found = list(self._hosts())
            if self.get_option("cache"):
                self._cache[key] = [[name, variables] for name, variables in found]
        group = self.inventory.add_group(self.get_option("group"))
        strict = self.get_option("strict")
        for name, variables in found:
            self.inventory.add_host(name, group=group)
            for variable, value in variables.items():
                self.inventory.set_variable(name, variable, value)
            self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)

    def _hosts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        params = {name: self.get_option(name) for name in _API}
        selection = Selection(
            apps=tuple(self.get_option("apps")),
            regions=tuple(self.get_option("regions")),
            process_groups=tuple(self.get_option("process_groups")),
            exposures=tuple(self.get_option("exposures")),
            managed=self.get_option("managed"),
        )
        context = Context(warn=self.display.warning)
        try:
            apps, warnings = read(*connect_organization(params, context), self.get_option("org"))
        except CollectionError as error:
            raise AnsibleParserError(str(error)) from error
        for warning in warnings:
            context.warn(f"{self.get_option('org')}: {warning}")
        yield from hosts(apps, selection, per_machine=self.get_option("host_per") == "machine")
