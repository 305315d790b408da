#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_restore
short_description: Restore an encrypted backup of a gateway onto a new volume and a new machine
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Creates a new volume and fills it from the backup, in a machine that only sleeps; then replaces the gateway's
    machine by one on that volume, as M(openclaw.fly.fly_volume_restore) does. The present volume is never written to.
    It is kept.
  - The backup is first read to its end on the controller. A wrong key, a part that is missing or damaged, a volume that
    is too small and a release older than the backup's are refused before anything is created.
  - It is decrypted part by part in memory. Plain data is never on a disk of the controller.
  - The new gateway must be healthy and contain what the backup's manifest counts. Otherwise its machine is destroyed
    and the present one is started again.
  - A run that was killed is finished by the next one with the same backup. Until then, M(openclaw.fly.fly_deploy)
    refuses to change the machine.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.backup_store
  - openclaw.fly.api.converges
requirements:
  - pyrage (Python library), where the task runs
options:
  identity_file:
    description: File on the controller with a private key of age or SSH that the backup was encrypted for.
    type: path
    required: true
  backup_id:
    description: ID of the backup. Defaults to the one of a restore that was cut off, else to the newest good one.
    type: str
  backup_of:
    description: The app that the backup is of. Defaults to O(app).
    type: str
  size_gb:
    description: Size of the new volume; it is never smaller than the present one.
    type: int
    default: 0
  image:
    description: Image of the new machine. Defaults to that of O(definition), else to the present one.
    type: str
  release:
    description: OpenClaw release of the image, if its tag does not name it.
    type: str
  definition:
    description: The contents of fly.toml that the new machine gets its settings from. Without it they are those of the
      present machine.
    type: dict
  process_group:
    description: The process group of the machine, if machines of several groups have a volume.
    type: str
  keep_days:
    description: Number of days for which the replaced volume is noted as kept. It is never destroyed by this module.
    type: int
    default: 7
  again:
    description: Whether to restore although the machine's volume was filled from this backup.
    type: bool
    default: false
  wait_timeout:
    description: Timeout in seconds for the new machine to be healthy, and for its gateway to answer.
    type: float
    default: 300.0
  retry_on_log:
    description: See M(openclaw.fly.fly_deploy).
    type: list
    elements: str
    default: []
  owner:
    description: Numeric user and group that the files get; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.openclaw_restore_info
  - module: openclaw.fly.openclaw_backup
  - module: openclaw.fly.fly_volume_restore
"""

EXAMPLES = r"""
- name: Restore the newest good backup
  openclaw.fly.openclaw_restore:
    app: my-openclaw
    folder: ~/openclaw-backups
    identity_file: ~/openclaw-backup.key
"""

RETURN = r"""
backup:
  description: ID of the backup.
  returned: success
  type: str
  sample: 20261126T120000Z-1a2b3c4d
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
release:
  description: The release of the restored gateway; null unless this run started it.
  returned: success
  type: str
  sample: 2026.9.6
counts:
  description: What the restored gateway contains; null unless this run started it.
  returned: success
  type: dict
  sample: {sessions: 12}
left_out:
  description: What stays missing since it is not in the backup, one line each.
  returned: success
  type: list
  elements: str
  sample: [/data/npm (regenerable)]
changes:
  description: The changes that were made, or in check mode would be made, one line each.
  returned: success
  type: list
  elements: str
  sample: [create a volume data of 3 GB from backup 20261126T120000Z-1a2b3c4d]
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: the backup cannot be decrypted, why: it was encrypted for other keys}
"""

from typing import Any

from ..module_utils._archive.opened import OpenedBackup, identities_of
from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._fly.machines.gate import Gate
from ..module_utils._fly.machines.replacement import Replacement
from ..module_utils._fly.machines.writer import MachineWriter
from ..module_utils._fly.toml.definition import FlyToml
from ..module_utils._gateway.restore_plan import meant_backup
from ..module_utils._options.api import API_OPTIONS, connect, connect_platform
from ..module_utils._options.backup_store import STORE_OPTIONS, store
from ..module_utils._resources.archive_restore import ArchiveRestore, WantedContent
from ..module_utils._resources.restore_state import WantedRestore

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        **STORE_OPTIONS,
        "identity_file": {"type": "path", "required": True},
        "backup_id": {"type": "str"},
        "backup_of": {"type": "str"},
        "size_gb": {"type": "int", "default": 0},
        "image": {"type": "str"},
        "release": {"type": "str"},
        "definition": {"type": "dict"},
        "process_group": {"type": "str"},
        "keep_days": {"type": "int", "default": 7},
        "again": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 300.0},
        "retry_on_log": {"type": "list", "elements": "str", "default": []},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> ArchiveRestore:
    api, app, place = connect(params, context), params["app"], store(params, context)
    manifest = meant_backup(api, place, app, params["backup_of"], params["backup_id"])
    backup = OpenedBackup(place, manifest, identities_of(params["identity_file"]))
    wanted = WantedRestore(
        app=app,
        snapshot=manifest.id,
        group=params["process_group"],
        image=params["image"],
        toml=FlyToml.parse(params["definition"]) if params["definition"] else None,
        keep_days=params["keep_days"],
        again=params["again"],
    )
    content = WantedContent(params["owner"], params["size_gb"], params["release"], params["wait_timeout"])
    later = tuple(params["retry_on_log"])
    gate = Gate(api, connect_platform(params, context), app, params["wait_timeout"], context.progress, later)
    return ArchiveRestore(api, Replacement(api, MachineWriter(api, gate, app), app), wanted, backup, content, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
