#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_volume
short_description: Manage a volume of an app
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates a volume, extends it and manages its snapshot settings. A volume cannot shrink.
  - A volume is destroyed only with O(state=absent) and O(destroy_data=true), after a snapshot.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  name:
    description: The volume's name, as in fly.toml's C(mounts.source).
    type: str
    required: true
  region:
    description:
      - Region of a new volume. An existing volume cannot be moved, so the task fails when it is in another region than
        this one and O(fallback_regions).
    type: str
  fallback_regions:
    description: Regions to try for a new volume, in this order, if O(region) has no capacity.
    type: list
    elements: str
    default: []
  size_gb:
    description: Size in GB, 1 to 500. Can only grow.
    type: int
    default: 1
  snapshot_retention:
    description: Number of days to keep daily snapshots, 1 to 60.
    type: int
  auto_backup:
    description: Whether Fly.io takes a snapshot every day.
    type: bool
  snapshot_id:
    description: ID of the snapshot to restore into a new volume, which must be at least as large as the volume that the
      snapshot is of. An existing volume keeps its data.
    type: str
  fork_from:
    description:
      - ID of a volume of this app to copy to a new volume on another host, in O(region) or by default in the same
        region.
      - The source volume is left unchanged; this task then manages the new volume of the same name. Never happens
        automatically.
    type: str
  start_empty:
    description:
      - Whether a new, empty volume is created although the app had one of this name (its snapshots are listed, or a
        machine still mounts it), or uses a volume of another name.
      - Without it, the task fails and names the snapshots to restore with O(snapshot_id).
    type: bool
    default: false
  vm_size:
    description:
      - Size of the machine that will mount the volume, such as C(shared-cpu-2x), so that its host has capacity for
        it.
    type: str
  vm_memory:
    description: Memory of that machine, such as C(2048mb).
    type: str
  state:
    description: Whether the volume should exist.
    type: str
    choices: [present, absent]
    default: present
  destroy_data:
    description: With O(state=absent), confirm that the data is destroyed.
    type: bool
    default: false
  snapshot_first:
    description: Whether to take a snapshot before the volume is destroyed.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Create a volume for the gateway's state
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: openclaw_data
    region: iad
    size_gb: 1
    snapshot_retention: 14

- name: Copy the data to another region, for a machine there
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: openclaw_data
    region: lhr
    fork_from: vol_4xk2m9r7

- name: Restore a snapshot beside the current data
  openclaw.fly.fly_volume:
    app: my-openclaw
    name: restored
    region: iad
    snapshot_id: vs_9k3m
"""

RETURN = r"""
volume:
  description: The volume that is in use, as the Machines API returns it; null if it does not exist.
  returned: success
  type: dict
  contains:
    id:
      description: The volume's ID.
      type: str
    name:
      description: The volume's name.
      type: str
    state:
      description: The volume's state, such as V(created).
      type: str
    region:
      description: The volume's region.
      type: str
    size_gb:
      description: Size in GB.
      type: int
    attached_machine_id:
      description: ID of the machine that mounts the volume; null if none does.
      type: str
    snapshot_retention:
      description: Number of days that daily snapshots are kept.
      type: int
    auto_backup_enabled:
      description: Whether Fly.io takes a snapshot every day.
      type: bool
  sample: {id: vol_4xk, name: openclaw_data, region: iad, size_gb: 1, attached_machine_id: 3287abc}
volumes:
  description: All volumes of this name, with the fields of RV(volume).
  returned: success
  type: list
  elements: dict
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [create 1 GB in iad]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.facts.guests import guest
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.volume import Volume, WantedVolume

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
        "start_empty": {"type": "bool", "default": False},
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
    wanted = WantedVolume(
        app=params["app"],
        name=params["name"],
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
        start_empty=params["start_empty"],
    )
    return Volume(connect(params, context), wanted, context.progress)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
