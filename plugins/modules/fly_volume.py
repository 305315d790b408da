#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_volume
short_description: Declare a volume of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates it, extends it and keeps its snapshot settings. It never shrinks.
  - A volume is never destroyed but by O(state=absent) with O(destroy_data=true), after a snapshot.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  name:
    description: The volume's name, as fly.toml's C(mounts.source) has it.
    type: str
    required: true
  region:
    description: Where a new volume is made. An existing one stays where it is.
    type: str
  fallback_regions:
    description: Where to make a new one, in this order, if O(region) has no room.
    type: list
    elements: str
    default: []
  size_gb:
    description: Size in GB, 1 to 500; grows only.
    type: int
    default: 1
  snapshot_retention:
    description: Days for which daily snapshots are kept, 1 to 60.
    type: int
  auto_backup:
    description: Whether a snapshot is made every day.
    type: bool
  snapshot_id:
    description: Snapshot that a new volume is made from. A volume that is there keeps its data.
    type: str
  fork_from:
    description:
      - Id of a volume of this app whose data is copied to a new one on another host, in O(region) or else its own.
      - The copied one stays as it is, and the volume meant here is another of this name. Never done by itself.
    type: str
  vm_size:
    description: Size of the machine that will mount it, such as C(shared-cpu-2x), so that its host has room for it.
    type: str
  vm_memory:
    description: Memory of that machine, such as C(2048mb).
    type: str
  state:
    description: Whether the volume is to be there.
    type: str
    choices: [present, absent]
    default: present
  destroy_data:
    description: With O(state=absent), allow that the data is destroyed.
    type: bool
    default: false
  snapshot_first:
    description: Whether a snapshot is made before the volume is destroyed.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: The gateway's state
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: openclaw_data
    region: iad
    size_gb: 1
    snapshot_retention: 14

- name: The same data in another region, for a machine there
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: openclaw_data
    region: lhr
    fork_from: vol_4xk2m9r7

- name: Yesterday's data beside today's
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: restored
    region: iad
    snapshot_id: vs_9k3m
"""

RETURN = r"""
volume:
  description: The volume that is in use, as the Machines API gives it; null when there is none.
  returned: success
  type: dict
  sample: {id: vol_4xk, name: openclaw_data, region: iad, size_gb: 1, attached_machine_id: 3287abc}
volumes:
  description: All volumes of this name.
  returned: success
  type: list
  elements: dict
changes:
  description: What was done, or in check mode would be, a line each.
  returned: success
  type: list
  elements: str
  sample: [create 1 GB in iad]
error:
  description: The failure in parts, to be tested in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token may not do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.facts.guests import guest
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.volume import Volume

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "region": {"type": "str"},
        "fallback_regions": {"type": "list", "elements": "str", "default": []},
        "size_gb": {"type": "int", "default": 1},
        "snapshot_retention": {"type": "int"},
        "auto_backup": {"type": "bool"},
        "snapshot_id": {"type": "str"},
        "fork_from": {"type": "str"},
        "vm_size": {"type": "str"},
        "vm_memory": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "destroy_data": {"type": "bool", "default": False},
        "snapshot_first": {"type": "bool", "default": True},
    },
    "mutually_exclusive": [("snapshot_id", "fork_from")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> Volume:
    compute = None
    if params["vm_size"] or params["vm_memory"]:
        compute = guest({"size": params["vm_size"], "memory": params["vm_memory"]}, "vm_size and vm_memory")
    return Volume(
        connect(params, context),
        params["app"],
        params["name"],
        region=params["region"],
        size_gb=params["size_gb"],
        snapshot_retention=params["snapshot_retention"],
        auto_backup=params["auto_backup"],
        fallback_regions=tuple(params["fallback_regions"]),
        compute=compute,
        state=params["state"],
        destroy_data=params["destroy_data"],
        snapshot_first=params["snapshot_first"],
        snapshot=params["snapshot_id"],
        fork_from=params["fork_from"],
    )


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
