#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fly_volume_restore
short_description: Replace a machine and its volume with what a snapshot contains
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates a volume from a snapshot and a machine on it, in place of the process group's machine, with the image that
    is given. A machine cannot change its volume, so state and image go back together.
  - The present machine is cordoned and stopped before the new one is created, and destroyed once the new one is
    healthy. Two machines never serve at once. If the new machine does not get healthy, or anything else fails, it is
    destroyed and the present one is started again.
  - What was written since the snapshot is not in the new volume. The replaced volume is never destroyed. It stays,
    billed, and is listed in RV(kept_volumes) and in a warning of each run.
  - A run that was killed is finished by the next one with the same snapshot. Until then, M(openclaw.fly.fly_deploy)
    refuses to change the machine.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.converges
options:
  snapshot_id:
    description: ID of the snapshot to restore, which must be of a volume of this app, also of one that is gone.
    type: str
    required: true
  image:
    description: Image of the new machine. Defaults to that of O(config) or O(definition), else to the present one.
    type: str
  config:
    description: Path of the fly.toml that the new machine gets its settings from. Without it, or O(definition), they
      are those of the present machine.
    type: path
  definition:
    description: The contents of fly.toml, instead of O(config).
    type: dict
  process_group:
    description: The process group of the machine, if machines of several groups have a volume.
    type: str
  keep_days:
    description: Number of days for which the replaced volume is noted as kept. It is never destroyed by this module.
    type: int
    default: 7
  again:
    description: Whether to restore although the machine's volume was created from this snapshot, for example because
      it was damaged since.
    type: bool
    default: false
  wait_timeout:
    description: Timeout in seconds for the new machine to be started and healthy, including the image pull.
    type: float
    default: 300.0
  retry_on_log:
    description: See M(openclaw.fly.fly_deploy).
    type: list
    elements: str
    default: []
seealso:
  - module: openclaw.fly.fly_volume
  - module: openclaw.fly.fly_volume_snapshot_info
  - module: openclaw.fly.openclaw_volume_snapshot
"""

EXAMPLES = r"""
- name: Go back to the snapshot and the image before an update
  openclaw.fly.fly_volume_restore:
    app: my-openclaw
    snapshot_id: vs_9k3m
    image: ghcr.io/openclaw/openclaw:2026.9.6
"""

RETURN = r"""
machine:
  description: The new machine; in check mode the present one.
  returned: success
  type: dict
  sample: {id: 3287abc, state: started, region: iad}
volume:
  description: ID of the volume that it mounts.
  returned: success
  type: str
  sample: vol_9k3m
kept_volumes:
  description: Volumes of former machines, and until when they are kept.
  returned: success
  type: dict
  sample: {vol_1a2b: "2026-09-27T10:00:00Z"}
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [create a volume data of 3 GB from snapshot vs_9k3m]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: "the restored machine did not come up: it ended (state stopped)"}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.machines.replacement import Replacement
from ..module_utils._fly.machines.writer import MachineWriter
from ..module_utils._fly.toml.definition import FlyToml
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._resources.restore_state import WantedRestore
from ..module_utils._resources.volume_restore import VolumeRestore

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "snapshot_id": {"type": "str", "required": True},
        "image": {"type": "str"},
        "config": {"type": "path"},
        "definition": {"type": "dict"},
        "process_group": {"type": "str"},
        "keep_days": {"type": "int", "default": 7},
        "again": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 300.0},
        "retry_on_log": {"type": "list", "elements": "str", "default": []},
    },
    "mutually_exclusive": [("config", "definition")],
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> VolumeRestore:
    app, path, given = params["app"], params["config"], params["definition"]
    toml = FlyToml.load(path) if path else FlyToml.parse(given) if given else None
    wanted = WantedRestore(
        app=app,
        snapshot=params["snapshot_id"],
        group=params["process_group"],
        image=params["image"],
        toml=toml,
        keep_days=params["keep_days"],
        again=params["again"],
    )
    api, later = connect(params, context), tuple(params["retry_on_log"])
    gate = Gate(api, connect_platform(params, context), app, params["wait_timeout"], context.progress, later)
    return VolumeRestore(api, Replacement(api, MachineWriter(api, gate, app), app), wanted, context.progress)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
