#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_volume_snapshot
short_description: Create a snapshot of a volume
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates a snapshot and waits until it can be restored, unless a recent one exists.
  - M(openclaw.fly.fly_volume) restores it into a new volume. Fly.io removes it after the volume's retention period, 5
    days by
    default.
attributes:
  idempotent:
    description: A second run changes nothing and writes nothing.
    support: partial
    details: Without O(max_age), every run creates a snapshot.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  name:
    description: The volume's name. If several have it, the one that a machine mounts is used.
    type: str
  volume:
    description: The volume's ID, instead of its name.
    type: str
  max_age:
    description: Create no new snapshot if one is newer than this, such as C(12h). If omitted, every run creates one.
    type: str
  wait_timeout:
    description: Timeout in seconds for the snapshot to be ready.
    type: float
    default: 600.0
"""

EXAMPLES = r"""
- name: Create a snapshot before the upgrade, unless one was created within the hour
  openclaw.fly.fly_volume_snapshot:
    app: my-openclaw
    name: openclaw_data
    max_age: 1h
"""

RETURN = r"""
volume:
  description: ID of the volume.
  returned: success
  type: str
snapshot:
  description: The newest snapshot, as the Machines API returns it; null in check mode if there is none yet.
  returned: success
  type: dict
  contains:
    id:
      description: The snapshot's ID.
      type: str
    status:
      description: The snapshot's status; it can be restored once it is V(created).
      type: str
    size:
      description: Size of the stored data in bytes.
      type: int
    created_at:
      description: When the snapshot was created.
      type: str
    retention_days:
      description: Number of days that Fly.io keeps it.
      type: int
  sample: {id: vs_9k3m, status: created, size: 1048576, created_at: "2026-09-20T10:00:00Z", retention_days: 5}
snapshots:
  description: All snapshots of the volume, with the fields of RV(snapshot).
  returned: success
  type: list
  elements: dict
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [create a snapshot]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: Forbidden, what: the API token is not allowed to do this, status: 403, request_id: 01HX}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.toml.durations import seconds
from ..module_utils._options.api import API_OPTIONS, connect
from ..module_utils._resources.volume_snapshot import VolumeSnapshot, WantedSnapshot

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "name": {"type": "str"},
        "volume": {"type": "str"},
        "max_age": {"type": "str"},
        "wait_timeout": {"type": "float", "default": 600.0},
    },
    "required_one_of": [("name", "volume")],
    "mutually_exclusive": [("name", "volume")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> VolumeSnapshot:
    wanted = WantedSnapshot(
        app=params["app"],
        name=params["name"],
        volume=params["volume"],
        max_age=seconds(params["max_age"], "max_age") if params["max_age"] else None,
        timeout=params["wait_timeout"],
    )
    return VolumeSnapshot(connect(params, context), wanted, context.progress)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
