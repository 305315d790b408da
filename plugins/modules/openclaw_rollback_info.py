#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openclaw_rollback_info
short_description: Get where a rollback of a gateway leads, and what would be lost
version_added: 0.1.0
author:
  - The openclaw.fly authors (@openclaw-fly)
description:
  - Finds the snapshot, the image and the counts of the last backup, and compares them with what the gateway contains
    now. M(openclaw.fly.fly_volume_restore) then goes back.
  - M(openclaw.fly.openclaw_volume_snapshot) notes the last backup with the machine, so any controller finds it.
extends_documentation_fragment:
  - openclaw.fly.api
  - openclaw.fly.api.app
  - openclaw.fly.api.reads
options:
  snapshot_id:
    description: ID of the snapshot. Defaults to the one of a restore that was cut off, else to that of the last backup.
    type: str
  image:
    description: The image to go back to. Defaults to the one that ran at the backup, else to the present one.
    type: str
  record_folder:
    description: The folder in which M(openclaw.fly.openclaw_volume_snapshot) kept its records on this controller. The
      image and the counts of an older backup are read there.
    type: path
  owner:
    description: Numeric user and group to run as in the machine; defaults to the image's user.
    type: str
    default: "1000:1000"
seealso:
  - module: openclaw.fly.fly_volume_restore
"""

EXAMPLES = r"""
- name: Read what a rollback to the last backup would lose
  openclaw.fly.openclaw_rollback_info:
    app: my-openclaw
  register: found
"""

RETURN = r"""
snapshot:
  description: The snapshot, as the Machines API returns it.
  returned: success
  type: dict
  sample: {id: vs_9k3m, status: created, created_at: "2026-09-20T10:00:00Z"}
age:
  description: How old the snapshot is, for people.
  returned: success
  type: str
  sample: 5 h 12 min
age_seconds:
  description: The same in seconds.
  returned: success
  type: int
image:
  description: The image to go back to.
  returned: success
  type: str
image_is_known:
  description: Whether it is known that this image wrote the snapshot's data, or O(image) is set.
  returned: success
  type: bool
release:
  description: The release that wrote the snapshot's data; null if unknown.
  returned: success
  type: str
counts:
  description: What the gateway contained at the snapshot; null if unknown.
  returned: success
  type: dict
present:
  description: The C(machine), C(volume), C(image), C(release) and C(counts) of now; C(silence) is why the last two are
    null.
  returned: success
  type: dict
lost:
  description: What exists now and not in the snapshot, one line each; empty if the counts are unknown.
  returned: success
  type: list
  elements: str
  sample: [2 of 12 sessions]
maintenance:
  description: Whether the machine is in maintenance.
  returned: success
  type: bool
under_way:
  description: Whether a restore from this or another snapshot was cut off.
  returned: success
  type: bool
restored:
  description: Whether the machine's volume was created from this snapshot.
  returned: success
  type: bool
error:
  description: The failure in parts, for conditions in a playbook.
  returned: failure
  type: dict
  sample: {kind: CollectionError, what: "which snapshot to go back to is unknown"}
"""

from typing import Any

from ..module_utils._converge.context import Context
from ..module_utils._converge.module import run_module
from ..module_utils._gateway.rollback_plan import AskedRollback, rollback_plan
from ..module_utils._options.api import API_OPTIONS, connect

SPEC: dict[str, Any] = {
    "argument_spec": {
        **API_OPTIONS,
        "app": {"type": "str", "required": True},
        "snapshot_id": {"type": "str"},
        "image": {"type": "str"},
        "record_folder": {"type": "path"},
        "owner": {"type": "str", "default": "1000:1000"},
    },
    "supports_check_mode": True,
}


def body(params: dict[str, Any], context: Context) -> dict[str, Any]:
    asked = AskedRollback(
        app=params["app"],
        snapshot=params["snapshot_id"],
        image=params["image"],
        records=params["record_folder"],
        owner=params["owner"],
    )
    return rollback_plan(connect(params, context), asked, context)


def main() -> None:
    run_module(SPEC, body)


if __name__ == "__main__":
    main()
